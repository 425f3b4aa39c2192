"""The letters of a booking as their readers get them: each written by the verb that gives rise to it, then rendered."""

from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest

from marstraining.bookings.actions import (
    Wish,
    ask_to_book,
    resend_joining,
    send_reminders,
)
from marstraining.bookings.models import Booking
from marstraining.core import config, paths
from marstraining.core.clock import from_wall
from marstraining.core.viewer import SYSTEM
from marstraining.messages.envelope import rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.models import Person
from marstraining.programme.models import Course, SessionTrainer, Venue
from tests import makers
from tests.bookings.letters import (
    LINK,
    Scene,
    body_of,
    called_off,
    cancelled,
    confirmed,
    finish_booking,
    happens,
    joined_list,
    left_for_another_date,
    left_list,
    make_scene,
    moved,
    moved_after_postponing,
    offer_lapsed,
    online_instead,
    place_offered,
    postponed,
    reminded_on,
    session_changed,
    standby_asked,
    turned_down,
)
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

HOSTILE = "<a href=//evil>x</a>"

DAY = "Friday 8 May 2026"
EVERY = [
    (confirmed, f"Your place is booked: Child Protection, {DAY}"),
    (joined_list, f"You are on the waiting list: Child Protection, {DAY}"),
    (left_list, f"You have left the waiting list: Child Protection, {DAY}"),
    (cancelled, f"Your place is cancelled: Child Protection, {DAY}"),
    (place_offered, "A place for you until 10am on Thursday 12 March 2026: Child Protection"),
    (offer_lapsed, f"Your offer has run out: Child Protection, {DAY}"),
    (turned_down, f"You have turned the place down: Child Protection, {DAY}"),
    (standby_asked, f"Would you like a place at short notice? Child Protection, {DAY}"),
    (called_off, f"Called off: Child Protection, {DAY}"),
    (postponed, f"Postponed: Child Protection, {DAY}"),
    (moved, "New date or time: Child Protection, Monday 1 June 2026"),
    (online_instead, f"Now online: Child Protection, {DAY}"),
    (session_changed, f"Changed details: Child Protection, {DAY}"),
    (finish_booking, "Finish your booking: Child Protection"),
    (reminded_on(date(2026, 4, 24)), f"Coming up: Child Protection, {DAY}"),
    (reminded_on(date(2026, 4, 30)), f"Joining instructions: Child Protection, {DAY}"),
    (reminded_on(date(2026, 5, 7), time(9)), f"Reminder: Child Protection, {DAY}"),
]
NAMES = [
    "confirmed", "joined_list", "left_list", "cancelled", "place_offered", "offer_lapsed", "turned_down", "standby_asked", "called_off",
    "postponed", "moved", "online_instead", "session_changed", "finish_booking", "reminder_two_weeks", "joining_instructions",
    "reminder_day_before",
]  # fmt: skip
LETTERS = [(name, make, subject) for name, (make, subject) in zip(NAMES, EVERY, strict=True)]


@pytest.mark.parametrize(("name", "make", "subject"), LETTERS, ids=NAMES)
async def test_each_letter_renders_from_what_its_verb_wrote(
    clock: Clock, name: str, make: Callable[[Scene], Awaitable[None]], subject: str
) -> None:
    scene = await make_scene(clock)
    await make(scene)
    parts = await scene.read(name)
    assert parts.subject == subject
    for part in (parts.text, parts.html):
        assert "Child Protection" in part
        assert [word for word in ("None", "Undefined", "{{", "()", " .", " ,") if word in part.replace("</strong>", "")] == []


@pytest.mark.parametrize(("name", "make", "subject"), LETTERS, ids=NAMES)
async def test_letters_1_what_people_type_appears_as_text(
    clock: Clock, name: str, make: Callable[[Scene], Awaitable[None]], subject: str
) -> None:
    venue = await makers.make_venue(HOSTILE, address=HOSTILE, directions=HOSTILE, parking=HOSTILE, access_notes=HOSTILE)
    scene = await make_scene(clock, asha=f"Asha {HOSTILE}", title=HOSTILE, venue=venue, joining_note=HOSTILE)
    await Course.filter(id=scene.course.id).update(content_note=HOSTILE, joining_text=HOSTILE)
    trainer = await makers.make_person(f"Tess {HOSTILE}")
    await SessionTrainer.create(session=scene.session, person=trainer, state="accepted", asked_at=clock.now)
    await make(scene)
    parts = await scene.read(name)
    assert parts.subject == subject.replace("Child Protection", HOSTILE)
    assert (HOSTILE in parts.text, "&lt;a href=//evil&gt;x&lt;/a&gt;" in parts.html) == (True, True)
    assert [piece for piece in ("<a href=//evil", '<a href="//evil') if piece in parts.html] == []


