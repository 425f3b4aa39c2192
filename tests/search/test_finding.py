from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.core.partnership import load_partnership
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Session, Topic
from marstraining.resources.models import Resource
from marstraining.search.actions import seed_lexicon
from marstraining.search.queries import current_lexicon, documents, find, suggestions
from marstraining.search.rules import Chosen, Found, Understood
from marstraining.search.understanding import understand
from tests.conftest import Clock
from tests.makers import as_desk, as_learner, make_course, make_person, make_session, make_venue
from tests.resources.shelf import on_the_shelf
from tests.statements import statements

CALENDAR = load_partnership().calendar


@pytest.fixture(autouse=True)
async def lexicon(db: TortoiseContext, clock: Clock) -> None:
    await seed_lexicon(now=clock.now)


async def asked(text: str, clock: Clock) -> Understood:
    return understand(text, now=clock.now, lexicon=await current_lexicon(), calendar=CALENDAR)


async def found(text: str, clock: Clock, *, viewer: Viewer = ANYBODY, limit: int = 20) -> Found:
    return await find(await asked(text, clock), viewer=viewer, now=clock.now, limit=limit)


def titles(result: Found) -> list[str]:
    return [hit.document.title for hit in result.hits]


async def about(course: Course, slug: str) -> Course:
    topic = await Topic.get(slug=slug)
    await CourseTopic.create(course=course, topic=topic)
    return course


def at(day: int, month: int, hour: int = 9, minute: int = 30) -> datetime:
    return from_wall(datetime(2026, month, day).date(), datetime(2026, month, day, hour, minute).time())  # noqa: DTZ001 - wall times


async def test_acronym_full_name_and_everyday_word_find_the_same(clock: Clock) -> None:
    await make_course("Child sexual exploitation: the basics")
    await about(await make_course("When trust is used"), "cse")
    await make_course("Domestic abuse")
    for text in ("CSE", "child sexual exploitation", "grooming", "anything on sexual exploitation", "sexaul explotation"):
        assert sorted(titles(await found(text, clock))) == ["Child sexual exploitation: the basics", "When trust is used"]


async def test_title_counts_more_than_text_and_words_are_stemmed(clock: Clock) -> None:
    await make_course("Graphs", summary="How to write a chronology and more than one chronology")
    await make_course("Chronologies")
    assert titles(await found("chronology", clock)) == ["Chronologies", "Graphs"]


async def test_filters_narrow_and_are_not_ranked_by(clock: Clock) -> None:
    neglect = await about(await make_course("Working with neglect"), "neglect")
    first = await make_session(course=neglect, starts=at(18, 3), now=clock.now, delivery="online")
    second = await make_session(course=neglect, starts=at(21, 4, 18, 0), hours=2, now=clock.now)
    online = await found("neglect training online", clock)
    assert [one.ref for _, one in online.sessions] == [first.ref]
    evening = await found("neglect training on a Tuesday evening in April", clock)
    assert [one.ref for _, one in evening.sessions] == [second.ref]
    assert [chosen.name for chosen in (await asked("neglect training on a Tuesday evening in April", clock)).filters] == [
        "topic",
        "dates",
        "weekday",
        "time",
    ]


async def test_exactly_one_filter_is_left_out_and_named_when_nothing_fits(clock: Clock) -> None:
    neglect = await about(await make_course("Working with neglect"), "neglect")
    await make_session(course=neglect, starts=at(18, 3), now=clock.now)
    result = await found("neglect training in May", clock)
    assert (titles(result), result.dropped) == (["Working with neglect"], Chosen("dates", "1 to 31 May 2026"))
    both = await found("online neglect training in May", clock)
    assert (titles(both), both.dropped) == ([], None)


async def test_what_is_over_or_a_draft_is_not_found(clock: Clock) -> None:
    course = await make_course("Professional curiosity")
    await make_session(course=course, starts=at(2, 3), now=clock.now)
    await make_session(course=course, starts=at(20, 3), now=clock.now, state="draft")
    await make_course("Professional curiosity, the old one", is_archived=True)
    result = await found("professional curiosity", clock)
    assert (titles(result), result.sessions) == (["Professional curiosity"], ())


async def test_what_is_restricted_is_found_by_whom_it_is_for_alone(clock: Clock, asha: Person, ben: Person, dee: Person) -> None:
    course = await make_course("Line of sight event", access="invited", kind="learning event")
    session = await make_session(course=course, starts=at(20, 3), now=clock.now)
    await Session.filter(id=session.id).update(access="restricted", audience_codes=["schools"])
    officer = await make_person("Piotr", roles=())
    for viewer, seen in (
        (ANYBODY, []),
        (as_learner(officer), []),
        (as_learner(asha), ["Line of sight event"]),
        (as_desk(dee), ["Line of sight event"]),
    ):
        assert titles(await found("line of sight", clock, viewer=viewer)) == seen
    hit = (await found("line of sight", clock, viewer=as_learner(asha))).hits[0]
    assert hit.path == f"/me/sessions/{session.ref}"
    assert [one.text for one in await suggestions("line of", now=clock.now)] == []


