"""What a turn leads to: the state to go on from, and perhaps something to do first."""

from collections.abc import Mapping
from dataclasses import field

from marstraining.conversation.rules.exchange import Reply
from marstraining.conversation.rules.state import State
from marstraining.core.values import frozen


@frozen
class Turn:
    """What one event leads to.

    `state` is shown, unless `replies` say it themselves. `does` is a deed to do first, about `subject` if that is not in the state; its
    outcome changes the state. `before` stand in front of whatever is shown. `counts` are words for the day's tally. `intent` and `slots`
    are what was understood, for `ask`; `unknown` are words that nobody understood.
    """

    state: State
    does: str = ""
    subject: str = ""
    replies: tuple[Reply, ...] = ()
    before: tuple[Reply, ...] = ()
    counts: tuple[str, ...] = ()
    intent: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