def test_no_folder_of_a_letter_is_left_out_here() -> None:
    others = {
        "sign_in",
        "confirm_address",
        "email_changed",
        "new_device",
        "no_account",
        "desk_note",
        "new_dates",
        "trainer_asked",
        "trainer_told",
        "invited",
        "has_left",
        "invited_to_confirm",
        "invitation_over",
        "substituted",
        "approval_asked",
        "requested",
        "declined",
        "accreditation_ends",
        "accreditations_of_staff",
        "digest",
        "still_using",
        "certificate",
        "certificate_withdrawn",
        "missed_you",
        "register_open",
        "scheduled_export",
        "take_register",
        "confirm_topic",
        "telegram_linked",
        "telegram_stopped",
        "unanswered",
        "confirm_it_is_you",
        "evaluation_asked",
        "evaluation_reminder",
        "paper_taken",
        "paper_reminder",
        "file_infected",
        "file_infected_desk",
    }
    folders = {path.name for path in (paths.TEMPLATES / "messages").iterdir() if path.is_dir()}
    assert sorted(folders - others) == sorted(NAMES)


# ---- what they say --------------------------------------------------------------------------------------------------


async def test_a_confirmation_says_what_is_booked_what_comes_next_and_until_when_to_cancel(clock: Clock) -> None:
    venue = await makers.make_venue("Riverside Centre", address="12 Wharf Lane\nScunthorpe", postcode="DN99 1RL", directions="Turn left.")
    scene = await make_scene(clock, venue=venue)
    await confirmed(scene)
    booking = await Booking.get(learner_id=scene.asha.id)
    assert body_of(await scene.read("confirmed")) == [
        "Dear Asha Patel,",
        "Your place on Child Protection is booked.",
        "When: Friday 8 May 2026, 9:30am to 12:30pm\nWhere: Riverside Centre, 12 Wharf Lane, Scunthorpe, DN99 1RL",
        "We email you joining instructions 5 working days before: how to get there and your check-in code.",
        f"See your booking, or tell us that you are coming:\n{await scene.page()}",
        (
            "Tell us what you need, for example step-free access or an interpreter (you sign in first):\n"
            f"http://127.0.0.1:8000/bookings/{booking.ref}/needs"
        ),
        f"If you can no longer come, please give up your place, so that somebody else can have it:\n{await scene.page()}/cancel",
        (
            "You can cancel without giving a reason until 9:30am on Wednesday 6 May 2026.\n"
            "Declining in your calendar does not cancel your place."
        ),
    ]


async def test_joining_instructions_say_how_to_get_there_and_look_after_whoever_comes(clock: Clock) -> None:
    venue = await makers.make_venue(
        "Riverside Centre", directions="Turn left.\nSign in.", parking="Behind the building.", access_notes="Level entrance."
    )
    scene = await make_scene(clock, venue=venue, joining_note="Bring a pen.")
    await Course.filter(id=scene.course.id).update(content_note="We talk about neglect.", joining_text="Read your policy.")
    police = await makers.make_agency("Humberside Police", sector="Police")
    for name, state in (("Tess Reed", "accepted"), ("Una Moss", "asked")):
        trainer = await makers.make_person(name)
        await SessionTrainer.create(session=scene.session, person=trainer, agency=police, state=state, asked_at=clock.now)
    await reminded_on(date(2026, 4, 30))(scene)
    code = (await Booking.get(learner_id=scene.asha.id)).check_in_code
    assert body_of(await scene.read("joining_instructions")) == [
        "Dear Asha Patel,",
        "This is what you need for Child Protection.",
        "When: Friday 8 May 2026, 9:30am to 12:30pm\nWhere: Riverside Centre",
        "Your trainer: Tess Reed (Humberside Police)",
        f"Your check-in code: {code}",
        "Getting there: Turn left.\nSign in.",
        "Parking: Behind the building.",
        "Access: Level entrance.",
        "Before you come:",
        "Read your policy.",
        "Bring a pen.",
        f"Tell us that you are coming:\n{await scene.page()}",
        f"If you can no longer come, please give up your place, so that somebody else can have it:\n{await scene.page()}/cancel",
        (
            "You can cancel without giving a reason until 9:30am on Wednesday 6 May 2026.\n"
            "Declining in your calendar does not cancel your place."
        ),
        "Looking after yourself",
        "We talk about neglect.",
        (
            "Safeguarding training can be upsetting, and it may touch on something in your own life. You can take a break or step out at"
            " any time, without saying why."
        ),
        (
            f"If something stays with you afterwards, you can talk to your trainers, or to {config.current().partnership.aftercare}."
            " You can also reply to this email."
        ),
    ]


