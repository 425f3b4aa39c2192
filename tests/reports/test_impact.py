"""Page 8, the check of the scale and annex A: what is held is said as it may be, what is not held says so, in every format alike."""

import json
from datetime import timedelta
from io import BytesIO

import docx as python_docx
import pytest
from pypdf import PdfReader

from marstraining.core import config
from marstraining.core.db import execute
from marstraining.core.viewer import Role
from marstraining.evaluation.actions import ask_managers, close_surveys, switch_managers
from marstraining.evaluation.gate import FEWEST, FOR_A_MEAN
from marstraining.evaluation.models import Comment
from marstraining.evaluation.queries.surveys import survey_of_session
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.people.models import Person, Position
from marstraining.programme.models import Course
from marstraining.reports.actions import take_annual_snapshot, take_quarterly_snapshot
from marstraining.reports.document import Grid, Quotes
from marstraining.reports.paper import document_of, docx_of, json_of, pdf_of, standalone_page
from marstraining.reports.queries import Frozen, report_of
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES
from tests.evaluation.later import USED, Answered, a_followed_session, a_later_form, a_managers_form, answered
from tests.reports.quarters import AT_DESK, QUARTER, a_quarter, said, sections

pytest.importorskip("scipy")
_RATED = ((2, 3, 7, 6), (4, 3, 8, 8), (5, 4, 6, 7), (1, 1, 9, 7), (6, 5, 8, 8))


async def taken(clock: Clock, period: Period, scope: str = "") -> Frozen:
    frozen, _ = await take_quarterly_snapshot(period, scope=scope, by=AT_DESK, now=clock.now)
    return frozen


def grids(frozen: Frozen, number: str) -> dict[str, Grid]:
    return {block.caption: block for block in sections(frozen)[number].blocks if isinstance(block, Grid)}


def pairs(grid: Grid) -> dict[str, str]:
    """A table of two columns."""
    return {row[0]: row[1] for row in grid.rows}


def quotes(frozen: Frozen) -> list[tuple[str, str]]:
    return [one for block in sections(frozen)["8"].blocks if isinstance(block, Quotes) for one in block.quotes]


def held(clock: Clock) -> Period:
    """The quarter in which the surveys of these tests closed."""
    return Period.holding((clock.now - timedelta(days=2)).date())


async def _sampled_and_quoted(clock: Clock, course: Course) -> None:
    """Twelve of twelve answer three times; eight used it and wrote what changed, of which the desk shows all but one."""
    forms = {
        number: a_later_form(_RATED[number % 5][3], used=USED[number % 2], barriers=("Time", "Workload"), changed=f"Change {number}.")
        if number < 8
        else a_later_form(_RATED[number % 5][3], used=USED[2 + number % 3], barriers=("Nothing",))
        for number in range(12)
    }
    await a_followed_session(clock, Answered(before=12, after=12, follow_up=12, rated=_RATED), people=12, course=course, forms=forms)
    await Comment.all().update(state="shown")
    await Comment.filter(text="Change 3.").update(state="waiting")


@pytest.mark.usefixtures("db")
async def test_page_8_says_what_was_used_kept_and_in_the_way_and_quotes_six_at_most(clock: Clock) -> None:
    await _sampled_and_quoted(clock, await makers.make_course("Neglect", outcomes=OUTCOMES))
    frozen = await taken(clock, held(clock))
    assert sections(frozen)["8"].title == "Impact after three months: 12 of 12 (100%) replied"
    assert said(frozen, "8")[0] == ("8 of 12 (67%) have used it since. The others said “Not yet” 1, “I had no opportunity” 1, “No” 2.")
    found = grids(frozen, "8")
    barriers = found["What stood in the way; people could name several (12 answers)"]
    assert barriers.rows[:3] == (("Time", "8", "67%"), ("Workload", "8", "67%"), ("Nothing", "4", "33%"))
    (kept,) = found["Confidence kept: the same people at the end of the session and three months later, in the year so far"].rows
    assert (kept[0], kept[2:]) == ("12 of 12 (100%), 1 session", ("2", "5", "5", "No clear change"))
    spread = found["How confident people are: different people, so no change can be read from it"]
    assert spread.heads == ("Confidence, 0 to 10", "At the end of the session (12 people)", "Three months later (12 people)")
    assert sum(int(row[2].split()[0]) for row in spread.rows) == 12
    assert (len(quotes(frozen)), {whose for _, whose in quotes(frozen)}) == (6, {"Somebody who came"})
    assert not any(text == "Change 3." for text, _ in quotes(frozen))
    assert "Managers’ answers three months after a session: not collected yet" in " ".join(said(frozen, "8"))  # noqa: RUF001 - as printed


