"""Multi-agency safeguarding training: programme, bookings, letters and calendars in one service."""

__version__ = "0.1.0"
