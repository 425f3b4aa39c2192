"""Writing the digests, and choosing how often one wants to be told."""

from datetime import datetime

from marstraining.core import config
from marstraining.core.clock import local, today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import derive_token, hash_token, new_nonce
from marstraining.core.viewer import Role, Viewer
from marstraining.core.working_time import WorkingCalendar
from marstraining.digests import queries
from marstraining.digests.letter import Section, Told, is_worth_a_letter, sections_of, summary
from marstraining.digests.queries import DigestLead, choice_by_token, leads_to_look_at, leads_without_digest
from marstraining.digests.rules import DUE_WITHIN, SETTLED_AFTER, begins_weekly_on, is_due, is_time_to_write, is_weekly
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import STOP_DIGEST, Letter, Priority, Recipient
from marstraining.people.queries import viewer_for
from marstraining.people.rules import DigestChoice


async def write_digests(*, now: datetime) -> int:
    """Write to each lead what happened since the last time and what waits, if there is anything; how many letters it wrote.

    The worker's job: once a lead and working day, in its daytime (rules.is_time_to_write); safe to run twice and in many workers. What
    happened while nothing could be written, or while a lead wanted a weekly digest, is told once in the next.
    """
    calendar = config.current().partnership.working_calendar
    for person_id in await leads_without_digest():
        await _begin(person_id, calendar=calendar, now=now)
    if not is_time_to_write(now, calendar):
        return 0
    today = today_of(now)
    written = 0
    for lead in await leads_to_look_at(today):
        if is_due(lead.choice, looked_on=lead.looked_on, weekly_on=lead.weekly_on, today=today):
            written += await _write(lead, now=now)
    return written


async def _begin(person_id: int, *, calendar: WorkingCalendar, now: datetime) -> None:
    """A lead who is new hears of what happens from now on."""
    async with transaction():
        await execute(
            "INSERT INTO digests_digest (person_id, told_until, weekly_on, nonce) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            person_id,
            now,
            begins_weekly_on(today_of(now), calendar),
            new_nonce(),
        )


async def _write(lead: DigestLead, *, now: datetime) -> int:
    viewer = await viewer_for(lead.person_id)
    if viewer is None:
        return 0
    today = today_of(now)
    weekly = is_weekly(weekly_on=lead.weekly_on, today=today)
    since = max(lead.told_until, lead.leads_since)
    until = max(now - SETTLED_AFTER, since)
    sections = await _sections(lead, viewer, since=since, until=until, weekly=weekly, now=now)
    token = derive_token(config.current().secret_key, STOP_DIGEST, lead.id, lead.nonce)
    async with transaction():
        # Whoever moves `looked_on` writes the letter; a second worker finds it moved.
        moved = await execute(
            "UPDATE digests_digest SET told_until = ?, looked_on = ?, weekly_on = ?, token_hash = ? WHERE id = ?"
            " AND (looked_on IS NULL OR looked_on < ?)",
            until,
            today,
            today if weekly else lead.weekly_on,
            hash_token(token),
            lead.id,
            today,
        )
        if not moved or not is_worth_a_letter(sections):
            return 0
        await queue_letter(_letter(lead, sections, is_weekly_choice=lead.choice == DigestChoice.WEEKLY, now=now), now=now)
    return 1


async def _sections(lead: DigestLead, viewer: Viewer, *, since: datetime, until: datetime, weekly: bool, now: datetime) -> list[Section]:
    on = today_of(now)
    told = Told(
        open=await queries.open_bookings(viewer, on=on, now=now),
        changes=await queries.changes(viewer, since=since, until=until, on=on),
        sessions=await queries.session_changes(viewer, since=since, until=until, on=on),
        missed=await queries.missed(viewer, since=since, until=until, on=on),
        due=await queries.falling_due(viewer, within=DUE_WITHIN, on=on, now=now) if weekly else None,
        unused=await queries.newly_unused(viewer, since=lead.weekly_on, on=on) if weekly else (),
    )
    return sections_of(told, lead_id=lead.person_id, has_branches=len(viewer.agency_ids) > 1, is_weekly=weekly)


def _letter(lead: DigestLead, sections: list[Section], *, is_weekly_choice: bool, now: datetime) -> Letter:
    day = local(now)
    return Letter(
        key=f"digest-{lead.person_id}-{day:%Y-%m-%d}",
        template="digest",
        to=Recipient(address=lead.email, name=lead.name, person_id=lead.person_id),
        priority=Priority.REMINDER,
        context={
            "lead": lead.name,
            "summary": summary(sections),
            "sections": [section.as_json() for section in sections],
            "is_weekly": is_weekly_choice,
        },
        unsubscribe=(STOP_DIGEST, lead.id, lead.nonce),
    )


async def choose_digest(choice: DigestChoice, *, by: Viewer, now: datetime) -> None:
    """How often the lead asking is told about their staff. Who turns it on again hears of what happens from then on."""
    if by.person_id is None or not by.has_any(Role.AGENCY_LEAD):
        raise NotFound
    await _choose(by.person_id, choice, by=by, now=now)


async def choose_by_token(token: str, choice: DigestChoice, *, now: datetime) -> None:
    """The same for whoever got this link, which goes on working after it has been used. NotFound for a link that never was."""
    found = await choice_by_token(token)
    if found is None:
        raise NotFound
    await _choose(found[0], choice, by=Viewer(person_id=None), now=now)


async def _choose(person_id: int, choice: DigestChoice, *, by: Viewer, now: datetime) -> None:
    async with transaction():
        await execute("UPDATE people_person SET revision = revision + 1 WHERE id = ?", person_id)
        before = await rows("SELECT digest_choice FROM people_person WHERE id = ?", person_id)
        if (before[0]["digest_choice"] or DigestChoice.DAILY) == choice:
            return
        await execute("UPDATE people_person SET digest_choice = ? WHERE id = ?", choice, person_id)
        if before[0]["digest_choice"] == DigestChoice.NEVER:
            await execute("UPDATE digests_digest SET told_until = ? WHERE person_id = ?", now, person_id)
        detail = {"choice": str(choice)}
        await record("choose_digest", by=by, now=now, subject_kind="person", subject_id=person_id, detail=detail)
