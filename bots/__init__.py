"""Telegram in: updates become events of the conversation, its replies become messages; run by `marstraining-bot`."""
