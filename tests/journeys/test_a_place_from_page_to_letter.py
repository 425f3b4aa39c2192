"""The main job, end to end, over HTTP and a real mail server: from a newcomer's form to the session being called off."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time
from email.message import EmailMessage
from typing import Any, NamedTuple

import icalendar

from marstraining.bookings.actions import call_off_session, move_session, settle_sessions
from marstraining.bookings.models import Booking
from marstraining.core import config
from marstraining.core.clock import from_wall, local
from marstraining.core.config import Settings
from marstraining.messages.delivery import PostRoom, send_due_letters
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock, Visitor
from tests.messages.smtp_server import MailServer, mail_server

SignInAs = Callable[[Person], Awaitable[Visitor]]
NIA = "nia@school.example"


class Post:
    """The worker's delivery and the mailboxes at the other end."""

    def __init__(self, settings: Settings, server: MailServer) -> None:
        self.room = PostRoom(settings, name="journey")
        self.server = server

    async def deliver(self) -> None:
        await send_due_letters(self.room)

    def last(self, address: str) -> EmailMessage:
        return self.server.to(address)[-1]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


def link_in(message: EmailMessage, pattern: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(" + pattern + r")", text_of(message))
    assert found, text_of(message)
    return found[1]


class Sent(NamedTuple):
    """What an attached calendar says of its one entry."""

    method: str
    uid: str
    sequence: int
    status: str
    starts: datetime


def sent_of(calendar: Any) -> list[Sent]:
    method = str(calendar.get("METHOD", ""))
    return [Sent(method, str(e["UID"]), int(e["SEQUENCE"]), str(e["STATUS"]), e["DTSTART"].dt) for e in calendar.events]


def entries_of(message: EmailMessage) -> list[Sent]:
    """Each attached calendar's one entry."""
    return [
        entry
        for part in message.iter_attachments()
        if part.get_content_type() in {"text/calendar", "application/ics"}
        for entry in sent_of(icalendar.Calendar.from_ical(part.get_payload(decode=True)))  # type: ignore[arg-type]  # bytes, of a part that is no message
    ]


async def book_as_a_newcomer(session: Session, client: Visitor, scanner: Visitor, post: Post) -> tuple[str, Sent]:
    """Nia finds the session, asks to book and presses the button of her letter; the address of her booking and what her calendar got."""
    # Only the button of the letter books, pressed in her browser. A mail
    # scanner that presses it first is asked for the letter's code and changes nothing.
    assert f"/sessions/{session.ref}" in (await client.get("/programme")).text
    await client.post(f"/sessions/{session.ref}/book", {"name": "Nia Newcomer", "email": NIA, "agency": "none", "job_role": "school_staff"})
    await post.deliver()
    link = link_in(post.last(NIA), r"/book/l/[0-9a-f]+")
    assert re.search(r"^\d{8}\s*$", text_of(post.last(NIA)), re.MULTILINE)
    assert (await scanner.post(link)).status_code == 422
    booked = await client.post(link)
    assert booked.status_code == 303
    await post.deliver()
    invitation = post.last(NIA)
    assert invitation["Subject"] == "Your place is booked: Child Protection, Wednesday 10 June 2026"
    (entry,) = entries_of(invitation)
    assert (entry.method, entry.starts) == ("REQUEST", local(session.starts_at))

    # Her feed shows the same entry.
    page = await client.post("/me/calendar")
    address = re.search(r"<code>http://127\.0\.0\.1:8000(/calendar/[^<]+)</code>", page.text)
    assert address
    feed = icalendar.Calendar.from_ical((await client.get(address[1])).content)
    assert [(shown.uid, shown.starts) for shown in sent_of(feed)] == [(entry.uid, local(session.starts_at))]
    return booked.headers["location"].partition("?")[0], entry


async def test_from_a_newcomers_form_to_a_session_called_off(
    settings: Settings, client: Visitor, visitors: Callable[[], Visitor], asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course("Child Protection", content_note="We talk about abuse.")
    session = await makers.make_session(course=course, now=clock.now, starts=from_wall(date(2026, 6, 10), time(9, 30)), capacity=1)
    async with mail_server() as server:
        sending = replace(settings, smtp_url=server.url)
        config.use(sending)
        post = Post(sending, server)

        nias_booking, entry = await book_as_a_newcomer(session, client, visitors(), post)
        uid, first_sequence = entry.uid, entry.sequence

        # The session is full now: Asha joins the list.
        ashas = await sign_in_as(asha)
        joined = await ashas.post(f"/sessions/{session.ref}/book", {"do": "join", "standby": "ask"})
        ashas_booking = joined.headers["location"].partition("?")[0]
        await post.deliver()
        assert post.last("asha@stlukes.example")["Subject"] == "You are on the waiting list: Child Protection, Wednesday 10 June 2026"

        # Nia cancels: her calendar is told, and the place is offered to Asha, who accepts by the link of her letter.
        await client.post(f"{nias_booking}/cancel")
        await post.deliver()
        (entry,) = entries_of(post.last(NIA))
        assert (entry.method, entry.uid, entry.sequence) == ("CANCEL", uid, first_sequence + 1)
        offer = post.last("asha@stlukes.example")
        token_page = link_in(offer, r"/b/[0-9a-z]{10}/[0-9a-f]+")
        accepted = await client.post(f"{token_page}/accept", seen=token_page)
        assert accepted.status_code == 303
        assert "Booked" in (await ashas.get(ashas_booking)).text
        await post.deliver()
        (entry,) = entries_of(post.last("asha@stlukes.example"))
        sequences = [entry.sequence]
        assert (entry.method, entry.uid) == ("REQUEST", uid)

        # The session moves a week: the same entry, a higher sequence, the new time.
        by = makers.as_desk(await makers.make_person("Dee Ward"))
        await move_session(
            session.id, [DayPlan(day=date(2026, 6, 17), starts=time(13), ends=time(16))], by=by, now=clock.forward(minutes=1)
        )
        await post.deliver()
        (entry,) = entries_of(post.last("asha@stlukes.example"))
        sequences.append(entry.sequence)
        assert (entry.method, entry.uid, entry.starts) == ("REQUEST", uid, local(from_wall(date(2026, 6, 17), time(13))))

        # And is called off: the entry is cancelled with a sequence higher still.
        await call_off_session(session.id, reason="The trainer is unwell.", by=by, now=clock.forward(minutes=1))
        await post.deliver()
        (entry,) = entries_of(post.last("asha@stlukes.example"))
        sequences.append(entry.sequence)
        assert (entry.method, entry.uid, entry.status) == ("CANCEL", uid, "CANCELLED")
        assert sequences == sorted(set(sequences))
        assert await settle_sessions(now=clock.forward(days=1)) == 0
        assert [row["state"] for row in await Booking.filter(session_id=session.id).order_by("id").values("state")] == [
            "cancelled",
            "called_off",
        ]
        assert (await client.get(f"/sessions/{session.ref}")).text.count("This session has been called off.") == 1
