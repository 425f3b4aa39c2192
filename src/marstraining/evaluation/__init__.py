"""Feedback: surveys after a session, confidence before and now, honest anonymity, and what may be shown of the answers."""
