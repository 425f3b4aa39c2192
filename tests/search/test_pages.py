import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Topic
from marstraining.search.actions import note_unknown_word, seed_lexicon
from marstraining.search.models import LexiconEntry, UnknownWord
from tests.conftest import Clock, Visitor
from tests.makers import make_course, make_session
from tests.resources.shelf import on_the_shelf
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


@pytest.fixture(autouse=True)
async def neglect(db: TortoiseContext, clock: Clock) -> Course:
    """A course about neglect with a session online on Friday 20 March, and one without dates."""
    await seed_lexicon(now=clock.now)
    course = await make_course("Working with neglect", summary="See **signs** early")
    await CourseTopic.create(course=course, topic=await Topic.get(slug="neglect"))
    at = datetime(2026, 3, 20)  # noqa: DTZ001 - a wall date
    await make_session(course=course, starts=from_wall(at.date(), at.replace(hour=9, minute=30).time()), now=clock.now, delivery="online")
    await make_course("Private fostering")
    return course


async def test_the_empty_page_offers_topics(client: Visitor) -> None:
    page = await client.get("/search")
    assert page.status_code == 200
    assert 'href="/search?q=Neglect"' in page.text


async def test_what_was_understood_is_shown_and_each_filter_can_be_taken_away(client: Visitor, neglect: Course) -> None:
    text = unescape((await client.get("/search?q=neglect+training+online+in+March")).text)
    assert f'href="/courses/{neglect.code}">Working with neglect' in text
    assert "Friday 20 March 2026, 9:30am to 12:30pm" in text
    assert "See signs early" in text
    asked = "/search?q=neglect+training+online+in+March"
    for name, label in (("topic", "Neglect"), ("dates", "9 to 31 March 2026"), ("mode", "Online")):
        assert f'<a href="{asked}&not={name}"><span class="govuk-visually-hidden">Remove filter </span>{label}' in text
    without = unescape((await client.get("/search?q=neglect+training+online+in+March&not=mode&not=nonsense")).text)
    assert 'not=mode&not=topic"' in without
    assert "</span>Online" not in without


async def test_a_mended_word_is_shown_with_the_way_back(client: Visitor) -> None:
    mended = unescape((await client.get("/search?q=nelgect")).text)
    assert "Shown for <strong>neglect</strong>" in mended
    assert 'href="/search?q=nelgect&typed=1"' in mended
    assert "Working with neglect" in mended
    as_typed = unescape((await client.get("/search?q=nelgect&typed=1")).text)
    assert "Working with neglect" not in as_typed
    assert "Nothing found" in as_typed


async def test_one_filter_is_left_out_and_named(client: Visitor) -> None:
    text = unescape((await client.get("/search?q=neglect+training+in+June")).text)
    assert "Nothing fits all of that. Without <strong>1 to 30 June 2026</strong> there is 1 result" in text


async def test_two_readings_are_asked_about(client: Visitor) -> None:
    text = unescape((await client.get("/search?q=neglect+next+Friday")).text)
    assert "“next Friday” can mean two dates" in text
    assert 'href="/search?q=neglect+on+13+March+2026"' in text
    assert 'href="/search?q=neglect+on+20+March+2026"' in text
    assert ("Nothing fits all of that" in text, "(shown below)" in text) == (False, True)
    text = unescape((await client.get("/search?q=neglect+next+Wednesday")).text)
    assert ("Nothing fits all of that" in text, "(nothing on that day)" in text, "(shown below)" in text) == (True, True, False)


async def test_both_readings_of_an_open_range_stay_open(client: Visitor) -> None:
    text = unescape((await client.get("/search?q=neglect+from+next+Friday+onwards")).text)
    assert 'href="/search?q=neglect+from+13+March+2026"' in text
    assert 'href="/search?q=neglect+from+20+March+2026"' in text


async def test_nothing_found_says_what_to_do_next(client: Visitor) -> None:
    text = unescape((await client.get("/search?q=xylophone+zebra")).text)
    assert "Nothing found" in text
    assert 'href="/programme"' in text
    assert "mailto:mars.training@northlincs.example" in text


async def test_an_acronym_is_explained(client: Visitor) -> None:
    text = unescape((await client.get("/search?q=what+is+CSE")).text)
    assert "Child sexual exploitation <span" in text
    assert "(from the glossary)" in text
    assert "(from the glossary)" not in (await client.get("/search?q=conference")).text


