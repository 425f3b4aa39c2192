"""Reads of an agency lead: staff, bookings on behalf of the agency, the ledger."""

from marstraining.colleagues.queries.allocations import allocations_of, kept_for
from marstraining.colleagues.queries.ledger import LEDGER_ORDER, ledger, ledger_by_agency
from marstraining.colleagues.queries.scope import visible_bookings
from marstraining.colleagues.queries.staff import (
    BOOKING_ORDER,
    STAFF_ORDER,
    Colleague,
    booked_already,
    bookings_for,
    colleagues_by_ref,
    led_booking,
    staff,
)

__all__ = [
    "BOOKING_ORDER",
    "LEDGER_ORDER",
    "STAFF_ORDER",
    "Colleague",
    "allocations_of",
    "booked_already",
    "bookings_for",
    "colleagues_by_ref",
    "kept_for",
    "led_booking",
    "ledger",
    "ledger_by_agency",
    "staff",
    "visible_bookings",
]
