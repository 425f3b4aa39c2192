"""The annual report's figures: each by its key and measure, frozen, and what differs in the next snapshot."""

import json
from typing import Any

import pytest

from marstraining.core.db import execute
from marstraining.core.errors import NotFound
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.demo.filling import REFERENCE, fill
from marstraining.reports.actions import take_annual_snapshot
from marstraining.reports.queries import annual_figures, last_snapshot, snapshot_of, snapshots
from marstraining.reports.rules import Figure, Period
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.whole

YEAR = Period(2022)
DEE = Viewer(person_id=None, roles=frozenset({Role.DESK}))
ANYONE = Viewer(person_id=1, roles=frozenset({Role.LEARNER, Role.TRAINER, Role.AGENCY_LEAD}))


def published() -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = json.loads((REFERENCE / "figures_2022_23.json").read_text(encoding="utf-8"))["figures"]
    return figures


def by_key(figures: tuple[Figure, ...]) -> dict[tuple[str, str], Figure]:
    found = {(one.key, one.measure): one for one in figures}
    assert len(found) == len(figures)
    return found


async def two_who_came(clock: Clock) -> tuple[int, int]:
    """A briefing in June 2022 that Asha and Ben attended; the session's number and Ben's."""
    course = await makers.make_course("DSL briefing", code="DSL-SCH", kind="briefing")
    session = await makers.make_session(course=course, now=clock.now, starts=clock.now.replace(year=2022, month=6))
    asha, ben = await makers.make_person("Asha Patel"), await makers.make_person("Ben Cole")
    for person in (asha, ben):
        await makers.make_mark(session, person)
    return session.id, ben.id


@pytest.mark.usefixtures("db")
async def test_every_published_figure_is_there_by_its_key_and_measure(clock: Clock) -> None:
    await fill(now=clock.now, report=lambda _line: None)
    figures = by_key(await annual_figures(YEAR, now=clock.now))
    expected = {}
    for one in published():
        value, words, standing = one["value"], one.get("print") or f"{one['value']:,}", "computed"
        if one["measure"] == "workbook completions":
            value, words, standing = None, "not collected yet", "not collected yet"
        elif one.get("computed") is False:
            standing = "as published"
        expected[one["key"], one["measure"]] = (value, words, standing)
    assert {key: (figures[key].value, figures[key].print, figures[key].standing) for key in expected} == expected
    assert len(expected) == 12
    # People are a second, smaller figure of the same key wherever names are held.
    beside = {key: figures[key, "people who attended"] for key, measure in figures if measure == "attendances"}
    smaller = {
        key: one.value is not None and 0 < one.value < (figures[key, "attendances"].value or 0)
        for key, one in beside.items()
        if key != "domestic_abuse_learning_events_attendees"
    }
    assert (len(smaller), all(smaller.values())) == (4, True)
    headcounts = beside["domestic_abuse_learning_events_attendees"]
    assert (headcounts.value, headcounts.print) == (None, "names are not held")


@pytest.mark.usefixtures("db")
async def test_a_mark_changed_after_the_snapshot_changes_nothing_in_it_and_shows_in_the_next(clock: Clock) -> None:
    session_id, ben = await two_who_came(clock)
    first, changed = await take_annual_snapshot(YEAR, by=DEE, now=clock.now)
    assert (by_key(first.figures)["dsl_briefings_schools", "attendances"].value, changed) == (2, ())
    await execute("UPDATE attendance_mark SET mark = 'absent' WHERE session_id = ? AND person_id = ?", session_id, ben)
    later = clock.forward(days=1)
    second, changed = await take_annual_snapshot(YEAR, by=DEE, now=later)
    again = await snapshot_of(first.ref, viewer=DEE)
    assert again == first
    assert [(one.key, one.measure, one.was, one.now) for one in changed] == [
        ("dsl_briefings_schools", "attendances", "2", "1"), ("dsl_briefings_schools", "people who attended", "2", "1"),
    ]  # fmt: skip
    assert (second.ref != first.ref, await last_snapshot("annual", YEAR) == second) == (True, True)


@pytest.mark.usefixtures("db")
async def test_the_same_figures_are_not_frozen_twice(clock: Clock) -> None:
    await two_who_came(clock)
    first, _ = await take_annual_snapshot(YEAR, by=DEE, now=clock.now)
    second, changed = await take_annual_snapshot(YEAR, by=DEE, now=clock.forward(days=1))
    assert (second.ref, second.as_at, changed, len(await snapshots(viewer=DEE))) == (first.ref, first.as_at, (), 1)


@pytest.mark.usefixtures("db")
async def test_a_year_with_nothing_held_says_nought_and_prints_no_words_of_another_year(clock: Clock) -> None:
    figures = by_key(await annual_figures(Period(2019), now=clock.now))
    conference = figures["mars_conference_2022", "people who attended"]
    assert (conference.value, conference.print) == (0, "0")
    assert ("gcp2_trainers_trained_2017", "people who attended") not in figures


@pytest.mark.usefixtures("db")
async def test_who_is_neither_of_the_board_nor_at_the_desk_finds_nothing(clock: Clock) -> None:
    frozen, _ = await take_annual_snapshot(YEAR, by=SYSTEM, now=clock.now)
    reader = Viewer(person_id=1, roles=frozenset({Role.BOARD_READER}))
    assert (await snapshot_of(frozen.ref, viewer=ANYONE), await snapshots(viewer=ANYONE)) == (None, [])
    assert await snapshot_of(frozen.ref, viewer=reader) == frozen
    with pytest.raises(NotFound):
        await take_annual_snapshot(YEAR, by=ANYONE, now=clock.now)
