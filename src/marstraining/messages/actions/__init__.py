"""The verbs of letters: queueing and withdrawing for every slice, leases for the worker, resending for the desk."""

from marstraining.messages.actions.desk import clear_bounced_address, erase_old_bodies, resend_failed_letters, resend_letter
from marstraining.messages.actions.queueing import queue_letter, queue_letters, withdraw_letters

__all__ = [
    "clear_bounced_address", "erase_old_bodies", "queue_letter", "queue_letters", "resend_failed_letters", "resend_letter",
    "withdraw_letters",
]  # fmt: skip
