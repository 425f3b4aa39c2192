"""Sending letters, by mail here and by Telegram in `chat`, which loads its client only where a bot is set up."""

from marstraining.messages.delivery.mail import PostRoom, send_due_letters

__all__ = ["PostRoom", "send_due_letters"]