async def test_what_is_not_for_everybody_mends_and_finds_nothing_for_others(clock: Clock, dee: Person) -> None:
    """Neither by mending a word towards it, nor by finding a public course by a session's title or venue, nor by hiding other results."""
    open_to_all = await about(await make_course("Child Protection"), "neglect")
    venue = await make_venue("Wolverhampstead House")
    session = await make_session(
        course=open_to_all, access="invited", title="Operation Zebrafish debrief", venue=venue, starts=at(20, 3), now=clock.now
    )
    await make_session(course=open_to_all, title="Kingfisher morning", starts=at(21, 3), now=clock.now)
    await on_the_shelf("KIT-SECRET", now=clock.now, title="Quokkaline tool", kind="toolkit", requires=open_to_all.code, topics=("neglect",))
    for text in ("zebrafisch", "quokalline"):
        assert (await asked(text, clock)).corrections == ()
    for text in ("zebrafish debrief", "quokkaline"):
        assert titles(await found(text, clock)) == []
    [document] = (await documents([f"course:{open_to_all.code}"], viewer=ANYBODY, now=clock.now)).values()
    assert "Wolverhampstead" not in document.text
    for word in ("quokkaline", "zebrafish", "xyzzyplugh"):
        assert titles(await found(f"neglect training {word}", clock)) == ["Child Protection"]
    assert titles(await found("kingfischer", clock)) == ["Child Protection"]
    assert titles(await found("quokkaline", clock, viewer=as_desk(dee))) == ["Quokkaline tool"]
    # Once it is for everybody it is found and mended as everything is.
    await Session.filter(id=session.id).update(access="public", changed_at=clock.now)
    await Resource.filter(code="KIT-SECRET").update(requires_id=None, changed_at=clock.now + timedelta(seconds=1))
    for text, title in (("zebrafisch", "Child Protection"), ("quokalline", "Quokkaline tool")):
        assert titles(await found(text, clock)) == [title]


async def test_places_left_are_counted(clock: Clock) -> None:
    course = await about(await make_course("Early help in practice"), "early_help")
    await make_session(course=course, starts=at(18, 3), now=clock.now, capacity=0)
    open_one = await make_session(course=course, starts=at(19, 3), now=clock.now, capacity=5)
    result = await found("early help training with places left", clock)
    assert [one.ref for _, one in result.sessions] == [open_one.ref]
    assert (await found("book 6 places on early help", clock)).hits == ()


async def test_three_distinct_topics_are_offered_when_it_is_not_sure(clock: Clock) -> None:
    for slug in ("domestic_abuse", "online_abuse", "teenage_relationship_abuse", "child_to_parent_violence"):
        topic = await Topic.get(slug=slug)
        await about(await make_course(f"{topic.label} course"), slug)
    result = await found("abuse", clock)
    assert len(result.topics_offered) == 3
    assert len({slug for slug, _ in result.topics_offered}) == 3
    assert (await found("domestic abuse", clock)).topics_offered == ()


async def test_nothing_found_offers_topics_and_no_error(clock: Clock) -> None:
    await make_course("Neglect")
    result = await found('"neglect" OR title:* NEAR(x y) ^', clock)
    assert titles(result) == ["Neglect"]
    assert (await found("xylophone zebra", clock)).hits == ()


async def test_a_change_is_found_at_the_next_look(clock: Clock) -> None:
    course = await make_course("Hoarding")
    assert titles(await found("hoarding", clock)) == ["Hoarding"]
    await Course.filter(id=course.id).update(title="Clutter and risk", revision=course.revision + 1)
    assert titles(await found("hoarding", clock)) == []
    assert titles(await found("clutter", clock)) == ["Clutter and risk"]
    venue = await make_venue("Forest Pines", address="Brigg")
    session = await make_session(course=course, starts=at(18, 3), now=clock.now, venue=venue)
    assert [one.ref for _, one in (await found("training in Brigg", clock)).sessions] == [session.ref]
    await Session.filter(id=session.id).update(state="called_off", changed_at=clock.forward(minutes=1))
    assert (await found("training in Brigg", clock)).sessions == ()


async def test_bookings_do_not_make_the_index_anew(db: TortoiseContext, clock: Clock) -> None:
    session = await make_session(now=clock.now)
    await current_lexicon()
    await Session.filter(id=session.id).update(revision=session.revision + 5)
    async with statements(db) as heard:
        await current_lexicon()
    assert len(heard) == 1


async def test_venue_words_and_unknown_audiences(clock: Clock) -> None:
    course = await make_course("Signs of safety", audience_codes=["schools"])
    await make_session(course=course, starts=at(18, 3), now=clock.now)
    assert titles(await found("anything for childminders", clock)) == ["Signs of safety"]
    assert (await found("anything for childminders", clock)).dropped == Chosen("audience", "for Early years")


async def test_suggestions_begin_with_what_was_typed(clock: Clock) -> None:
    await about(await make_course("Neglect and hoarding"), "neglect")
    await make_course("Understanding neglect")
    assert [(one.text, one.note) for one in await suggestions("negl", now=clock.now)] == [
        ("Neglect", "Topic"),
        ("Neglect and hoarding", "Course"),
        ("Understanding neglect", "Course"),
    ]
    assert await suggestions("n", now=clock.now) == []
    assert await suggestions("%_<script>", now=clock.now) == []


async def test_more_than_the_limit_are_counted(clock: Clock) -> None:
    for number in range(5):
        await make_course(f"Neglect {number}")
    result = await found("neglect", clock, limit=2)
    assert (len(result.hits), result.total) == (2, 5)
    assert replace(result, hits=()).total == 5


async def test_a_session_with_a_title_of_its_own_is_found_by_it(clock: Clock) -> None:
    course = await make_course("DSL briefing", kind="briefing")
    await make_session(course=course, starts=at(18, 3), now=clock.now, title="Briefing: new statutory guidance")
    assert titles(await found("statutory guidance", clock)) == ["DSL briefing"]
    assert timedelta(0) < (await found("statutory guidance", clock)).sessions[0][1].starts_at - clock.now
