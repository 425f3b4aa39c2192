"""Booking, waiting list, offers, cancellation, ledger and the personal feed."""
