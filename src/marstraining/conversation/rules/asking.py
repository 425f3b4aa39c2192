"""Who asks, on which channel, and when: what every read and every verb of a conversation takes."""

from dataclasses import dataclass
from datetime import datetime

from marstraining.conversation.rules.exchange import Channel
from marstraining.core.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Asker:
    """`message_id` names the incoming message where the channel can remove it, "" where it cannot."""

    viewer: Viewer
    channel: Channel
    now: datetime
    message_id: str = ""

    @property
    def person_id(self) -> int | None:
        return self.viewer.person_id