@pytest.mark.usefixtures("db")
async def test_too_few_say_that_they_wait_and_nothing_more(clock: Clock) -> None:
    forms = {number: a_later_form(used=USED[0], changed=f"Secret {number}") for number in range(4)}
    await a_followed_session(clock, Answered(before=4, after=4, follow_up=4), people=9, forms=forms)
    await Comment.all().update(state="shown")
    frozen = await taken(clock, held(clock))
    assert sections(frozen)["8"].title == "Impact after three months"
    assert said(frozen, "8")[0] == "Follow-ups: 1 survey closed in this quarter, with too few answers that can be counted together yet."
    assert "too few people have answered both" in said(frozen, "8")[1]
    assert grids(frozen, "8") == {}
    assert "Secret" not in str(frozen.content)
    assert "not published" in next(text for text in said(await taken(clock, Period(2025, 4)), "7") if text.startswith("Three-wave"))


@pytest.mark.usefixtures("db")
async def test_what_nobody_was_asked_is_not_collected_and_observations_stay_so(clock: Clock) -> None:
    await a_quarter(clock.now)
    frozen = await taken(clock, QUARTER)
    assert [text.partition(":")[0] for text in said(frozen, "8")] == [
        "Follow-ups three months after a session", "Confidence kept by the same people", "Managers’ answers three months after a session",  # noqa: RUF001
    ]  # fmt: skip
    assert "Three-wave check of 2025/26: not collected yet" in said(frozen, "7")[1]
    observations = pairs(grids(frozen, "9")["Trainers"])
    assert (observations["Observations of training"], observations["Courses reviewed against the standards"]) == ("not collected yet",) * 2


@pytest.mark.usefixtures("db")
async def test_managers_are_reported_beside_their_learners_and_quoted_apart(clock: Clock, dee: Person) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    await switch_managers(course.code, is_on=True, by=makers.as_desk(dee), now=clock.now)
    taught = await a_followed_session(clock, Answered(after=12), people=12, course=course)
    leads = []
    for number, learner in enumerate(taught.learners):
        body = await makers.make_agency(f"Body {number}")
        await Position.create(person=learner, agency=body, job_role="school_staff", starts_on=makers.LONG_AGO.date())
        leads.append(await makers.make_person(f"Lead {number}", agency=body, roles=(Role.AGENCY_LEAD,)))
    assert await ask_managers(now=clock.now) == 12
    forms = [
        a_managers_form("Yes" if number < 9 else "I cannot say", changed="They ask first." if number < 2 else "") for number in range(11)
    ]
    await answered(await survey_of_session(taught.session.id, SurveyKind.MANAGER), leads[:11], forms, clock=clock)
    await close_surveys(now=clock.forward(days=16))
    await Comment.all().update(state="shown")
    frozen = await taken(clock, held(clock))
    assert "Managers of those who came were asked what they see at work: 11 of 12 (92%) replied." in said(frozen, "8")
    rows = grids(frozen, "8")["Do you see what the training taught used in practice? (11 answers)"].rows
    assert (rows, quotes(frozen)) == (
        (("Yes", "9", "82%"), ("Not yet", "0", "0%"), ("I cannot say", "2", "18%")), [("They ask first.", "A manager")],
    )  # fmt: skip
    assert not any(one.name in str(frozen.content) for one in leads)
    narrow = await taken(clock, held(clock), f"course:{course.code}")
    assert [row[1] for row in next(iter(grids(narrow, "8").values())).rows] == ["11 of 12 (92%)"]
    assert "They ask first." not in str(narrow.content)


