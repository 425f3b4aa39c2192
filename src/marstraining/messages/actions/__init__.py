"""The verbs of letters: queueing and withdrawing for every slice, leases for the worker, resending for the desk."""

from marstraining.messages.actions.queueing import queue_letter, queue_letters, withdraw_letters

__all__ = ["queue_letter", "queue_letters", "withdraw_letters"]
