"""Answering an event: the gate first, then what it leads to, in one transaction; and showing where a conversation stands."""

from marstraining.conversation.actions.answering import Outcome, answer, respond, resume
from marstraining.conversation.actions.forgetting import forget_old_conversations
from marstraining.conversation.actions.numbers import confirm_number
from marstraining.conversation.actions.probing import probe_gate
from marstraining.conversation.actions.unanswered import note_unanswered

__all__ = ["Outcome", "answer", "confirm_number", "forget_old_conversations", "note_unanswered", "probe_gate", "respond", "resume"]
