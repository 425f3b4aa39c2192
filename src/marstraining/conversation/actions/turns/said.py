"""A sentence while it is dealt with, and what every answer to one is."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.state import State
from marstraining.core.values import frozen
from marstraining.search.lexicon import Lexicon
from marstraining.search.rules import Slots, Understood


@frozen
class Said:
    """A sentence while it is dealt with; it lives no longer than the turn."""

    text: str
    understood: Understood
    state: State
    asker: Asker
    lexicon: Lexicon

    @property
    def slots(self) -> Slots:
        return self.understood.slots


_One = TypeVar("_One")
Answer = Callable[[Said], Awaitable[Turn]]


def nth(many: Sequence[_One], ordinal: int) -> _One | None:
    """The so-manieth, 1 the first and -1 the last; None beyond the end."""
    place = ordinal - 1 if ordinal > 0 else len(many) + ordinal
    return many[place] if 0 <= place < len(many) else None
