"""Reminders of accreditations that end: to whoever holds one, and to the leads of their organisation in one letter each."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

from marstraining.certificates import queries
from marstraining.certificates.queries import EndingAccreditation
from marstraining.certificates.rules import reminder_due
from marstraining.core.clock import from_wall, today_of
from marstraining.core.db import execute_many, hold, rows, transaction
from marstraining.core.values import frozen
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import NOT_BEFORE, Letter, Priority, Recipient
from marstraining.people.models import Person
from marstraining.people.queries import Lead, leads_of_staff

_MOST_LINES = 60


@frozen
class _Step:
    """A reminder that is due: which of the ladder, for which accreditation."""

    accreditation: EndingAccreditation
    step: int


async def remind_of_accreditations(*, now: datetime) -> int:
    """Write to whoever's accreditation ends, and to their leads: 90, 30 and 7 days before and on the day; how many reminders are due.

    Each step is told once to each of them, for a lead all that is due on a day in one letter, in the daytime. Whoever has renewed it
    gets none any more, nor a lead of an agency that the holder has left, and a step that the next one has overtaken is skipped.
    """
    on = today_of(now)
    due = [
        _Step(row, step) for row in await queries.ending_accreditations(on=on) if (step := reminder_due(row.expires_on, on=on)) is not None
    ]
    for one in due:
        if one.accreditation.address:
            async with transaction():
                await queue_letter(_to_holder(one, on=on), now=now)
    return len(due) + await _remind_leads(due, on=on, now=now)


def _to_holder(due: _Step, *, on: date) -> Letter:
    row = due.accreditation
    return Letter(
        key=f"accreditation_ends-{row.id}-{due.step}",
        template="accreditation_ends",
        to=Recipient(address=row.address, name=row.name, person_id=row.person_id),
        priority=Priority.REMINDER,
        context={
            "name": row.name,
            "title": row.course_title,
            "course_code": row.course_code,
            "date": _words(row.expires_on),
            "days": (row.expires_on - on).days,
        },
        not_before=from_wall(on, NOT_BEFORE),
    )


async def _remind_leads(due: Sequence[_Step], *, on: date, now: datetime) -> int:
    if not due:
        return 0
    leads = await leads_of_staff(sorted({one.accreditation.person_id for one in due}), on=on)
    written = 0
    for _, group in groupby(leads, key=lambda lead: lead.lead_id):
        staff = list(group)
        theirs = {lead.person_id for lead in staff}
        written += await _remind_lead(staff[0], [one for one in due if one.accreditation.person_id in theirs], on=on, now=now)
    return written


async def _remind_lead(lead: Lead, due: Sequence[_Step], *, on: date, now: datetime) -> int:
    """One letter a day at most: what becomes due later on a day, since it was entered then, is told on the next."""
    if not await _untold(lead, due):
        return 0
    key = f"accreditations_of_staff-{lead.lead_id}-{on:%Y-%m-%d}"
    async with transaction():
        await hold(Person, lead.lead_id)
        untold = await _untold(lead, due)
        if not untold or await rows("SELECT id FROM messages_letter WHERE key = ?", key):
            return 0
        await execute_many(
            "INSERT INTO certificates_lead_told (accreditation_id, lead_id, step, told_on) VALUES (?, ?, ?, ?)",
            [(one.accreditation.id, lead.lead_id, one.step, on) for one in untold],
        )
        await queue_letter(_to_lead(lead, untold, key=key, on=on), now=now)
    return 1


async def _untold(lead: Lead, due: Sequence[_Step]) -> list[_Step]:
    found = await rows("SELECT accreditation_id, step FROM certificates_lead_told WHERE lead_id = ?", lead.lead_id)
    told = {(row["accreditation_id"], row["step"]) for row in found}
    return [one for one in due if (one.accreditation.id, one.step) not in told]


def _to_lead(lead: Lead, due: Sequence[_Step], *, key: str, on: date) -> Letter:
    ending = sorted((one.accreditation for one in due), key=lambda row: (row.expires_on, row.name.casefold(), row.id))
    lines = [
        {
            "learner": row.name,
            "path": f"/agency/staff/{row.person_ref}",
            "title": row.course_title,
            "date": _words(row.expires_on),
            "days": (row.expires_on - on).days,
        }
        for row in ending
    ]
    return Letter(
        key=key,
        template="accreditations_of_staff",
        to=Recipient(address=lead.email, name=lead.name, person_id=lead.lead_id),
        priority=Priority.REMINDER,
        context={
            "lead": lead.name,
            "lines": lines[:_MOST_LINES],
            "more": max(0, len(lines) - _MOST_LINES),
            "people": len({row.person_id for row in ending}),
        },
        not_before=from_wall(on, NOT_BEFORE),
    )


def _words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
