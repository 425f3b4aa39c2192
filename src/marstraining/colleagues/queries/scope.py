"""What an agency lead may know of bookings, in one place."""

from datetime import date

from marstraining.core.viewer import Viewer
from marstraining.people.queries.scope import NOTHING, Scope, visible_people


def visible_bookings(viewer: Viewer, *, on: date, booking: str = "b", person: str = "p") -> Scope:
    """A lead's bookings: made on behalf of their agencies, of people who are still their staff (booking.md, Agencies 2, 6).

    Whoever moved away is seen no more, though the booking keeps the agency it was made for. Deny by default: no agency, nothing.
    """
    if viewer.person_id is None or not viewer.agency_ids:
        return NOTHING
    people = visible_people(viewer, on=on, alias=person)
    marks = ", ".join("?" * len(viewer.agency_ids))
    # The viewer's own bookings are theirs to see under My training; here they count only where made for an agency they lead.
    return Scope(f"{booking}.agency_id IN ({marks}) AND ({people.sql})", (*sorted(viewer.agency_ids), *people.values))