async def test_online_the_link_and_the_manners_come_with_the_joining_instructions(clock: Clock) -> None:
    scene = await make_scene(clock, delivery="online", joining_link=LINK)
    await reminded_on(date(2026, 4, 30))(scene)
    before, near = (await scene.read("confirmed")).text, body_of(await scene.read("joining_instructions"))
    assert (LINK in before, "how to get there" in before) == (False, False)
    assert near[3] == f"Join online:\n{LINK}\nThe link is yours: please do not pass it on."
    assert near[-1] == (
        "When you join:\n"
        "- have your camera on, and tell the trainer if you cannot\n"
        "- be in a private place, where nobody can overhear you or see your screen\n"
        "- do not record or take pictures: the session is not recorded either"
    )


async def test_who_comes_to_the_room_of_a_hybrid_session_gets_the_room_and_who_joins_online_the_link(clock: Clock) -> None:
    venue = await makers.make_venue("Riverside Centre", directions="Turn left.")
    scene = await make_scene(clock, delivery="hybrid", capacity=2, capacity_room=1, capacity_online=1, joining_link=LINK, venue=venue)
    ben = await makers.make_person("Ben")
    await scene.book(scene.asha, mode="room")
    await scene.book(ben, mode="online")
    await send_reminders(now=clock.travel_to(from_wall(date(2026, 4, 30), time(9, 30))))
    told = {}
    for row in await Message.filter(template="joining_instructions").values("name", "ref"):
        letter = await letter_of(row["ref"])
        assert letter is not None
        text = rendered(letter, config.current()).text
        told[row["name"]] = (letter.context["where"], LINK in text, "Turn left." in text)
    assert told == {"Asha Patel": ("Riverside Centre", False, True), "Ben": ("Online", True, False)}


async def test_whoever_books_late_gets_the_joining_instructions_with_the_confirmation(clock: Clock) -> None:
    scene = await make_scene(clock, delivery="online", joining_link=LINK)
    clock.travel_to(from_wall(date(2026, 5, 7), time(15)))
    await confirmed(scene)
    code = (await Booking.get(learner_id=scene.asha.id)).check_in_code
    text = (await scene.read("confirmed")).text
    assert [piece in text for piece in (LINK, code, "Looking after yourself", "joining instructions")] == [True, True, True, False]
    assert "Less than 2 working days are left, so we ask you for a reason.\n" in text


async def test_a_link_that_is_not_set_yet_is_said_to_be_missing(clock: Clock) -> None:
    scene = await make_scene(clock, delivery="online")
    await reminded_on(date(2026, 4, 30))(scene)
    said = f"The joining link is not set yet. You will find it on your booking page:\n{await scene.page()}"
    assert body_of(await scene.read("joining_instructions"))[3] == said


async def test_joining_instructions_asked_for_early_say_when_they_come(clock: Clock) -> None:
    scene = await make_scene(clock, delivery="online", joining_link=LINK)
    await confirmed(scene)
    await resend_joining(scene.session.id, "asha@stlukes.example", network="192.0.2.0/24", now=clock.forward(minutes=1))
    assert body_of(await scene.read("joining_instructions"))[1] == (
        "You are booked on Child Protection. We email you the joining link and your check-in code 5 working days before."
    )


@pytest.mark.parametrize(
    ("make", "template", "said"),
    [
        (joined_list, "left_list", "The training team has taken you off the waiting list for Child Protection."),
        (confirmed, "cancelled", "The training team has cancelled your place on Child Protection."),
    ],
)
async def test_what_the_desk_does_is_said_to_be_the_desks(
    clock: Clock, make: Callable[[Scene], Awaitable[None]], template: str, said: str
) -> None:
    scene = await make_scene(clock)
    await make(scene)
    await scene.cancel((await Booking.get(learner_id=scene.asha.id)).id, by=SYSTEM)
    assert body_of(await scene.read(template))[1] == said


async def test_leaving_a_list_for_another_date_says_so(clock: Clock) -> None:
    scene = await make_scene(clock)
    await left_for_another_date(scene)
    parts = await scene.read("left_list")
    assert (parts.subject, body_of(parts)[1]) == (
        f"You are no longer on the waiting list: Child Protection, {DAY}",
        "You are booked on another date of Child Protection, so we have taken you off this waiting list.",
    )


