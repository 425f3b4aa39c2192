"""Who is asked when, answers that count once, and rows that do not say whose they are."""

from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.models import Mark, Register
from marstraining.bookings.actions import book_place, call_off_session, cancel_booking
from marstraining.bookings.letters import date_words
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM
from marstraining.core.web.dates import when
from marstraining.evaluation.actions import (
    Sent,
    answer_by_link,
    answer_in_the_room,
    ask_after_sessions,
    ask_beforehand,
    ask_follow_ups,
    close_surveys,
    enter_from_paper,
    enter_the_room,
    open_survey,
    remind_of_surveys,
)
from marstraining.evaluation.models import Comment, Invitation, PairSecret, Response, Summary, Survey
from marstraining.evaluation.queries.invited import surveys_to_answer
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_by_id, survey_of_session
from marstraining.evaluation.rules.asking import Mode, SurveyKind, closes_at, is_sampled
from marstraining.messages.models import Message
from marstraining.people.actions.merging import merge_people
from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import SECRET_KEY, Clock, Visitor
from tests.evaluation.asked import OUTCOMES, Taught, a_form, a_taught_session, an_asked_session, answer, links_of


async def _letters(template: str) -> list[str]:
    return sorted(one.address for one in await Message.filter(template=template))


async def test_learners_marked_present_are_asked_once_their_register_is_locked(db: TortoiseContext, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=2)
    partly, absent, trainer = [await makers.make_person(name) for name in ("Pat Part", "Abe Absent", "Tess Trainer")]
    await makers.make_mark(taught.session, partly, "partial")
    await makers.make_mark(taught.session, absent, "absent")
    await makers.make_mark(taught.session, trainer, taken_as="trainer")
    assert [await ask_after_sessions(now=clock.now) for _ in range(2)] == [3, 0]
    assert await _letters("evaluation_asked") == sorted(one.email or "" for one in [*taught.learners, partly])
    survey = await survey_of_session(taught.session.id)
    assert survey is not None
    assert survey.mode is Mode.ANONYMOUS
    grid = survey.sections[0].questions[0]
    assert grid.statements == ("recognise the signs of neglect", "share information lawfully", "use the threshold document")


async def _opened_in_the_room(clock: Clock) -> tuple[Taught, SurveyFacts]:
    """A session that has just ended, whose learners have the code on the screen and whose register nobody has locked."""
    taught = await a_taught_session(clock.now, people=3)
    await Register.all().update(locked_at=None)
    survey = await open_survey(taught.session.id, now=clock.now)
    given = await enter_the_room(survey.ref, str(taught.learners[0].email), network="192.0.2.1", now=clock.now)
    await answer_in_the_room(survey.ref, given, a_form(), network="192.0.2.1", now=clock.now)
    return taught, survey


