"""Which sessions and courses a person may know of: the only place that decides it."""

from datetime import datetime

from marstraining.core.clock import local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.rules import audiences_of

# A session says who may see it only where it differs from its course.
EFFECTIVE_ACCESS = "CASE WHEN s.access = '' THEN c.access ELSE s.access END"
EFFECTIVE_AUDIENCES = (
    "CASE WHEN CAST(s.audience_codes AS TEXT) = '[]' THEN CAST(c.audience_codes AS TEXT) ELSE CAST(s.audience_codes AS TEXT) END"
)

_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"


@frozen
class Scope:
    """A condition on sessions `s` joined with their courses `c`, and the values of its placeholders."""

    sql: str
    params: tuple[object, ...] = ()


PUBLIC = Scope(f"s.state <> 'draft' AND {EFFECTIVE_ACCESS} = 'public'")
EVERYTHING = Scope("s.id > 0")
NOTHING = Scope("s.id < 0")


async def visible_to(viewer: Viewer, *, now: datetime) -> Scope:
    """The sessions that `viewer` may know of.

    Everyone: what is public. A signed-in person: also what is restricted to an audience of theirs, what they were invited
    to, what they teach and what they hold a booking of. The training team: everything, drafts included; a partner organiser:
    everything of the courses that their agency owns.
    """
    if viewer.is_desk:
        return EVERYTHING
    if viewer.person_id is None:
        return PUBLIC
    parts = [f"{EFFECTIVE_ACCESS} = 'public'"]
    params: list[object] = []
    audiences = await audiences_of_person(viewer.person_id, now=now)
    theirs = " OR ".join(f"{EFFECTIVE_AUDIENCES} LIKE ?" for _ in audiences)
    parts.append(f"{EFFECTIVE_ACCESS} = 'restricted' AND ({theirs})")
    params.extend(f'%"{audience}"%' for audience in sorted(audiences))
    parts.append("EXISTS (SELECT 1 FROM programme_invited i WHERE i.session_id = s.id AND i.person_id = ?)")
    params.append(viewer.person_id)
    parts.append("EXISTS (SELECT 1 FROM programme_trainer r WHERE r.session_id = s.id AND r.person_id = ? AND r.state <> 'declined')")
    params.append(viewer.person_id)
    # The training team books people whom the audience leaves out, and posts change: one's own booking leads to its session all the same.
    parts.append(f"EXISTS (SELECT 1 FROM bookings_booking o WHERE o.session_id = s.id AND o.learner_id = ? AND o.state IN {_LIVE})")
    params.append(viewer.person_id)
    seen = "s.state <> 'draft' AND (" + " OR ".join(f"({part})" for part in parts) + ")"
    if viewer.organiser_agency_ids:
        owned = ", ".join("?" for _ in viewer.organiser_agency_ids)
        return Scope(f"(({seen}) OR c.owner_agency_id IN ({owned}))", (*params, *sorted(viewer.organiser_agency_ids)))
    return Scope(f"({seen})", tuple(params))


def run_by(viewer: Viewer) -> Scope:
    """The sessions whose bookings and dates `viewer` may work on.

    All for the training team, for a partner organiser those of the courses that the agency of that role owns, none for anybody
    else (security.md 4).
    """
    if viewer.is_desk:
        return EVERYTHING
    if viewer.person_id is None or not viewer.organiser_agency_ids:
        return NOTHING
    owners = tuple(sorted(viewer.organiser_agency_ids))
    return Scope(f"c.owner_agency_id IN ({', '.join('?' for _ in owners)})", owners)


async def audiences_of_person(person_id: int, *, now: datetime) -> frozenset[str]:
    """The audiences that a person's posts of today belong to."""
    today = local(now).date()
    posts = await rows(
        "SELECT a.sector, a.is_vcse, p.job_role FROM people_position p JOIN people_agency a ON a.id = p.agency_id "
        "WHERE p.person_id = ? AND p.starts_on <= ? AND (p.ends_on IS NULL OR p.ends_on >= ?)",
        person_id,
        today,
        today,
    )
    found = frozenset({"all"})
    for post in posts:
        found |= audiences_of(sector=post["sector"], job_role=post["job_role"], is_vcse=bool(post["is_vcse"]))
    return found