@pytest.mark.whole
@pytest.mark.usefixtures("db")
async def test_every_format_says_page_8_alike(clock: Clock) -> None:
    await _sampled_and_quoted(clock, await makers.make_course("Neglect", outcomes=OUTCOMES))
    frozen = await taken(clock, held(clock))
    report = await report_of(frozen.ref, viewer=AT_DESK)
    assert report is not None
    settings = config.current()
    document = document_of(report, settings)
    file = python_docx.Document(BytesIO(await docx_of(document)))
    word = "\n".join(
        [one.text for one in file.paragraphs] + [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    )
    pdf = " ".join("\n".join(one.extract_text() for one in PdfReader(BytesIO(await pdf_of(document, settings))).pages).split())
    page, data = standalone_page(document, settings), json_of(report, document)
    expected = [
        "Impact after three months: 12 of 12 (100%) replied",
        "8 of 12 (67%) have used it since",
        "What stood in the way",
        "No clear change",
    ]
    expected += [f"“{text}”" for text, _ in quotes(frozen)]
    for text in (word, pdf, page):
        assert [one for one in expected if one not in text] == []
    own = next(one for one in json.loads(data)["pages"] if one["number"] == "8")
    assert own["title"] == expected[0]
    assert [one["kind"] for one in own["blocks"]][-1] == "quotes"


# ---- the check of the scale ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("db")
async def test_the_shift_is_printed_on_page_7_and_in_the_annual_figures_and_stays(clock: Clock) -> None:
    from scipy import stats  # noqa: PLC0415 - a second of loading

    await _sampled_and_quoted(clock, await makers.make_course("Neglect", outcomes=OUTCOMES))
    before, then = [[_RATED[number % 5][place] for number in range(12)] for place in (0, 1)]
    tested = stats.ttest_rel(then, before)
    low, high = tested.confidence_interval(0.95)
    shift = sum(then) / 12 - sum(before) / 12
    words = f"a shift of {shift:+.1f} (95% interval {low:+.1f} to {high:+.1f})".replace("+0.0", "0.0").replace("-0.0", "0.0")
    # Of the year in which the session took place, whenever its surveys closed.
    annual, _ = await take_annual_snapshot(Period(2025), by=AT_DESK, now=clock.now)
    note = str(annual.content["notes"])
    assert words in note
    assert "12 of 12 (100%) did so both times" in note
    page_7 = " ".join(said(await taken(clock, Period(2025, 4)), "7"))
    assert f"Three-wave check of 2025/26: people at 1 session also rated themselves before they came; {'12 of 12 (100%)'} did so" in page_7
    assert words in page_7
    # Of an earlier quarter it is not known, and later answers change nothing.
    assert "not collected yet" in said(await taken(clock, Period(2025, 3)), "7")[-1]
    await execute("DELETE FROM evaluation_response")
    again, changed = await take_annual_snapshot(Period(2025), by=AT_DESK, now=clock.forward(days=30))
    assert (again.ref, changed) == (annual.ref, ())
    report = await report_of(annual.ref, viewer=AT_DESK)
    assert report is not None
    document = document_of(report, config.current())
    assert [one.title for one in document.sections] == ["Figures", "How confidence is measured"]
    assert words in json.loads(json_of(report, document))["notes"][0]["blocks"][1]["text"]


# ---- annex A ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("db")
async def test_annex_a_counts_what_is_unsettled_in_registers(clock: Clock) -> None:
    a = await a_quarter(clock.now)
    session = a.sessions[0]
    for number, became in enumerate(("unmatched", "unmatched", "attended")):
        await execute(
            "INSERT INTO attendance_reported_person (ref, session_id, key, name, email, minutes, intervals, matched_by, became,"
            " confirmed_by, revision) VALUES (?, ?, ?, ?, '', 60, '[]', '', ?, '', 0)",
            f"rep{number:07}", session.id, f"k{number}", f"Guest {number}", became,
        )  # fmt: skip
    nobody = await makers.make_person("No Body")
    await makers.make_mark(session, nobody)
    rows = pairs(grids(await taken(clock, QUARTER), "Annex A")["How sound the registers are"])
    assert rows == {
        "Sessions that ran and of which no attendance is held": "0",
        "Attendances by name without an organisation": "1",
        "Attendances by name of people without a post, and so a role, on the day": "1",
        "Entries in reports of online meetings": "3",
        "Of these, matched with nobody yet": "2",
        "Sessions with such entries": "1",
    }
    narrow = grids(await taken(clock, QUARTER, "agency:IPOL"), "Annex A")["How sound the registers are"].rows
    assert [row[1] for row in narrow] == ["0", "0"]


@pytest.mark.usefixtures("db")
async def test_annex_a_prints_the_thresholds_of_the_gate_and_what_people_were_asked(clock: Clock) -> None:
    await a_followed_session(clock, Answered(before=2, after=2), people=2, course=await makers.make_course("Neglect", outcomes=OUTCOMES))
    found = grids(await taken(clock, Period(2025, 4)), "Annex A")
    applied = pairs(found["What is shown of answers, applied to every figure of this report"])
    assert applied["A mean, its interval, directions in full"] == f"from {FOR_A_MEAN} answers"
    assert applied["A number of answers, and comments"].startswith(f"from {FEWEST} answers")
    asked = {caption: grid for caption, grid in found.items() if ", version 1 of " in caption}
    assert [caption.partition(", ")[0] for caption in asked] == ["After a course", "Before a session"]
    after = next(iter(asked.values()))
    assert after.rows[0] == (
        "How confident are you that you can … (each outcome of the course)",
        "0 to 10 before and now, from “Not at all” to “Completely”",
    )
    later = {caption.partition(", ")[0] for caption in grids(await taken(clock, held(clock)), "Annex A") if ", version 1 of " in caption}
    assert later == {"Three months later"}
