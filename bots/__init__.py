"""Telegram in: updates become events of the conversation, its replies become messages; run by `marstraining-bot`."""

import os

# python-telegram-bot 22 warns at each use of a change to come, unless it is chosen beforehand.
os.environ.setdefault("PTB_TIMEDELTA", "1")
