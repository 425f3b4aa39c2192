"""Sessions by invitation: who is invited is told once it is published, sees it and books it; nobody else does."""

from collections.abc import Awaitable, Callable

import pytest

from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.actions import invite_people, publish_session
from marstraining.programme.models import Invited
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def test_who_is_invited_gets_one_letter_sees_the_session_and_books_it(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, access="invited")
    desk, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/invited"
    for done in ("invited", "already"):
        answer = await desk.post(path, {"addresses": f"{str(asha.email).upper()};\n {asha.email}"})
        assert answer.headers["location"] == f"{path}?done={done}"
    letter = await Message.get(template="invited")
    assert (letter.address, letter.context["session_ref"]) == (asha.email, session.ref)
    ashas, bens = await sign_in_as(asha), await sign_in_as(ben)
    assert ((await ashas.get(f"/me/sessions/{session.ref}")).status_code, (await bens.get(f"/me/sessions/{session.ref}")).status_code) == (
        200,
        404,
    )
    await ashas.post(f"/sessions/{session.ref}/book")
    assert ">Booked</strong>" in (await desk.get(path)).text


async def test_a_draft_tells_nobody_until_it_is_published(asha: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, access="invited", state="draft")
    await invite_people(session.id, [str(asha.email)], by=makers.as_desk(dee), now=clock.now)
    assert await Message.filter(template="invited").count() == 0
    await publish_session(session.id, by=makers.as_desk(dee), now=clock.now)
    assert await Message.filter(template="invited").count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the email addresses"),
        ("asha@stlukes.example nobody@x.example", "Nobody here has the address nobody@x.example."),
        ("asha@stlukes.example, no-address", "Enter an email address in the correct format"),
        ("\n".join(f"a{number}@x.example" for number in range(201)), "Invite at most 200 people at once"),
    ],
)
async def test_a_list_that_cannot_be_invites_nobody_and_is_kept(
    typed: str, sentence: str, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, access="invited")
    refused = await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/invited", {"addresses": typed})
    assert (refused.status_code, sentence in refused.text, typed[:30] in refused.text) == (422, True, True)
    assert (await Invited.all().count(), await Message.filter(template="invited").count()) == (0, 0)


async def test_an_invitation_is_taken_back_with_its_letter(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, access="invited")
    await invite_people(session.id, [str(asha.email)], by=makers.as_desk(dee), now=clock.now)
    desk, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/invited"
    assert (await desk.post(f"{path}/remove", {"person": ben.ref}, seen=path)).status_code == 404
    assert (await desk.post(f"{path}/remove", {"person": asha.ref}, seen=path)).headers["location"] == f"{path}?done=removed"
    assert ((await Message.get(template="invited")).state, await Invited.all().count()) == ("withdrawn", 0)
    await invite_people(session.id, [str(asha.email)], by=makers.as_desk(dee), now=clock.now)
    assert await Message.filter(template="invited", state="waiting").count() == 1
    assert [entry.action for entry in await Entry.filter(subject_kind="session").order_by("id")] == [
        "invite_people",
        "uninvite",
        "invite_people",
    ]


async def test_a_session_for_everybody_has_no_such_page(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    assert (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}/invited")).status_code == 404