@pytest.mark.whole
async def test_a_survey_opened_in_the_room_stays_open_until_its_register_is_locked(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await _opened_in_the_room(clock)
    assert await close_surveys(now=clock.forward(days=16)) == 0
    await Register.all().update(locked_at=clock.now)
    assert [await ask_after_sessions(now=clock.now) for _ in range(2)] == [2, 0]
    found = await survey_of_session(taught.session.id)
    assert found is not None
    assert found.is_open(clock.now)
    told = {one.context["last_day"] for one in await Message.filter(template="evaluation_asked")}
    assert told == {date_words(found.last_day)}
    await answer(survey, taught.learners[1:2], now=clock.forward(days=1))
    assert await remind_of_surveys(now=clock.forward(days=3)) == 1
    assert await close_surveys(now=clock.now) == 0
    assert await close_surveys(now=clock.forward(days=11)) == 1
    closed = await Survey.get(id=survey.id)
    assert (closed.asked, await Response.all().count()) == (3, 2)


async def test_a_register_that_nobody_locks_keeps_its_survey_open_for_thirty_days(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await _opened_in_the_room(clock)
    for days in (15, 15):
        assert await close_surveys(now=clock.forward(days=days)) == 0
    assert (await Survey.get(id=survey.id)).closes_at == closes_at(taught.session.ends_at, days=30)
    assert await close_surveys(now=clock.forward(days=1)) == 1
    await Register.all().update(locked_at=clock.now)
    assert await ask_after_sessions(now=clock.now) == 0


async def test_nobody_is_written_to_about_a_survey_that_has_closed(db: TortoiseContext, clock: Clock) -> None:
    _, survey = await _opened_in_the_room(clock)
    await Survey.filter(id=survey.id).update(by_letter=False)
    assert await close_surveys(now=clock.forward(days=16)) == 1
    await Survey.filter(id=survey.id).update(by_letter=True)
    await Register.all().update(locked_at=clock.now)
    until = (await Survey.get(id=survey.id)).closes_at
    assert [await ask_after_sessions(now=clock.now) for _ in range(2)] == [0, 0]
    kept = await Survey.get(id=survey.id)
    assert (kept.closes_at, kept.is_asked_out, await Invitation.all().count()) == (until, True, 1)


async def test_reminders_go_on_days_3_and_7_to_those_who_have_not_answered(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=3)
    await answer(survey, taught.learners[:1], now=clock.now)
    assert await remind_of_surveys(now=clock.forward(days=2)) == 0
    assert [await remind_of_surveys(now=clock.forward(days=1)) for _ in range(1)] == [2]
    assert await remind_of_surveys(now=clock.now) == 0
    await answer(survey, taught.learners[1:2], now=clock.now)
    assert await remind_of_surveys(now=clock.forward(days=4)) == 1
    assert await remind_of_surveys(now=clock.forward(days=6)) == 0
    assert await _letters("evaluation_reminder") == sorted(
        [str(taught.learners[1].email), str(taught.learners[2].email), str(taught.learners[2].email)]
    )


async def test_a_briefing_asks_in_short_and_nobody_twice_in_a_week(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("DSL briefing", kind="briefing", outcomes=OUTCOMES)
    first = await a_taught_session(clock.now, people=1, course=course)
    await ask_after_sessions(now=clock.now)
    second = await a_taught_session(clock.now, people=1, course=course)
    await makers.make_mark(second.session, first.learners[0])
    assert await ask_after_sessions(now=clock.now) == 1
    survey = await survey_of_session(first.session.id)
    assert survey is not None
    assert [one.key for one in survey.sections[0].questions] == ["confidence", "useful"]


async def test_a_form_sent_twice_counts_once_and_a_second_form_not_at_all(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    sent = [await answer_by_link(link, a_form(), submission, now=clock.now) for submission in ("one", "one", "two")]
    assert sent == [Sent.TAKEN, Sent.ALREADY, Sent.ALREADY]
    assert await Response.all().count() == 1


async def test_a_closed_survey_and_a_link_that_never_was(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    with pytest.raises(NotFound):
        await answer_by_link("f" * 64, a_form(), "one", now=clock.now)
    with pytest.raises(Refused, match="has closed"):
        await answer_by_link(link, a_form(), "one", now=clock.forward(days=15))


async def test_nothing_on_either_side_says_when_somebody_answered(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=2)
    before = await rows("SELECT count(*) AS n FROM history_entry")
    await answer(survey, taught.learners[:1], now=clock.forward(days=1), forms=[a_form(useful="The group work")])
    assert await rows("SELECT count(*) AS n FROM history_entry") == before
    columns = {table: set((await rows(f"SELECT * FROM evaluation_{table} LIMIT 1"))[0]) for table in ("response", "comment", "invitation")}
    assert columns == {
        "response": {"id", "survey_id", "submission_id", "answers", "flags", "pair_key"},
        "comment": {"id", "survey_id", "question", "text", "may_quote", "state"},
        "invitation": {"id", "survey_id", "person_id", "token_hash", "nonce", "sent_at", "reminded_at", "used", "entries"},
    }
    assert [one.pair_key for one in await Response.all()] == [""]


async def test_closing_writes_rows_anew_under_other_numbers(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=12)
    await answer(survey, taught.learners, now=clock.now, forms=[a_form(useful=f"Point {number}") for number in range(12)])
    before = {(one.id, one.submission_id) for one in await Response.all()}
    invited = {(one.id, one.person_id, one.used) for one in await Invitation.all()}
    assert await close_surveys(now=clock.forward(days=16)) == 1
    after = {(one.id, one.submission_id) for one in await Response.all()}
    assert len(after) == 12
    assert not before & after
    assert {(one.id, one.person_id, one.used) for one in await Invitation.all()} == invited
    assert await Comment.all().count() == 12
    assert (await Survey.get(id=survey.id)).asked == 12
    assert await close_surveys(now=clock.now) == 0


async def test_the_room_marks_who_is_booked_and_takes_a_form_that_is_nobodys(db: TortoiseContext, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=2)
    survey = await open_survey(taught.session.id, now=clock.now)
    here, stranger = [
        await enter_the_room(survey.ref, typed, network="192.0.2.1", now=clock.now)
        for typed in (taught.learners[0].email or "", "x@example.org")
    ]
    assert (len(here), here.count("-")) == (len(stranger), stranger.count("-"))
    for given in (here, here, stranger):
        assert await answer_in_the_room(survey.ref, given, a_form(), network="192.0.2.1", now=clock.now) is Sent.TAKEN
    assert await Response.all().count() == 1
    assert [one.person_id for one in await Invitation.filter(used=True)] == [taught.learners[0].id]
    # Once the register is taken, only the other one is written to.
    assert await ask_after_sessions(now=clock.now) == 1
    assert await _letters("evaluation_asked") == [taught.learners[1].email]


async def test_the_room_is_entered_twice_by_mistake_and_no_more(db: TortoiseContext, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=1)
    survey = await open_survey(taught.session.id, now=clock.now)
    for _ in range(4):
        given = await enter_the_room(survey.ref, str(taught.learners[0].email).upper(), network="192.0.2.1", now=clock.now)
        await answer_in_the_room(survey.ref, given, a_form(), network="192.0.2.1", now=clock.now)
    assert await Response.all().count() == 2


@pytest.mark.parametrize("proven", [0, 5, 8])
async def test_nothing_is_kept_of_whoever_is_not_on_the_list_however_often_they_send_it(
    db: TortoiseContext, clock: Clock, proven: int
) -> None:
    taught, survey = await an_asked_session(clock.now, people=8)
    for number in range(20):
        given = await enter_the_room(survey.ref, f"walk-in-{number}@example.org", network="192.0.2.1", now=clock.now)
        form = a_form((5, 5, 5), (6, 6, 6), useful=f"Bad trainer {number}")
        assert await answer_in_the_room(survey.ref, given, form, network="192.0.2.1", now=clock.now) is Sent.TAKEN
        assert await answer_in_the_room(survey.ref, "5-5", form, network="192.0.2.1", now=clock.now) is Sent.TAKEN
    await answer(survey, taught.learners[:proven], now=clock.now)
    assert (await Response.all().count(), await Comment.all().count()) == (proven, 0)
    await close_surveys(now=clock.forward(days=16))
    summary = await Summary.get(survey_id=survey.id)
    assert (summary.answers, summary.asked) == (proven, 8)
    # Paper of those who were there counts as before.
    for number in range(8 - proven):
        found = await survey_by_id(survey.id)
        assert found is not None
        await enter_from_paper(found, a_form(), f"paper-{number}", by=SYSTEM, now=clock.now)
    await close_surveys(now=clock.now)
    assert (await Response.all().count(), await Comment.all().count()) == (8, 0)
    assert {(one.answers <= 8, one.asked) for one in await Summary.filter(survey_id=survey.id)} == {(True, 8)}


async def test_after_twelve_weeks_those_who_came_are_asked_again(db: TortoiseContext, clock: Clock) -> None:
    taught, _ = await an_asked_session(clock.now, people=2)
    assert await ask_follow_ups(now=clock.forward(weeks=11)) == 0
    assert [await ask_follow_ups(now=clock.forward(weeks=1.1)) for _ in range(2)] == [2, 0]
    follow_up = await survey_of_session(taught.session.id, SurveyKind.FOLLOW_UP)
    assert follow_up is not None
    assert follow_up.mode is Mode.ANONYMOUS


async def _asked_beforehand(clock: Clock, *names: str) -> tuple[Session, list[Person]]:
    """A session of the random fifth with these people booked, who were asked where they stand."""
    sampled = None
    while sampled is None:
        session = await makers.make_session(course=await makers.make_course(outcomes=OUTCOMES), now=clock.now)
        sampled = session if is_sampled(SECRET_KEY, session.id) else None
    learners = [await makers.make_person(name) for name in names]
    for learner in learners:
        await book_place(BookPlace(session_id=sampled.id, learner_id=learner.id), by=makers.as_learner(learner), now=clock.now)
    assert await ask_beforehand(now=clock.now) == len(names)
    return sampled, learners


async def test_nobody_is_reminded_before_a_session_that_they_do_not_come_to(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    called_off, (ann,) = await _asked_beforehand(clock, "Ann Off")
    _, (bob, cay) = await _asked_beforehand(clock, "Bob Cancels", "Cay Comes")
    clock.forward(days=1)
    await call_off_session(called_off.id, reason="The trainer is ill", by=makers.as_desk(dee), now=clock.now)
    booking = await Booking.get(learner_id=bob.id)
    await cancel_booking(booking.id, by=makers.as_learner(bob), now=clock.now)
    clock.forward(days=3)
    waiting = [await surveys_to_answer(one.id, now=clock.now) for one in (ann, bob, cay)]
    assert [len(one) for one in waiting] == [0, 0, 1]
    assert await remind_of_surveys(now=clock.now) == 1
    assert await _letters("evaluation_reminder") == [cay.email]


async def test_what_is_asked_beforehand_ends_when_the_session_begins_wherever_it_was_moved_to(db: TortoiseContext, clock: Clock) -> None:
    session, _ = await _asked_beforehand(clock, "Ann Early")
    earlier = session.starts_at - timedelta(days=20)
    await Session.filter(id=session.id).update(starts_at=earlier, ends_at=earlier + timedelta(hours=3))
    clock.travel_to(earlier)
    found = await survey_of_session(session.id, SurveyKind.BEFORE)
    assert found is not None
    assert (found.is_open(clock.now - timedelta(minutes=1)), found.is_open(clock.now)) == (True, False)
    assert await remind_of_surveys(now=clock.now) == 0
    assert await close_surveys(now=clock.now) == 1
    assert (await Survey.get(id=found.id)).closed_at == earlier
    later, _ = await _asked_beforehand(clock, "Bea Late")
    start = later.starts_at + timedelta(days=20)
    await Session.filter(id=later.id).update(starts_at=start, ends_at=start + timedelta(hours=3))
    assert await close_surveys(now=start - timedelta(days=1)) == 0
    moved = await survey_of_session(later.id, SurveyKind.BEFORE)
    assert moved is not None
    assert moved.is_open(start - timedelta(days=1))
    assert await close_surveys(now=start) == 1


async def test_the_form_beforehand_says_that_it_is_asked_before_and_closes_when_the_session_begins(client: Visitor, clock: Clock) -> None:
    session, (ann,) = await _asked_beforehand(clock, "Ann Early")
    survey = await survey_of_session(session.id, SurveyKind.BEFORE)
    assert survey is not None
    link = (await links_of(survey.id))[ann.id]
    page = (await client.get(f"/evaluation/{link}")).text
    said = (
        ": before you come</h1>",
        f"until the session begins on {when(session.starts_at)}",
        'href="tel:999"',
        "</a> (Single Point of Contact), or see",
    )
    assert [words for words in said if words not in page] == []
    clock.travel_to(session.starts_at)
    assert "It was for before the session of" in (await client.get(f"/evaluation/{link}")).text


@pytest.mark.parametrize(("answers", "reminded"), [("kept", 0), ("dropped", 0), ("neither", 1)])
async def test_whoever_answered_as_one_of_two_records_is_not_asked_as_the_other(
    db: TortoiseContext, clock: Clock, dee: Person, answers: str, reminded: int
) -> None:
    taught, survey = await an_asked_session(clock.now, people=2)
    kept, dropped = taught.learners
    await answer(survey, {"kept": [kept], "dropped": [dropped], "neither": []}[answers], now=clock.now)
    await merge_people(kept.id, dropped.id, by=makers.as_desk(dee), now=clock.now)
    (left,) = await Invitation.all()
    assert (left.person_id, left.used) == (kept.id, answers != "neither")
    assert await remind_of_surveys(now=clock.forward(days=4)) == reminded
    link = (await links_of(survey.id))[kept.id]
    again = await answer_by_link(link, a_form(), "once more", now=clock.now)
    assert again is (Sent.TAKEN if answers == "neither" else Sent.ALREADY)


async def test_somebody_corrected_to_absent_is_not_reminded(db: TortoiseContext, clock: Clock) -> None:
    taught, _ = await an_asked_session(clock.now, people=2)
    await Mark.filter(person_id=taught.learners[0].id).update(superseded_at=clock.now)
    await makers.make_mark(taught.session, taught.learners[0], "absent")
    assert await surveys_to_answer(taught.learners[0].id, now=clock.now) == []
    assert await remind_of_surveys(now=clock.forward(days=4)) == 1
    assert await _letters("evaluation_reminder") == [taught.learners[1].email]


async def test_a_fifth_of_sessions_is_asked_beforehand_and_its_answers_belong_together(db: TortoiseContext, clock: Clock) -> None:
    sampled, (learner,) = await _asked_beforehand(clock, "Lee Learner")
    assert await ask_beforehand(now=clock.now) == 0
    before = await survey_of_session(sampled.id, SurveyKind.BEFORE)
    assert before is not None
    assert before.mode is Mode.CONFIDENTIAL
    await answer(before, [learner], now=clock.now)
    clock.travel_to(sampled.ends_at + timedelta(hours=3))
    await makers.make_mark(sampled, learner)
    after = await open_survey(sampled.id, now=clock.now)
    assert after.mode is Mode.CONFIDENTIAL
    given = await Response.get(survey_id=before.id)
    assert len(given.pair_key) == 64
    await close_surveys(now=clock.forward(weeks=30))
    assert await PairSecret.all().count() == 0


def test_about_a_fifth_is_sampled_and_always_the_same() -> None:
    drawn = [is_sampled(SECRET_KEY, number) for number in range(2000)]
    assert 340 < sum(drawn) < 460
    assert drawn == [is_sampled(SECRET_KEY, number) for number in range(2000)]
