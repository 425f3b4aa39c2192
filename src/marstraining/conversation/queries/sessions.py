"""Sessions as a chat shows them: a line of a list, one in detail, and the card that is confirmed before booking."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.bookings.queries import Looked, NextDate, Places, look, next_date_of, places
from marstraining.bookings.queries.own import visible_booking
from marstraining.bookings.rules import Mode
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import CHOICES, Button, Facts, Item, Paragraph, Reply, Span
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.conversation.rules.saying import day_words, place_words, plural, short_day, when_words
from marstraining.conversation.rules.state import State
from marstraining.conversation.rules.wording import rows_of
from marstraining.core.clock import local
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.programme.queries import SessionFacts, SessionRow, session_facts, sessions_by_ref, sessions_of_course, visible_to
from marstraining.programme.rules import AUDIENCES, Access, Delivery, Stage

MODE_WORDS = {Mode.ROOM: "in the room", Mode.ONLINE: "online"}


async def session_items(refs: Sequence[str], asker: Asker) -> dict[str, Item]:
    """Lines of a list, by reference, in two statements and what scoping takes; sessions the asker may not know of are absent."""
    found = await sessions_by_ref(refs, scope=await visible_to(asker.viewer, now=asker.now))
    left = await places([row.id for row in found.values()], now=asker.now)
    return {ref: _item(row, left.get(row.id), now=asker.now) for ref, row in found.items()}


async def when_and_where(ref: str, asker: Asker) -> str:
    """When a session begins and where it is held, as a sentence names it; KeyError where the asker may not know of it."""
    row = (await sessions_by_ref([ref], scope=await visible_to(asker.viewer, now=asker.now)))[ref]
    return f"{_when(row)}, {place_words(row.delivery, row.venue)}"


def _item(row: SessionRow, left: Places | None, *, now: datetime) -> Item:
    state = status_words(row.stage(now), left, opens_at=row.opens_at, is_list_open=row.is_list_open)
    place = place_words(row.delivery, row.venue)
    return Item(
        Span(row.title, is_strong=True), (_when(row), f"{place} · {state[:1].upper()}{state[1:]}"), button("Choose", Verb.SESSION, row.ref)
    )


def _when(row: SessionRow) -> str:
    live = [(one.day, one.starts, one.ends) for one in row.days if not one.is_cancelled] or [
        (one.day, one.starts, one.ends) for one in row.days
    ]
    first = when_words(live[:1])[0] if live else ""
    more = f", and {plural(len(live) - 1, 'more day')}" if len(live) > 1 else ""
    return f"{first}{more}"


def status_words(stage: Stage, left: Places | None, *, opens_at: datetime | None, is_list_open: bool) -> str:
    """How booking stands."""
    if stage == Stage.OPEN:
        if left is None or left.left is None:
            return "places free"
        if left.is_full:
            return "full, with a waiting list" if is_list_open else "full"
        return f"{plural(left.left, 'place')} left"
    if stage == Stage.NOT_OPEN_YET and opens_at is not None:
        return f"booking opens on {short_day(local(opens_at).date())}"
    return {
        Stage.CLOSED: "booking has closed",
        Stage.UNDER_WAY: "under way",
        Stage.PAST: "past",
        Stage.POSTPONED: "postponed, new date to follow",
        Stage.CALLED_OFF: "called off",
        Stage.ELSEWHERE: "booked with its organiser",
        Stage.NO_BOOKING: "no booking by name",
    }.get(stage, "")


@frozen
class Shown:
    """A session with its places and, where somebody is signed in, what booking knows of it and them."""

    facts: SessionFacts
    left: Places | None
    looked: Looked | None
    next_date: NextDate | None = None

    @property
    def path(self) -> str:
        root = "/sessions" if self.facts.access == Access.PUBLIC else "/me/sessions"
        return f"{root}/{self.facts.ref}"

    @property
    def is_full(self) -> bool:
        return self.left is not None and self.left.is_full


async def shown_session(ref: str, asker: Asker) -> Shown:
    """The session; NotFound where the asker may not know of it."""
    facts = await session_facts(ref, viewer=asker.viewer, now=asker.now)
    left = (await places([facts.id], now=asker.now)).get(facts.id)
    looked = await look(ref, asker.person_id, now=asker.now) if asker.person_id is not None else None
    return Shown(facts, left, looked, await next_date_of(facts.course.id, facts.id, viewer=asker.viewer, now=asker.now))


async def show_session(state: State, asker: Asker) -> Reply:
    """One session with what can be done about it."""
    shown = await shown_session(state.ref, asker)
    return Reply(
        (_title(shown.facts), Facts(tuple(_facts(shown, asker)))),
        answer_type="single_result",
        buttons=rows_of(_session_buttons(shown, asker)),
        edits_previous=True,
        asks_useful=True,
    )


def _title(facts: SessionFacts) -> Paragraph:
    return Paragraph((Span(facts.title, is_strong=True),), is_heading=True)


def _facts(shown: Shown, asker: Asker) -> list[tuple[str, str]]:
    facts = shown.facts
    stage = facts.stage(asker.now)
    audience = ", ".join(AUDIENCES.get(code, code) for code in facts.audience_codes)
    status = status_words(stage, shown.left, opens_at=facts.opens_at, is_list_open=facts.is_list_open)
    found = [*dated(facts), ("Where", where(facts)), ("For", audience), ("Booking", f"{status[:1].upper()}{status[1:]}")]
    if shown.looked is not None and shown.looked.existing is not None:
        found.append(("You", "You have this in your bookings."))
    return found


def dated(facts: SessionFacts) -> list[tuple[str, str]]:
    """The date and the time of each training day: apart where there is one day, as a card names them."""
    days = [(day.day, day.starts, day.ends) for day in facts.live_days] or [(day.day, day.starts, day.ends) for day in facts.days]
    if len(days) == 1:
        date_and_time = when_words(days)[0].rpartition(", ")
        return [("Date", date_and_time[0]), ("Time", date_and_time[2])]
    return [(f"Day {number}", words) for number, words in enumerate(when_words(days), start=1)]


def where(facts: SessionFacts, mode: str = "") -> str:
    """Where it is, for who attends in that mode."""
    if facts.delivery == Delivery.HYBRID and mode == Mode.ONLINE:
        return "Online"
    delivery = Delivery.IN_PERSON if facts.delivery == Delivery.HYBRID and mode == Mode.ROOM else facts.delivery
    venue = facts.venue
    return place_words(delivery, venue.name if venue else "", venue.address if venue and not venue.is_online else "")


def _session_buttons(shown: Shown, asker: Asker) -> list[Button]:
    facts, buttons = shown.facts, []
    stage = facts.stage(asker.now)
    existing = shown.looked.existing if shown.looked else None
    if existing is not None:
        buttons.append(button("See my booking", Verb.OWN, existing.ref))
    elif stage == Stage.OPEN and not shown.is_full:
        buttons.append(button("Book a place", Verb.BOOK, facts.ref))
    elif stage == Stage.OPEN and facts.is_list_open:
        buttons.append(button("Join the waiting list", Verb.JOIN, facts.ref))
    elif stage == Stage.ELSEWHERE and facts.external_url:
        buttons.append(Button("Book with the organiser", href=facts.external_url))
    if shown.next_date is not None:
        buttons.append(date_button(shown.next_date))
    buttons.append(Button("All details on its page", href=shown.path))
    if shown.facts.course.topics and asker.person_id is not None:
        slug, label = shown.facts.course.topics[0]
        buttons.append(button(f"Tell me what is new on {label}"[:60], Verb.FOLLOW, slug))
    return buttons[:CHOICES]


def date_button(following: NextDate) -> Button:
    """Leads to another date of the same course, and says whether it has places."""
    day = short_day(local(following.starts_at).date())
    return button(f"{'Next date with places' if following.has_places else 'Another date'}: {day}", Verb.SESSION, following.ref)


async def first_with_places(refs: Sequence[str], asker: Asker) -> str:
    """The first of these sessions of which a place can be booked now; the first of all where none has any."""
    found = await sessions_by_ref(refs, scope=await visible_to(asker.viewer, now=asker.now))
    left = await places([row.id for row in found.values()], now=asker.now)
    for ref in refs:
        row = found.get(ref)
        if row is not None and row.stage(asker.now) == Stage.OPEN and not (row.id in left and left[row.id].is_full):
            return ref
    return refs[0]


async def own_session_ref(booking_ref: str, asker: Asker) -> str:
    """The session of one of the asker's own bookings; NotFound for anybody else's."""
    booking = await visible_booking(booking_ref, viewer=asker.viewer)
    if booking is None or booking.learner_id != asker.person_id:
        raise NotFound
    return booking.session_ref


async def other_dates(booking_ref: str, asker: Asker) -> list[str]:
    """The references of other sessions of the same course that can still be booked, soonest first."""
    ref = await own_session_ref(booking_ref, asker)
    facts = await session_facts(ref, viewer=asker.viewer, now=asker.now)
    scope = await visible_to(asker.viewer, now=asker.now)
    found = await sessions_of_course(facts.course.id, now=asker.now, scope=scope)
    return [row.ref for row in found if row.ref != ref and row.stage(asker.now) == Stage.OPEN]


def day_of(facts: SessionFacts) -> str:
    return day_words(local(facts.starts_at).date())
