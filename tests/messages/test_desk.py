"""The outbox at the desk: the list, one letter, what is sent again, addresses that bounced."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.db import execute, rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Role
from marstraining.messages import actions
from marstraining.messages.actions import health
from marstraining.messages.delivery import send_due_letters
from marstraining.messages.models import Message
from marstraining.messages.queries import OUTBOX_ORDER, outbox
from marstraining.messages.refusal import reason_of
from marstraining.messages.rules import Priority
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.messages.faulty_smtp import faulty_server
from tests.messages.letters import NOTE, a_letter, a_room, queued, row_of, states
from tests.messages.smtp_server import mail_server
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def _failed(settings: Settings, clock: Clock) -> str:
    """A letter that failed for good beside one that was sent; the reference of the first."""
    await queued(a_letter("l-1"), a_letter("l-2", address="ben@police.example", name="Ben Cole"), now=clock.now)
    async with faulty_server(["recipient 550"]) as server:
        await send_due_letters(a_room(settings, server.url))
    return await _ref("l-1")


async def _ref(key: str) -> str:
    ref: str = (await row_of(key))["ref"]
    return ref


async def _history() -> list[tuple[str, int | None]]:
    found = await rows("SELECT action, subject_id FROM history_entry WHERE subject_kind = 'letter' ORDER BY id")
    return [(row["action"], row["subject_id"]) for row in found]


# ---- the list --------------------------------------------------------------------------------------------------------


async def test_letters_6_the_outbox_shows_states_and_reasons(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await _failed(settings, clock)
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/letters")).text
    assert "Asha Learner" in page
    assert ("The mail server refused this address" in page, "550 no such mailbox" in page) == (True, False)
    assert "Sent at once" in page
    assert "Parking on Tuesday" in page
    only = (await desk.get("/desk/letters?state=sent")).text
    assert ("Ben Cole" in only, "Asha Learner" in only) == (True, False)
    found = (await desk.get("/desk/letters?q=POLICE&template=desk_note")).text
    assert ("Ben Cole" in found, "Asha Learner" in found) == (True, False)
    assert "No letters found" in (await desk.get("/desk/letters?q=%25")).text
    assert "No letters found" in (await desk.get("/desk/letters?q=_")).text


async def test_letters_6_each_letter_says_what_comes_next(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await queued(a_letter("later", not_before=clock.now + timedelta(days=2)), a_letter("tried"), a_letter("next"), now=clock.now)
    async with faulty_server(["recipient 450"]) as server:
        await send_due_letters(a_room(settings, server.url), up_to_priority=Priority.CONFIRMATION)
    await queued(a_letter("new"), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'sending' WHERE key = 'new'")
    page = (await (await sign_in_as(dee)).get("/desk/letters?state=waiting")).text
    assert re.findall(r'mars-break">((?:Leaves|Tried|Being)[^<]*)', page) == [
        "Being sent at this moment",
        "Tried once, next on 9 Mar 2026, 10am. The mail server asked us to try later",
        "Leaves on 11 Mar 2026, 10am",
    ]


async def test_an_outbox_without_letters_says_so(dee: Person, sign_in_as: SignInAs) -> None:
    assert "No letters yet" in (await (await sign_in_as(dee)).get("/desk/letters")).text


@pytest.mark.parametrize("order", OUTBOX_ORDER)
async def test_the_outbox_is_sorted_by_each_of_its_columns(order: str, db: TortoiseContext, clock: Clock) -> None:
    await queued(
        a_letter("1", name="Zoë", template="sign_in"), a_letter("2", name="asha", template="confirmed"), a_letter("3"), now=clock.now
    )
    await execute("UPDATE messages_letter SET state = 'failed' WHERE key = '2'")
    expected = {
        "template": ["confirmed", "desk_note", "sign_in"],
        "to": ["confirmed", "desk_note", "sign_in"],
        "state": ["confirmed", "sign_in", "desk_note"],
        "queued": ["sign_in", "confirmed", "desk_note"],
    }
    found, total = await outbox({}, order=f"{OUTBOX_ORDER[order]} ASC, id ASC", limit=50)
    assert ([letter.template for letter in found], total) == (expected[order], 3)


@pytest.mark.parametrize("path", ["/desk/letters", "/desk/letters/bounced", "/desk/letters/{ref}", "/desk/letters/{ref}/body"])
async def test_letters_6_the_outbox_is_the_desks_alone(
    settings: Settings, clock: Clock, ben: Person, sign_in_as: SignInAs, client: Visitor, path: str
) -> None:
    address = path.format(ref=await _failed(settings, clock))
    organiser = await makers.make_person("Olga Organiser", roles=(Role.PARTNER_ORGANISER,))
    assert (await (await sign_in_as(ben)).get(address)).status_code == 404
    assert (await (await sign_in_as(organiser)).get(address)).status_code == 404
    assert (await client.get(address)).status_code == 303


async def test_an_unknown_letter_is_not_found(dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    paths = ["/desk/letters/0000000000", "/desk/letters/0000000000/body", "/desk/letters/resend-failed"]
    assert [(await desk.get(path)).status_code for path in paths] == [404, 404, 404]
    pressed = [await desk.post(f"/desk/letters/0000000000/{verb}", seen="/desk/letters") for verb in ("resend", "release", "take-back")]
    assert [answer.status_code for answer in pressed] == [404, 404, 404]


async def test_pages_of_sent_letters_follow_each_other_newest_first(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await queued(*(a_letter(f"l-{number}", name=f"Reader {number:02}") for number in range(60)), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'sent', sent_at = created_at")
    desk = await sign_in_as(dee)
    pages = [(await desk.get(f"/desk/letters?state=sent&page={page}")).text for page in (1, 2)]
    names = [re.findall(r'data-label="To"><span>(Reader \d\d)', page) for page in pages]
    assert names == [[f"Reader {number:02}" for number in range(59, 9, -1)], [f"Reader {number:02}" for number in range(9, -1, -1)]]


async def test_the_outbox_is_taken_away_as_it_is_filtered(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await _failed(settings, clock)
    answer = await (await sign_in_as(dee)).get("/desk/letters?state=failed&export=csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines == [
        "Letter,To,Address,State,Written,Sent,Tries,Reason",
        (
            "Letter from the training team,Asha Learner,asha@school.example,Failed,2026-03-09 10:00,,1,"
            "The recipient was not accepted: 550 no such mailbox"
        ),
    ]
    assert await rows("SELECT action, CAST(detail AS TEXT) AS detail FROM history_entry WHERE action = 'export'") == [
        {"action": "export", "detail": '{"what": "letters", "lines": 1}'}
    ]


async def test_the_list_of_letters_runs_the_same_statements_for_any_number(
    clock: Clock, dee: Person, sign_in_as: SignInAs, db: TortoiseContext
) -> None:
    desk = await sign_in_as(dee)
    asked = []
    for number in (1, 2, 3):
        await queued(a_letter(f"l-{number}"), now=clock.now)
        async with statements(db) as heard:
            await desk.get("/desk/letters")
        asked.append(len(heard))
    # Who is looking, the letters and their number, the figures above them.
    assert asked == [6, 6, 6]


async def test_letters_6_a_failing_server_stands_as_a_banner(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    assert "Emails are not going out" not in (await desk.get("/desk/letters")).text
    await health.note_server_failing("the mail server does not accept our user name and password", now=clock.now)
    page = (await desk.get("/desk/letters")).text
    assert "Emails are not going out since Monday 9 March 2026, 10am" in page
    assert "does not accept our user name and password" in page
    await health.note_server_working(now=clock.now)
    assert "Emails are not going out" not in (await desk.get("/desk/letters")).text


# ---- sending again ---------------------------------------------------------------------------------------------------


async def test_letters_6_resending_one(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    ref = await _failed(settings, clock)
    desk = await sign_in_as(dee)
    answer = await desk.post(f"/desk/letters/{ref}/resend", seen=f"/desk/letters/{ref}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/letters/{ref}?done=again")
    again = await row_of("l-1")
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert [message["Message-ID"] for message in server.messages] == [again["message_id"]]
    assert await _history() == [("resend_letter", again["id"])]
    story = (await desk.get(f"/desk/history/letter/{ref}")).text
    assert ("Sent a letter again" in story, "Dee Ward" in story) == (True, True)


async def test_letters_6_a_letter_resent_from_the_list_leads_back_to_it(
    settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    ref = await _failed(settings, clock)
    desk = await sign_in_as(dee)
    answer = await desk.post(f"/desk/letters/{ref}/resend", {"from": "failed"}, seen="/desk/letters?state=failed")
    assert answer.headers["location"] == "/desk/letters?state=failed&done=again"
    assert "The letter is sent again." in (await desk.get(answer.headers["location"])).text
    second = await desk.post(f"/desk/letters/{ref}/resend", {"from": "failed"}, seen="/desk/letters?state=failed")
    assert second.status_code == 422
    assert "This letter is waiting to be sent already" in second.text


async def test_letters_6_resending_all_that_failed(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await _failed(settings, clock)
    desk = await sign_in_as(dee)
    answer = await desk.post("/desk/letters/resend-failed", seen="/desk/letters?state=failed")
    assert answer.headers["location"] == "/desk/letters?done=all_again"
    assert await states() == {"l-1": "waiting", "l-2": "sent"}
    again = await desk.post("/desk/letters/resend-failed", seen="/desk/letters")
    assert again.headers["location"] == "/desk/letters?done=none"


async def test_letters_6_what_cannot_be_sent_again_is_refused(db: TortoiseContext, clock: Clock) -> None:
    await queued(a_letter("waiting"), a_letter("over", expires_at=clock.now + timedelta(minutes=1)), now=clock.now)
    clock.forward(minutes=2)
    await execute("UPDATE messages_letter SET state = 'missed' WHERE key = 'over'")
    for key, code in (("waiting", "not_ended"), ("over", "over")):
        with pytest.raises(Refused) as refusal:
            await actions.resend_letter((await row_of(key))["id"], by=SYSTEM, now=clock.now)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        await actions.resend_letter(999_999, by=SYSTEM, now=clock.now)


async def test_letters_6_a_failed_letter_with_which_nothing_more_is_to_be_done_is_set_aside(
    settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    ref = await _failed(settings, clock)
    desk = await sign_in_as(dee)
    answer = await desk.post(f"/desk/letters/{ref}/take-back", {"from": "failed"}, seen="/desk/letters?state=failed")
    assert answer.headers["location"] == "/desk/letters?state=failed&done=set_aside"
    assert await states() == {"l-1": "withdrawn", "l-2": "sent"}
    assert (await row_of("l-1"))["last_error"] == "Set aside by the training team. The recipient was not accepted: 550 no such mailbox"
    assert "could not be sent" not in (await desk.get("/desk")).text


async def test_a_letter_to_an_address_that_is_not_leads_to_the_person_first_and_says_what_the_server_said_on_demand(
    settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    ref = await _failed(settings, clock)
    desk = await sign_in_as(dee)
    page = (await desk.get(f"/desk/letters/{ref}")).text
    assert re.findall(r"govuk-button[ a-z-]*\"[^>]*>([^<]+)<", page.partition('id="became-title"')[2]) == [
        "Find this person",
        "Send again",
        "Set aside",
    ]
    assert re.search(r"The server.s own words</span></summary>.*550 no such mailbox", page, re.DOTALL)
    assert page.count("550 no such mailbox") == 1
    assert "Send all" not in (await desk.get("/desk/letters?state=failed")).text


@pytest.mark.parametrize(
    ("said", "words", "refused_address"),
    [
        ("The recipient was not accepted: 550 5.1.1 User unknown in virtual mailbox table", "No mailbox has this address", True),
        ("The recipient was not accepted: 550 5.1.10 RESOLVER.ADR.RecipientNotFound", "No mailbox has this address", True),
        ("The recipient was not accepted: 552 5.2.2 Over quota", "The mailbox of this address is full", True),
        ("The recipient was not accepted: 553 bad address", "The mail server refused this address", True),
        ("The recipient was not accepted: 451 4.7.1 Greylisted", "The mail server asked us to try later", False),
        ("The recipient was not accepted: timed out", "The mail server did not answer", False),
        ("The letter was not accepted: 554 5.7.1 Spam", "The mail server did not take the letter", False),
        ("No connection to the mail server: ConnectError", "No connection to the mail server", False),
        ("Too late to be of use", "Too late to be of use", False),
        ("", "", False),
    ],
)
def test_why_a_letter_did_not_go_is_said_in_words(said: str, words: str, *, refused_address: bool) -> None:
    reason = reason_of(said)
    assert (reason.words, reason.refused_address) == (words, refused_address)
    assert said.endswith(reason.server)
    kept = reason_of(f"Set aside by the training team. {said}")
    assert kept.words == f"Set aside by the training team. {words}"


# ---- one letter ------------------------------------------------------------------------------------------------------


async def test_letters_6_a_letter_is_shown_without_its_personal_links(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    context = {**NOTE, "text": "Dear <b>Asha</b>", "paragraphs": ["Dear <b>Asha</b>"]}
    await queued(a_letter("l-1", context=context, unsubscribe=("bulletins", 1, "n")), now=clock.now)
    desk = await sign_in_as(dee)
    ref = await _ref("l-1")
    page = await desk.get(f"/desk/letters/{ref}")
    assert "Dear &lt;b&gt;Asha&lt;/b&gt;" in page.text
    assert "/bulletins/stop/hidden" in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    body = await desk.get(f"/desk/letters/{ref}/body")
    assert "Dear &lt;b&gt;Asha&lt;/b&gt;" in body.text
    assert " href=" not in body.text
    assert re.search(r"(^|; )sandbox(;|$)", body.headers["content-security-policy"])
    assert "script-src" not in body.headers["content-security-policy"]
    assert body.headers["cache-control"] == "no-store"


async def test_letters_6_letters_that_sign_in_show_no_body(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    secret = {**NOTE, "text": "SECRET", "subject_line": "SECRET"}
    await queued(a_letter("l-1", priority=Priority.SIGN_IN, context=secret), now=clock.now)
    desk = await sign_in_as(dee)
    ref = await _ref("l-1")
    assert "SECRET" not in (await desk.get("/desk/letters")).text
    page = (await desk.get(f"/desk/letters/{ref}")).text
    assert ("SECRET" in page, "nobody else can see" in page) == (False, True)
    assert (await desk.get(f"/desk/letters/{ref}/body")).status_code == 404


async def test_a_letter_that_cannot_be_put_together_says_so(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await queued(a_letter("l-1", context={}), a_letter("l-2", template="no_such_letter"), now=clock.now)
    desk = await sign_in_as(dee)
    for key in ("l-1", "l-2"):
        assert "cannot be put together" in (await desk.get(f"/desk/letters/{await _ref(key)}")).text


async def test_letters_6_bodies_are_erased_after_90_days(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    ref = await _failed(settings, clock)
    await queued(a_letter("still waiting"), a_letter("on hold"), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'held' WHERE key = 'on hold'")
    clock.forward(days=89)
    assert await actions.erase_old_bodies(now=clock.now) == 0
    clock.forward(days=2)
    assert await actions.erase_old_bodies(now=clock.now) == 2
    assert await actions.erase_old_bodies(now=clock.now) == 0
    page = (await (await sign_in_as(dee)).get(f"/desk/letters/{ref}")).text
    assert "was erased after 90 days, on 8 June 2026" in page
    assert "The car park" not in page
    with pytest.raises(Refused, match="erased"):
        await actions.resend_letter((await row_of("l-1"))["id"], by=SYSTEM, now=clock.now)


async def test_every_letter_has_a_reference_of_its_own(db: TortoiseContext, clock: Clock) -> None:
    await queued(*(a_letter(f"b-{number}") for number in range(2000)), now=clock.now)
    refs = [row["ref"] for row in await Message.all().values("ref")]
    assert len(set(refs)) == 2000
    assert [ref for ref in refs if not re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", ref)] == []


async def test_5000_letters_are_written_in_five_statements(db: TortoiseContext, clock: Clock) -> None:
    letters = [a_letter(f"b-{number}", priority=Priority.BULLETIN) for number in range(5000)]
    async with statements(db) as heard:
        await queued(*letters, now=clock.now)
    assert [statement[:28] for statement in heard] == ["INSERT INTO messages_letter "] * 5


async def test_a_persons_page_leads_to_their_letters(clock: Clock, asha: Person, dee: Person, sign_in_as: SignInAs) -> None:
    await queued(
        a_letter("l-1", address="asha@stlukes.example"), a_letter("l-2", address="ben@police.example", name="Ben Cole"), now=clock.now
    )
    desk = await sign_in_as(dee)
    path = "/desk/letters?q=asha%40stlukes.example"
    assert f'href="{path}"' in (await desk.get(f"/desk/people/{asha.ref}")).text
    found = (await desk.get(path)).text
    assert ("1 letter" in found, "Ben Cole" in found) == (True, False)


# ---- addresses that bounced ------------------------------------------------------------------------------------------


async def test_letters_4_a_flagged_address_is_listed_with_its_letter_until_it_is_cleared(
    settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    ref = await _failed(settings, clock)
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/letters/bounced")).text
    assert ("asha@school.example" in page, f'href="/desk/letters/{ref}"' in page) == (True, True)
    assert 'href="/desk/people/of?email=asha%40school.example"' in page
    found = re.search(r'name="bounced" value="(\d+)"', page)
    assert found is not None
    answer = await desk.post("/desk/letters/bounced/clear", {"bounced": found[1]}, seen="/desk/letters/bounced")
    assert answer.headers["location"] == "/desk/letters/bounced?done=cleared"
    assert "asha@school.example" not in (await desk.get("/desk/letters/bounced")).text
    for unknown in ("99999", "x", "", "9" * 30):
        answer = await desk.post("/desk/letters/bounced/clear", {"bounced": unknown}, seen="/desk/letters")
        assert answer.status_code == 404


async def test_an_address_flagged_before_letters_were_named_is_listed_too(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await execute("INSERT INTO messages_bounced (address, reason, flagged_at) VALUES ('a@x.example', '550', ?)", clock.now)
    assert "a@x.example" in (await (await sign_in_as(dee)).get("/desk/letters/bounced")).text


async def test_the_list_of_addresses_runs_the_same_statements_for_any_number(
    clock: Clock, dee: Person, sign_in_as: SignInAs, db: TortoiseContext
) -> None:
    desk = await sign_in_as(dee)
    asked = []
    for number in (1, 2, 3):
        await queued(a_letter(f"l-{number}"), now=clock.now)
        letter_id = (await row_of(f"l-{number}"))["id"]
        await health.flag_bounced_address(f"a{number}@x.example", letter_id=letter_id, reason="550", now=clock.now)
        async with statements(db) as heard:
            await desk.get("/desk/letters/bounced")
        asked.append(len(heard))
    assert asked == [3, 3, 3]
