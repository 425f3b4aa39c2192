"""Asking a setting whether somebody has left, when the mail server refuses letters to them for good (booking.md, People)."""

from datetime import datetime

from marstraining.core import db
from marstraining.core.clock import today_of
from marstraining.core.viewer import SYSTEM
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient

# Each flagged address with each setting of its owner whose contact can be reached, and has not been asked about it before.
_TO_ASK = (
    "SELECT b.id AS bounced_id, p.id AS person_id, p.name, a.id AS agency_id, a.name AS agency, a.contact_name, a.contact_email"
    " FROM messages_bounced b JOIN people_person p ON p.email = b.address AND p.state = 'active'"
    " JOIN people_agency a ON a.contact_email NOT IN ('', b.address) AND a.state = 'listed' AND EXISTS (SELECT 1 FROM people_position o"
    " WHERE o.person_id = p.id AND o.agency_id = a.id AND o.starts_on <= ? AND (o.ends_on IS NULL OR o.ends_on >= ?))"
    " WHERE b.cleared_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM messages_bounced c WHERE c.address = a.contact_email AND c.cleared_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM messages_letter m"
    " WHERE m.key = 'has_left-' || CAST(b.id AS varchar(20)) || '-' || CAST(a.id AS varchar(20)))"
    " ORDER BY b.id, a.id"
)


async def ask_settings_of_bounced(*, now: datetime) -> int:
    """Write to the contact of each setting where the owner of a flagged address works; returns how many were asked.

    A setting is asked once about an address, however often it bounces. The letter names neither the address, which may be a
    private one, nor any session. Nothing changes by itself: the answer goes to the desk, which marks a leaver or puts the
    address right. Run as often as you like.
    """
    today = today_of(now)
    found = await db.rows(_TO_ASK, today, today)
    for row in found:
        async with db.transaction():
            await queue_letter(
                Letter(
                    key=f"has_left-{row['bounced_id']}-{row['agency_id']}",
                    template="has_left",
                    to=Recipient(address=row["contact_email"], name=row["contact_name"]),
                    priority=Priority.REMINDER,
                    # By which the desk's list of addresses finds it.
                    thread=f"bounced:{row['bounced_id']}",
                    context={"learner": row["name"], "agency": row["agency"], "contact": row["contact_name"]},
                ),
                now=now,
            )
            detail = {"agency": row["agency_id"]}
            await record("ask_setting", by=SYSTEM, now=now, subject_kind="person", subject_id=row["person_id"], detail=detail)
    return len(found)
