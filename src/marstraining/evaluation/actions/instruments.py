"""Instruments: the ready-made ones put in place, new ones, new versions, and which course has which."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.evaluation.models import Instrument
from marstraining.evaluation.rules.instruments import TEMPLATES, InstrumentKind
from marstraining.evaluation.rules.questions import Section, check_sections
from marstraining.history.actions import record

_VERSION = "INSERT INTO evaluation_version (instrument_id, number, sections, made_at, made_by_id) VALUES (?, ?, ?, ?, ?) RETURNING id"


async def put_ready_surveys(*, now: datetime) -> int:
    """Put the ready-made surveys in place where there is none of their kind; how many. Safe to run twice and in many workers."""
    known = {row["kind"] for row in await rows("SELECT kind FROM evaluation_instrument WHERE is_default")}
    made = 0
    for kind, template in TEMPLATES.items():
        if kind.value in known:
            continue
        async with transaction():
            found = await rows(
                "INSERT INTO evaluation_instrument (ref, kind, title, is_default, is_archived, revision) VALUES (?, ?, ?, ?, ?, 0)"
                " ON CONFLICT DO NOTHING RETURNING id",
                new_ref(),
                kind.value,
                template.title,
                True,
                False,
            )
            for row in found:
                await _write_version(row["id"], 1, template.sections, by=SYSTEM, now=now)
                made += 1
    return made


async def version_for(kind: InstrumentKind, *, course_id: int | None, now: datetime) -> tuple[int, str]:
    """The latest version of the instrument of that kind, the course's own before the usual one: its number and its sections."""
    await put_ready_surveys(now=now)
    found = await rows(
        "SELECT n.id, n.sections FROM evaluation_instrument t JOIN evaluation_version n ON n.instrument_id = t.id"
        " WHERE t.id = coalesce((SELECT l.instrument_id FROM evaluation_course_instrument l JOIN evaluation_instrument o"
        " ON o.id = l.instrument_id WHERE l.course_id = ? AND l.kind = ? AND NOT o.is_archived),"
        " (SELECT d.id FROM evaluation_instrument d WHERE d.kind = ? AND d.is_default)) ORDER BY n.number DESC LIMIT 1",
        course_id or 0,
        kind.value,
        kind.value,
    )
    return found[0]["id"], found[0]["sections"]


async def make_instrument(kind: InstrumentKind, title: str, *, copy_of: str = "", by: Viewer, now: datetime) -> str:
    """A new instrument with the questions of another, or of the ready-made one of its kind; its reference."""
    title = _title(title)
    sections: Sequence[Section] | str = TEMPLATES[kind].sections
    if copy_of:
        found = await rows(
            "SELECT n.sections FROM evaluation_instrument t JOIN evaluation_version n ON n.instrument_id = t.id WHERE t.ref = ?"
            " ORDER BY n.number DESC LIMIT 1",
            copy_of,
        )
        if not found:
            raise NotFound
        sections = str(found[0]["sections"])
    ref = new_ref()
    async with transaction():
        made = await rows(
            "INSERT INTO evaluation_instrument (ref, kind, title, is_default, is_archived, revision)"
            " VALUES (?, ?, ?, ?, ?, 0) RETURNING id",
            ref,
            kind.value,
            title,
            False,
            False,
        )
        await _write_version(made[0]["id"], 1, sections, by=by, now=now)
        await record("make_survey", by=by, now=now, subject_kind="instrument", subject_id=made[0]["id"])
    return ref


async def save_version(ref: str, title: str, sections: Sequence[Section], *, by: Viewer, now: datetime) -> int:
    """Keep changed questions as a new version, from which surveys are made from now on; the number of the version.

    Questions that are as they were make none. Refused as `check_sections` refuses, and without a title.
    """
    checked, title = check_sections(sections), _title(title)
    async with transaction():
        found = await rows("SELECT id FROM evaluation_instrument WHERE ref = ?", ref)
        if not found or not await hold(Instrument, found[0]["id"]):
            raise NotFound
        instrument_id = found[0]["id"]
        await execute("UPDATE evaluation_instrument SET title = ? WHERE id = ?", title, instrument_id)
        last = await rows(
            "SELECT number, sections FROM evaluation_version WHERE instrument_id = ? ORDER BY number DESC LIMIT 1", instrument_id
        )
        if json.loads(last[0]["sections"]) == [one.as_json() for one in checked]:
            return int(last[0]["number"])
        number = int(last[0]["number"]) + 1
        await _write_version(instrument_id, number, checked, by=by, now=now)
        await record("change_survey", by=by, now=now, subject_kind="instrument", subject_id=instrument_id, detail={"version": number})
    return number


async def _write_version(instrument_id: int, number: int, sections: Sequence[Section] | str, *, by: Viewer, now: datetime) -> None:
    stored = sections if isinstance(sections, str) else json.dumps([one.as_json() for one in sections])
    await rows(_VERSION, instrument_id, number, stored, now, by.person_id)


def _title(typed: str) -> str:
    title = " ".join(typed.split())
    if not title:
        raise Refused("Enter a name for the survey.", code="title", field="title")
    if len(title) > 200:
        raise Refused("The name must be 200 characters or fewer.", code="title", field="title")
    return title


async def assign_instrument(course_id: int, ref: str, *, by: Viewer, now: datetime) -> None:
    """Let a course be evaluated with an instrument from its next survey on; a usual one takes the course's own away."""
    found = await rows(
        "SELECT id, kind, is_default FROM evaluation_instrument WHERE ref = ? AND NOT is_archived", ref, flags=("is_default",)
    )
    if not found:
        raise NotFound
    instrument = found[0]
    async with transaction():
        await execute("DELETE FROM evaluation_course_instrument WHERE course_id = ? AND kind = ?", course_id, instrument["kind"])
        if not instrument["is_default"]:
            await execute(
                "INSERT INTO evaluation_course_instrument (course_id, kind, instrument_id) VALUES (?, ?, ?)",
                course_id,
                instrument["kind"],
                instrument["id"],
            )
        await record("assign_survey", by=by, now=now, subject_kind="course", subject_id=course_id, detail={"instrument": instrument["id"]})


async def set_area(course_id: int, area: str, starts_on: date, ends_on: date | None, *, by: Viewer, now: datetime) -> None:
    """Let a course belong to an area of the year from a day to a day. Refused where the end is before the beginning."""
    area = " ".join(area.split())
    if not area or len(area) > 120:
        raise Refused("Enter the area, in 120 characters or fewer.", code="area", field="area")
    if ends_on is not None and ends_on < starts_on:
        raise Refused("The last day must not be before the first.", code="dates", field="ends_on")
    async with transaction():
        await execute("DELETE FROM evaluation_area WHERE course_id = ? AND area = ? AND starts_on = ?", course_id, area, starts_on)
        await execute(
            "INSERT INTO evaluation_area (course_id, area, starts_on, ends_on) VALUES (?, ?, ?, ?)", course_id, area, starts_on, ends_on
        )
        await record("set_area", by=by, now=now, subject_kind="course", subject_id=course_id)


async def end_area(area_id: int, *, by: Viewer, now: datetime) -> None:
    """Take a course out of an area that it was put into by mistake."""
    async with transaction():
        found = await rows("DELETE FROM evaluation_area WHERE id = ? RETURNING course_id", area_id)
        for row in found:
            await record("end_area", by=by, now=now, subject_kind="course", subject_id=row["course_id"])
