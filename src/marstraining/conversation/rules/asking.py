"""Who asks, on which channel, and when: what every read and every verb of a conversation takes."""

from datetime import datetime

from marstraining.conversation.rules.exchange import Channel
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer


@frozen
class Asker:
    """`message_id` names the incoming message where the channel can remove it, "" where it cannot."""

    viewer: Viewer
    channel: Channel
    now: datetime
    message_id: str = ""

    @property
    def person_id(self) -> int | None:
        return self.viewer.person_id