async def test_a_worry_leads_to_whom_to_ring_at_an_address_without_its_words(client: Visitor) -> None:
    told = await client.get("/search?q=one+of+the+boys+in+my+group+says+his+stepdad+strangled+him+last+night")
    assert (told.status_code, told.headers["location"]) == (303, "/search?help=child_at_risk")
    page = await client.get(told.headers["location"])
    assert "If a child is in danger now, ring 999" in page.text
    assert "01724 296500" in page.text
    assert "strangled" not in page.text
    assert (await client.get("/search?help=nonsense%3Cscript")).status_code == 200


@pytest.mark.parametrize("typed", ["child at risk of exploitation", "reporting a concern", "responding to suicidal thoughts"])
async def test_whoever_wrote_a_subject_that_may_be_a_worry_into_the_library_finds_the_way_back_to_it(client: Visitor, typed: str) -> None:
    told = await client.get(f"/resources?q={typed}")
    signpost = await client.get(told.headers["location"])
    assert '<a class="govuk-link" href="/resources">I was looking for a resource: continue to the library</a>' in signpost.text


async def test_hostile_text_is_text(client: Visitor) -> None:
    for typed in (
        "%3Cscript%3Ealert(1)%3C/script%3E+neglect",
        "neglect%22+OR+title:*+NEAR(x+y)+%5E",
        "%00%E2%80%AEneglect",
        "'" * 400,
        "a" * 9000,
    ):
        page = await client.get(f"/search?q={typed}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text


async def test_what_is_not_for_everyone_is_found_by_whom_it_is_for(
    client: Visitor, sign_in_as: SignInAs, asha: Person, clock: Clock
) -> None:
    course = await make_course("Line of sight", access="restricted", audience_codes=["schools"])
    session = await make_session(course=course, now=clock.now)
    asha_sees, nobody_sees = await (await sign_in_as(asha)).get("/search?q=line+of+sight"), await client.get("/search?q=line+of+sight")
    assert f'href="/me/sessions/{session.ref}">Line of sight' in asha_sees.text
    assert "Not for everyone" in asha_sees.text
    assert "Line of sight</a>" not in nobody_sees.text


async def test_suggestions_are_the_same_for_everybody(client: Visitor) -> None:
    answer = await client.get("/search/suggestions?q=negl")
    assert answer.json() == [{"text": "Neglect", "note": "Topic"}, {"text": "Working with neglect", "note": "Course"}]
    assert (await client.get("/search/suggestions")).json() == []
    assert (await client.get("/search/suggestions?q=" + "a" * 100)).json() == []


async def test_a_search_asks_the_database_the_same_whatever_there_is(db: TortoiseContext, client: Visitor, clock: Clock) -> None:
    counted = []
    for _ in range(2):
        await client.get("/search?q=neglect")
        async with statements(db) as heard:
            await client.get("/search?q=neglect")
        counted.append(len(heard))
        for number in range(3):
            await make_session(course=await make_course(f"Neglect {number}"), now=clock.now)
    # The stamp of what is indexed is asked for twice, once for the lexicon, since nobody watches it here.
    # Then the dates that are shown and their places, however many there are.
    assert counted == [4, 4]


async def test_a_date_that_cannot_simply_be_booked_says_so(client: Visitor, neglect: Course, clock: Clock) -> None:
    for day, columns in ((23, {"capacity": 0}), (24, {"opens_at": clock.now + timedelta(days=3)})):
        at = datetime(2026, 3, day, 9, 30)  # noqa: DTZ001 - a wall date
        await make_session(course=neglect, starts=from_wall(at.date(), at.time()), now=clock.now, delivery="online", **columns)
    text = (await client.get("/search?q=neglect+training")).text
    said = re.findall(r"</span>[A-Z][a-z]+ (\d+) March 2026[^<]*</a>, [^<]*(?:<strong>([^<]*)</strong>)?", text)
    assert said == [("20", ""), ("23", "full, with a waiting list"), ("24", "booking opens on 12 March")]


async def test_topics_of_resources_can_be_chosen_too(client: Visitor, clock: Clock) -> None:
    await on_the_shelf("2MB-FGM", now=clock.now, title="Female genital mutilation", topics=("fgm",))
    for path in ("/search", "/search?q=qwertyzzz"):
        assert "Female genital mutilation</a></li>" in (await client.get(path)).text


async def test_the_programmes_box_understands_too(client: Visitor) -> None:
    for typed in ("nelgect", "neglect online in March", "neglect training next Friday"):
        page = await client.get("/programme", params={"q": typed})
        assert "Working with neglect" in page.text
    assert "Working with neglect" not in (await client.get("/programme", params={"q": "neglect in person"})).text
    assert "No sessions match" in (await client.get("/programme", params={"q": "xylophone"})).text
    told = unescape((await client.get("/programme", params={"q": "nelgect online in March"})).text)
    assert "Understood as Neglect, 9 to 31 March 2026, Online." in told
    worry = await client.get("/programme", params={"q": "his stepdad strangled one of the boys in my group last night"})
    assert (worry.status_code, worry.headers["location"]) == (303, "/search?help=child_at_risk")


async def test_the_lexicon_is_the_desks_alone(client: Visitor, sign_in_as: SignInAs, asha: Person, dee: Person) -> None:
    assert (await client.get("/desk/lexicon")).status_code == 303
    assert (await (await sign_in_as(asha)).get("/desk/lexicon")).status_code == 404
    page = await (await sign_in_as(dee)).get("/desk/lexicon?q=county")
    assert "child criminal exploitation" in page.text
    assert "KCSIE" not in page.text


async def test_dee_explains_a_word_and_search_knows_it(sign_in_as: SignInAs, dee: Person, clock: Clock) -> None:
    for number in range(3):
        await note_unknown_word("grubbiness", f"conversation {number}", now=clock.now)
    desk = await sign_in_as(dee)
    listed = await desk.get("/desk/lexicon")
    assert 'href="/desk/lexicon/new?word=grubbiness"' in listed.text
    assert "grubbiness" in (await desk.get("/desk/lexicon/new?word=grubbiness")).text
    sent = await desk.post("/desk/lexicon/new", {"meaning": "dirty homes", "also": "grubbiness\nfilth; squalor", "topic": "neglect"})
    assert sent.headers["location"] == "/desk/lexicon?done=added"
    assert (await LexiconEntry.get(key="dirty homes")).also == ["grubbiness", "filth", "squalor"]
    assert "Working with neglect" in (await desk.get("/search?q=squalor")).text
    word = await UnknownWord.get()
    assert (await desk.post("/desk/lexicon/settle", {"word": str(word.id)})).headers["location"] == "/desk/lexicon?done=settled"
    assert "grubbiness</h3>" not in (await desk.get("/desk/lexicon")).text


async def test_a_refused_line_keeps_what_was_typed(sign_in_as: SignInAs, dee: Person) -> None:
    desk = await sign_in_as(dee)
    page = await desk.post("/desk/lexicon/new", {"acronym": "CSE", "meaning": "something else", "topic": ""})
    assert "in the lexicon already" in unescape(page.text)
    assert 'value="something else"' in page.text
    empty = await desk.post("/desk/lexicon/new", {"acronym": "", "meaning": ""})
    assert "Enter what it means, in full" in empty.text


async def test_dee_changes_a_line_and_takes_it_away(sign_in_as: SignInAs, dee: Person) -> None:
    desk = await sign_in_as(dee)
    entry = await LexiconEntry.get(key="roth")
    assert "contextual safeguarding" in (await desk.get(f"/desk/lexicon/{entry.ref}")).text
    sent = await desk.post(
        f"/desk/lexicon/{entry.ref}", {"acronym": "ROTH", "meaning": "risk outside the home", "also": "peer harm", "topic": "neglect"}
    )
    assert sent.headers["location"] == "/desk/lexicon?done=changed"
    assert (await LexiconEntry.get(key="roth")).also == ["peer harm"]
    assert (await desk.post(f"/desk/lexicon/{entry.ref}", {"remove": "1"})).headers["location"] == "/desk/lexicon?done=removed"
    assert (await desk.get(f"/desk/lexicon/{entry.ref}")).status_code == 404


async def test_a_sentence_is_tried_at_the_desk(sign_in_as: SignInAs, dee: Person) -> None:
    page = unescape((await (await sign_in_as(dee)).get("/desk/lexicon?try=nelgect+training+in+May")).text)
    assert "Find training" in page
    assert "Neglect; 1 to 31 May 2026" in page
    assert "nelgect to neglect" in page
