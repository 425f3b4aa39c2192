"""The site's chat as a page: what anybody sees, faults, signing in and coming back, pieces for the script; the desk's numbers."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Booking
from marstraining.conversation.models import ContactCheck, Dialogue
from marstraining.core.viewer import Role
from marstraining.history.models import Entry
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.conversation.world import make_world
from tests.statements import statements

# Who asks, the conversation, its sessions, their places, what the asker may see, the index's look, the numbers twice.
STATEMENTS = 9
SignInAs = Callable[[Person], Awaitable[Visitor]]


def log_of(page: str) -> str:
    """The words of the log, with single spaces."""
    log = page.partition("data-mars-log>")[2].partition("</ul>\n</div>\n<form")[0]
    return " ".join(unescape(re.sub(r"</?strong>|</?a[^>]*>", "", log).replace("<", " <")).split()).replace("  ", " ")


async def send(visitor: Visitor, **fields: str) -> str:
    """The page that a browser without script shows after a message."""
    sent = await visitor.post("/chat", fields)
    if sent.status_code == 303:
        sent = await visitor.get(sent.headers["location"])
    return sent.text


def button(page: str, label: str) -> str:
    """The data of a button of the last answer."""
    found = re.search(rf'form="chat-press" name="press" value="([^"]*)">{re.escape(label)}', page)
    assert found, f"there is no button {label}"
    return unescape(found[1])


async def test_anybody_may_look_and_looking_sets_no_cookie_and_writes_nothing(client: Visitor, clock: Clock) -> None:
    page = await client.get("/chat")
    assert page.status_code == 200
    assert "This is an automated chat about safeguarding training." in page.text
    assert "01724 296500" in page.text
    assert "set-cookie" not in page.headers
    assert await Dialogue.all().count() == 0


async def test_the_foot_of_every_page_names_who_is_there_at_every_hour(client: Visitor, clock: Clock) -> None:
    foot = (await client.get("/")).text.partition("<footer")[2]
    assert re.findall(r"tel:(\d+)", foot) == ["999", "01724296500", "08081689667", "01724296555"]
    assert foot.count("Monday to Thursday 9am to 5pm") == 1


async def test_every_page_leads_to_the_chat(client: Visitor, clock: Clock) -> None:
    for path in ("/", "/programme", "/help", "/sign-in", "/nowhere"):
        assert '<a class="govuk-link govuk-link--no-visited-state" href="/chat">Ask about training</a>' in (await client.get(path)).text


async def test_the_log_is_announced_and_speakers_are_named(client: Visitor, clock: Clock) -> None:
    page = (await client.get("/chat")).text
    assert '<div role="log" aria-live="polite" aria-label="What was said">' in page
    assert '<span class="govuk-visually-hidden">The chat said: </span>' in page
    assert "tabindex" not in page.partition("data-mars-chat>")[2].partition("</section>")[0]


async def test_an_empty_and_a_too_long_message_keep_what_was_typed(client: Visitor, clock: Clock) -> None:
    empty = await client.post("/chat", {"text": "  "})
    assert (empty.status_code, "Write what you are looking for" in empty.text) == (422, True)
    long = await client.post("/chat", {"text": "neglect " * 200})
    assert (long.status_code, "Your message must be 1,000 characters or fewer" in long.text) == (422, True)
    assert f'value="{("neglect " * 200).strip()}"' in long.text
    assert await Dialogue.all().count() == 0


async def test_a_worry_is_answered_however_long_it_is_and_never_shown_again(client: Visitor, clock: Clock) -> None:
    page = await send(client, text="a child told me her dad hits her " * 60)
    assert "If a child is in danger now, ring 999." in log_of(page)
    assert "told me" not in page
    # Whoever opens the chat next in this browser sees what anybody sees.
    assert "If a child is in danger now, ring 999." not in log_of((await client.get("/chat")).text)


async def test_what_is_longer_than_the_gate_reads_is_not_shown_again(client: Visitor, clock: Clock) -> None:
    for given in ({}, {"X-Mars-Fragment": "1"}):
        text = "word " * 1700 + "a child told me her dad hits her"
        sent = await client.http.post("/chat", data={"text": text}, headers={"Sec-Fetch-Site": "same-origin", **given})
        assert sent.status_code == 200
        assert "That is longer than I can read." in sent.text
        assert "Worried about a child?" in sent.text
        assert "told me" not in sent.text


async def test_a_worry_is_answered_whatever_is_pressed_with_it(client: Visitor, clock: Clock) -> None:
    assert "If a child is in danger now, ring 999." in log_of(await send(client, text="a child told me her dad hits her", press="h"))


async def test_what_was_typed_is_escaped_where_it_is_shown_at_all(client: Visitor, clock: Clock) -> None:
    sent = await client.post("/chat", {"text": '"><script>alert(1)</script>' * 60})
    assert "<script>alert" not in sent.text


async def test_a_visitor_signs_in_and_goes_on_where_they_were_without_script(
    client: Visitor, clock: Clock, asha: Person, sign_in_as: SignInAs
) -> None:
    await make_world(now=clock.now)
    page = await send(client, text="book me on the next DSL briefing")
    assert 'href="/sign-in?next=/chat"' in page
    signed_in = await sign_in_as(asha)
    client.http.cookies.set("sid", signed_in.http.cookies["sid"])
    page = (await client.get("/chat")).text
    assert "Asha Patel, St Luke's School" in log_of(page)
    page = await send(client, press=button(page, "Yes, book it"))
    assert "Your place is booked" in log_of(page)
    booking = await Booking.get(learner_id=asha.id)
    assert (booking.state, f'href="/bookings/{booking.ref}/calendar.ics"' in page) == ("confirmed", True)


async def test_sending_twice_is_sending_once(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    await make_world(now=clock.now)
    visitor = await sign_in_as(asha)
    page = await send(visitor, text="book me on the next DSL briefing", event="one")
    yes = button(page, "Yes, book it")
    first = await visitor.post("/chat", {"press": yes, "event": "two"})
    again = await visitor.post("/chat", {"press": yes, "event": "two"})
    assert (first.status_code, again.status_code, await Booking.all().count()) == (303, 303, 1)


async def test_who_signs_out_leaves_nothing_for_the_next_at_the_same_browser(
    clock: Clock, asha: Person, ben: Person, sign_in_as: SignInAs
) -> None:
    await make_world(now=clock.now)
    visitor = await sign_in_as(asha)
    await send(visitor, text="book me on the next DSL briefing")
    visitor.http.cookies.delete("sid")
    assert "Asha" not in (await visitor.get("/chat")).text
    other = await sign_in_as(ben)
    visitor.http.cookies.set("sid", other.http.cookies["sid"])
    assert "Asha" not in (await visitor.get("/chat")).text


async def test_the_script_gets_the_new_answer_alone_with_a_button_to_remove_the_message(client: Visitor, clock: Clock) -> None:
    sent = await client.http.post(
        "/chat",
        data={"text": "a child told me her dad hits her", "message": "7"},
        headers={"Sec-Fetch-Site": "same-origin", "X-Mars-Fragment": "1"},
    )
    assert sent.status_code == 200
    assert sent.text.lstrip().startswith("<li")
    assert 'value="rm:7">Remove my message from this chat' in sent.text
    removed = await client.http.post("/chat", data={"press": "rm:7"}, headers={"Sec-Fetch-Site": "same-origin", "X-Mars-Fragment": "1"})
    assert 'data-removes="7"' in removed.text


async def test_another_website_cannot_write_for_somebody(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    sent = await visitor.http.post("/chat", data={"text": "help"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403


async def test_what_it_understands_is_published_from_the_stories(client: Visitor, clock: Clock) -> None:
    page = (await client.get("/chat/what-it-understands")).text
    assert "Find training on a topic, by month or audience" in page
    assert "any neglect training in March for early years staff?" in page


async def test_how_it_decides_and_what_it_keeps_is_published(client: Visitor, clock: Clock) -> None:
    page = (await client.get("/chat/how-it-works")).text
    for said in ("Who answers for it", "It is no language model", "It does not notice every worry", "for 30 days"):
        assert said in page
    assert 'href="/chat/how-it-works"' in (await client.get("/chat")).text


async def test_showing_one_result_and_three_costs_the_same_statements(
    db: TortoiseContext, clock: Clock, asha: Person, sign_in_as: SignInAs
) -> None:
    await make_world(now=clock.now)
    visitor = await sign_in_as(asha)
    counted = []
    for sentence, results in (("graded care profile in March", 1), ("child protection course", 3)):
        page = await send(visitor, text=sentence)
        assert page.count(">Choose<") == results
        async with statements(db) as heard:
            await visitor.get("/chat")
        counted.append(len(heard))
    assert counted == [STATEMENTS, STATEMENTS]


async def test_the_desk_notes_that_a_number_answers_and_the_chat_shows_the_day(
    clock: Clock, dee: Person, client: Visitor, sign_in_as: SignInAs
) -> None:
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/contacts")).text
    assert "Nobody has noted a check" in page
    saved = await desk.post("/desk/contacts", {"code": "childline", "number": "0800 1111"})
    assert saved.headers["location"] == "/desk/contacts?done=checked"
    assert "Checked on 9 March 2026" in (await desk.get("/desk/contacts")).text
    check = await ContactCheck.get()
    assert (check.code, check.number, check.checked_by_id) == ("childline", "0800 1111", dee.id)
    assert await Entry.filter(action="confirm_number").count() == 1
    assert "0800 1111 (open now) · checked on 9 March 2026" in log_of(await send(client, text="spoc number"))


async def test_the_desk_sees_how_often_the_chat_said_whom_to_ring_and_nothing_of_what_was_written(
    clock: Clock, dee: Person, client: Visitor, sign_in_as: SignInAs
) -> None:
    for words in ("a child told me her dad hits her", "my stepdad hits me", "I know where you live"):
        await send(client, text=words)
    page = (await (await sign_in_as(dee)).get("/desk/contacts")).text
    figures = dict(re.findall(r'__key">([^<]*)</dt><dd class="[^"]*">(\d+)<', page))
    assert figures["Somebody was told whom to ring, and nothing else"] == "2"
    assert figures["A threat was written to the chat"] == "1"
    assert "stepdad" not in page


async def test_the_desk_is_never_asked_to_ring_a_line_for_people_in_need(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    page = (await (await sign_in_as(dee)).get("/desk/contacts")).text
    cards = {card.partition("</h2>")[0].rpartition(">")[2]: card for card in page.split('<li class="mars-card')[1:]}
    asked = {
        title: "rang" if "I rang it today" in card else "website" if "on their website" in card else "" for title, card in cards.items()
    }
    assert asked == {
        "Emergency services, if a child is in danger now": "",
        "Single Point of Contact": "rang",
        "Single Point of Contact, free to call": "rang",
        "Out of hours (an answerphone)": "rang",
        "Police, if it is not an emergency": "website",
        "Childline, for children and young people": "website",
        "Samaritans": "website",
        "NHS 111, for urgent help with your mental health": "website",
    }
    # What the page says of the foot of every page is so.
    marked = [number for card in cards.values() if "On every page" in card for number in re.findall(r'mars-number">([^<]*)', card)]
    foot = page.partition("<footer")[2]
    assert marked == ["999", "01724 296500", "08081 689667", "01724 296555"] == re.findall(r'href="tel:[^>]*>([^<]*)', foot)


@pytest.mark.parametrize("fields", [{"code": "childline", "number": "0800 1112"}, {"code": "nobody", "number": "0800 1111"}, {}])
async def test_a_number_that_was_changed_meanwhile_is_not_confirmed(
    clock: Clock, dee: Person, sign_in_as: SignInAs, fields: dict[str, str]
) -> None:
    desk = await sign_in_as(dee)
    assert (await desk.post("/desk/contacts", fields)).status_code == 404
    assert await ContactCheck.all().count() == 0


async def test_nobody_but_the_desk_finds_the_page_of_numbers(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    lead = await makers.make_person("Lena Lead", roles=(Role.BOARD_READER,))
    for person in (asha, lead):
        assert (await (await sign_in_as(person)).get("/desk/contacts")).status_code == 404
