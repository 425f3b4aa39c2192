"""Which resources a viewer may know of: the only place that decides it."""

from datetime import datetime

from marstraining.core.clock import today_of
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer


@frozen
class Scope:
    """A condition on resources `r`, and the values of its placeholders."""

    sql: str
    values: tuple[object, ...] = ()


EVERYTHING = Scope("r.id > 0")
PUBLIC = Scope("r.requires_id IS NULL")


def visible_to(viewer: Viewer, *, now: datetime) -> Scope:
    """The resources that `viewer` may know of, withdrawn ones among them.

    Everyone: what asks for no accreditation. Who holds an accreditation today: also what asks for that one. The training team:
    everything (security.md 4).
    """
    if viewer.is_desk:
        return EVERYTHING
    if viewer.person_id is None:
        return PUBLIC
    today = today_of(now)
    return Scope(
        "(r.requires_id IS NULL OR EXISTS (SELECT 1 FROM record_accreditation a WHERE a.course_id = r.requires_id AND a.person_id = ?"
        " AND a.granted_on <= ? AND (a.expires_on IS NULL OR a.expires_on >= ?) AND (a.ended_on IS NULL OR a.ended_on > ?)))",
        (viewer.person_id, today, today, today),
    )
