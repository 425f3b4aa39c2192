"""Where a session is, in one line: the same words on cards, lists, sheets and in letters."""

from marstraining.programme.rules import Delivery


def place_of(delivery: str, venue: str) -> str:
    """The venue, online, or both; `venue` is "" where none is set yet."""
    if delivery == Delivery.ONLINE:
        return f"Online, {venue}" if venue and venue.casefold() != "online" else "Online"
    if delivery == Delivery.HYBRID:
        return f"{venue}, or online" if venue else "In person or online"
    return venue or "Venue to be confirmed"
