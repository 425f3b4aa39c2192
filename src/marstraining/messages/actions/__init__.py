"""The verbs of letters: queueing and withdrawing for every slice, leases for the worker; resending and holding for the desk."""

from marstraining.messages.actions.desk import (
    clear_bounced_address,
    erase_old_bodies,
    hold_letters,
    release_held_letters,
    release_letter,
    resend_failed_letters,
    resend_letter,
    take_back_held_letters,
    take_back_letter,
)
from marstraining.messages.actions.queueing import forget_letters, queue_letter, queue_letters, withdraw_letters

__all__ = [
    "clear_bounced_address", "erase_old_bodies", "forget_letters", "hold_letters", "queue_letter", "queue_letters",
    "release_held_letters", "release_letter", "resend_failed_letters", "resend_letter", "take_back_held_letters", "take_back_letter",
    "withdraw_letters",
]  # fmt: skip
