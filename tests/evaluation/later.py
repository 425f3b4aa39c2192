"""Sessions that are asked again three months later, some of them beforehand too, with everybody's answers as a test wants them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marstraining.core.db import execute
from marstraining.evaluation.actions import answer_by_link, ask_after_sessions, ask_follow_ups, ask_managers, close_surveys
from marstraining.evaluation.actions.asking import ask_readers, open_kind
from marstraining.evaluation.queries.surveys import SurveyFacts, present_at, session_to_ask, survey_of_session
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.people.models import Person
from marstraining.programme.models import Course
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, Taught, a_form, a_taught_session, links_of

USED = ("Yes, with a family", "Yes, in a meeting or supervision", "Not yet", "I had no opportunity", "No")
TWELVE_WEEKS = timedelta(weeks=12, hours=1)


@dataclass
class Answered:
    """How many answer at each time: the first so many of the learners, by their links."""

    before: int = 0
    after: int = 0
    follow_up: int = 0
    rated: Sequence[tuple[int, int, int, int]] = ((2, 4, 7, 6),)
    """Beforehand, then, now, three months later; in turn by learner."""

    def of(self, number: int) -> tuple[int, int, int, int]:
        return self.rated[number % len(self.rated)]


def a_later_form(
    rating: int = 6, *, used: str = USED[0], barriers: Sequence[str] = ("Time",), changed: str = "", quote: bool = True
) -> Given:
    answers: dict[str, Any] = {"used": used, "barriers": list(barriers)}
    answers |= {f"confidence_now_{number}": rating for number in (1, 2, 3)}
    return Given(answers, (Comment("changed", changed, may_quote=quote),) if changed else ())


def a_managers_form(used: str = "Yes", *, supervision: str = "Yes", changed: str = "") -> Given:
    return Given({"used": used, "supervision": supervision}, (Comment("changed", changed, may_quote=True),) if changed else ())


async def answered(survey: SurveyFacts | None, people: Sequence[Person], forms: Sequence[Given], *, clock: Clock) -> None:
    assert survey is not None
    links = await links_of(survey.id)
    for number, (person, form) in enumerate(zip(people, forms, strict=True)):
        await answer_by_link(links[person.id], form, f"l{survey.id}-{number}", now=clock.now)


async def a_followed_session(
    clock: Clock, given: Answered, *, people: int, course: Course | None = None, forms: Mapping[int, Given] | None = None
) -> Taught:
    """A session of today asked after, and three months later; beforehand too where somebody answers that. All closed in the end.

    The clock ends where the follow-up has closed. `forms` are follow-up forms by learner, in place of those made of ratings.
    """
    course = course or await makers.make_course("Child Protection", outcomes=OUTCOMES)
    taught = await a_taught_session(clock.now, people=people, course=course)
    learners = taught.learners
    asking = await session_to_ask(taught.session.id)
    assert asking is not None
    if given.before:
        await execute(
            "INSERT INTO evaluation_secret (session_id, secret, until) VALUES (?, ?, ?)",
            taught.session.id, f"{taught.session.id:064}", clock.now + timedelta(days=200),
        )  # fmt: skip
        # Asked the day before.
        asked_after = clock.now
        clock.travel_to(asking.starts_at - timedelta(days=1))
        await open_kind(asking, SurveyKind.BEFORE, closes_at=asking.starts_at, now=clock.now)
        before = await survey_of_session(taught.session.id, SurveyKind.BEFORE)
        assert before is not None
        await ask_readers(before, await present_at(taught.session.id), InstrumentKind.BEFORE, closes_at=before.closes_at, now=clock.now)
        rated = [{f"confidence_now_{line}": given.of(number)[0] for line in (1, 2, 3)} for number in range(given.before)]
        await answered(before, learners[: given.before], [Given(one) for one in rated], clock=clock)
        clock.travel_to(asked_after)
    await ask_after_sessions(now=clock.now)
    after_forms = [a_form((given.of(number)[1],) * 3, (given.of(number)[2],) * 3) for number in range(given.after)]
    await answered(await survey_of_session(taught.session.id), learners[: given.after], after_forms, clock=clock)
    clock.forward(days=16)
    await close_surveys(now=clock.now)
    clock.travel_to(taught.session.ends_at + TWELVE_WEEKS)
    await ask_follow_ups(now=clock.now)
    later = [
        (forms or {}).get(number) or a_later_form(given.of(number)[3], used=USED[number % len(USED)]) for number in range(given.follow_up)
    ]
    await answered(await survey_of_session(taught.session.id, SurveyKind.FOLLOW_UP), learners[: given.follow_up], later, clock=clock)
    await ask_managers(now=clock.now)
    clock.forward(days=16)
    await close_surveys(now=clock.now)
    return taught