async def test_a_new_date_after_postponing_asks_to_keep_the_place_or_let_it_go(clock: Clock) -> None:
    scene = await make_scene(clock)
    await moved_after_postponing(scene)
    parts = await scene.read("moved")
    assert (parts.subject, body_of(parts)[1:4]) == (
        "New date: Child Protection, Monday 1 June 2026",
        [
            "There is a new date for Child Protection, which was postponed.",
            "When: Monday 1 June 2026, 1pm to 4pm\nWhere: Venue to be confirmed",
            "Your place is kept for you. Please tell us if the new date suits you: keep your place or let it go:\n" + await scene.page(),
        ],
    )


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("called_off", "The waiting list has ended, and you need do nothing."),
        (
            "postponed",
            (
                "You keep your position on the waiting list. When there is a new date we write to you first, and you choose whether it"
                " suits you."
            ),
        ),
        ("moved", "You keep your position on the waiting list. If the new date does not suit you, leave the list:"),
        ("online_instead", "You keep your position on the waiting list. If online does not suit you, leave the list:"),
    ],
)
async def test_those_on_the_list_are_told_of_the_list(clock: Clock, template: str, said: str) -> None:
    scene = await make_scene(clock, is_promotion_on=False)
    await joined_list(scene)
    await happens(template, scene)
    assert said in (await scene.read(template)).text


async def test_called_off_says_why_and_offers_the_next_date(clock: Clock) -> None:
    scene = await make_scene(clock)
    other = await makers.make_session(course=scene.course, now=clock.now, starts=from_wall(date(2026, 6, 12), time(9, 30)))
    await called_off(scene)
    said = body_of(await scene.read("called_off"))
    assert said[2] == "The reason: The trainer is ill"
    assert said[5] == (
        f"The next date of this course with places is Friday 12 June 2026, 9:30am. Book a place there:\nhttp://127.0.0.1:8000/sessions/{other.ref}"
    )


async def test_a_newcomers_letter_repeats_no_typed_name(clock: Clock) -> None:
    scene = await make_scene(clock)
    wish = Wish(session_id=scene.session.id, email="asha@stlukes.example", name="Buy at www.evil.example")
    await ask_to_book(wish, network="192.0.2.0/24", cookie_token=None, now=clock.now)
    parts = await scene.read("finish_booking")
    assert ["evil" in part for part in (parts.subject, parts.text, parts.html)] == [False, False, False]


# ---- calendar entries -----------------------------------------------------------------------------------------------


async def test_ical_7_entries_say_where_and_hold_neither_token_nor_joining_link(clock: Clock) -> None:
    scene = await make_scene(clock, delivery="online", joining_link=LINK)
    clock.travel_to(from_wall(date(2026, 5, 6), time(15)))
    await confirmed(scene)
    letter = await scene.letter("confirmed")
    entry = letter.calendar[0]
    assert (entry.location, entry.description) == (
        "Online", "Where: Online\nThe joining link and your check-in code come by email 5 working days before.",
    )  # fmt: skip
    secret = (await scene.page()).rpartition("/")[2]
    assert [piece in repr(letter.calendar) for piece in (secret, LINK)] == [False, False]


async def test_ical_5_a_discreet_entry_names_no_course(clock: Clock) -> None:
    scene = await make_scene(clock)
    await Person.filter(id=scene.asha.id).update(has_discreet_titles=True)
    await confirmed(scene)
    entry = (await scene.letter("confirmed")).calendar[0]
    assert (entry.title, "Child Protection" in repr(entry)) == ("Training", False)


@pytest.mark.parametrize(
    ("address", "postcode", "where"),
    [
        ("12 Wharf Lane\r\nScunthorpe\n", "DN99 1RL", "Riverside, 12 Wharf Lane, Scunthorpe, DN99 1RL"),
        ("12 Wharf Lane, Scunthorpe DN99 1RL", "DN99 1RL", "Riverside, 12 Wharf Lane, Scunthorpe DN99 1RL"),
        ("", "", "Riverside"),
    ],
)
async def test_a_venue_stands_on_one_line_with_its_postcode_once(clock: Clock, address: str, postcode: str, where: str) -> None:
    venue: Venue = await makers.make_venue("Riverside", address=address, postcode=postcode)
    scene = await make_scene(clock, venue=venue)
    await confirmed(scene)
    assert (await scene.letter("confirmed")).context["where"] == where
