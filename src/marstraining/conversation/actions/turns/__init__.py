"""From an event to what it leads to: reads only; whatever is to be done is named and done by the caller, in its transaction."""

from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns.pressed import press
from marstraining.conversation.actions.turns.told import tell

__all__ = ["Turn", "press", "tell"]
