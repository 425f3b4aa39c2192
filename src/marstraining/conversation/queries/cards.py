"""The card that is confirmed before a place is booked, a list is joined or a booking is moved, and what is asked before it."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.bookings.queries import Looked, OfferedDate, conflicts, offered_dates
from marstraining.bookings.rules import Conflict, Mode, check_bookable, check_conflicts, warnings_of
from marstraining.conversation.queries.own import own_booking
from marstraining.conversation.queries.sessions import MODE_WORDS, Shown, date_button, dated, day_of, own_session_ref, shown_session, where
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import CHOICES, Button, Facts, Paragraph, Reply, heading, line
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.conversation.rules.saying import day_words, moment_words, plural, short_day
from marstraining.conversation.rules.state import Deed, State
from marstraining.conversation.rules.wording import rows_of
from marstraining.core import config
from marstraining.core.clock import local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.programme.queries import session_facts
from marstraining.programme.rules import Delivery


@frozen
class Card:
    """What a booking's card is made of: `agency` 0 and `mode` "" are still to be asked where `asks` says so."""

    shown: Shown
    looked: Looked
    agency: int
    mode: str

    @property
    def asks_agency(self) -> bool:
        return not self.agency and len(self.looked.learner.posts) > 1

    @property
    def asks_mode(self) -> bool:
        return not self.mode and self.looked.session.delivery == Delivery.HYBRID


async def checked_card(state: State, asker: Asker) -> Card:
    """The card of a state. Refused where booking would be refused whatever is chosen, and where the course asks questions.

    Those have room on its page only. NotFound for a session that the asker may not know of.
    """
    shown = await shown_session(state.ref, asker)
    looked = shown.looked
    if looked is None:
        raise NotFound
    if looked.existing is None:
        check_bookable(looked.situation, now=asker.now)
        if any(question.required for question in looked.session.questions):
            raise Refused("This course asks some questions when you book, so please book it on its page.", code="questions")
    posts = looked.learner.posts
    agency = posts[0].agency_id if len(posts) == 1 else state.agency if state.agency in {post.agency_id for post in posts} else 0
    mode = state.mode if looked.session.delivery == Delivery.HYBRID else ""
    return Card(shown, looked, agency, mode)


async def show_booking_card(state: State, asker: Asker) -> Reply:
    """The card, or what is to be asked before it, or why it cannot be."""
    try:
        card = await checked_card(state, asker)
    except Refused as refusal:
        return await refusal_reply(refusal, state, asker)
    if card.looked.existing is not None and state.deed != Deed.MOVE:
        return _there_already(card.looked.existing.ref, card.shown)
    # Where places are kept for organisations, booking itself says whether one is theirs.
    if state.deed == Deed.BOOK and card.shown.is_full and not card.looked.session.has_allocations:
        return await refusal_reply(Refused("This session is full.", code="full"), state, asker)
    if card.asks_agency:
        return _ask_agency(card)
    if card.asks_mode:
        return _ask_mode(card)
    conflicting = await _conflicts(card, asker)
    try:
        if state.deed != Deed.JOIN:
            check_conflicts(conflicting, instead_of=await _given_up(state, asker))
    except Refused as refusal:
        return await refusal_reply(refusal, state, asker)
    return await _card(card, state, conflicting, asker)


async def _conflicts(card: Card, asker: Asker) -> Sequence[Conflict]:
    looked, session = card.looked, card.looked.session
    return (
        await conflicts(session.id, looked.learner.id, course_id=session.course_id, kind=session.kind, now=asker.now)
        if looked.has_others
        else ()
    )


async def _given_up(state: State, asker: Asker) -> int | None:
    return (await own_booking(state.booking, asker)).id if state.deed == Deed.MOVE else None


async def _card(card: Card, state: State, conflicting: Sequence[Conflict], asker: Asker) -> Reply:
    """Title, date, time, place, cost, who (front_door.md 6.10). What is booked here costs nothing."""
    shown = card.shown
    facts = [
        ("Training", shown.facts.title),
        *dated(shown.facts),
        ("Place", where(shown.facts, card.mode)),
        ("Cost", "Free"),
        ("Who", _who(card, asker)),
    ]
    if card.mode:
        facts.append(("You come", MODE_WORDS[Mode(card.mode)]))
    question = {Deed.JOIN: "Join this waiting list?", Deed.MOVE: "Move your place to this date?"}.get(Deed(state.deed), "Book this place?")
    if state.deed == Deed.MOVE:
        facts.insert(0, ("Now booked", await _old_date(state, asker)))
    label = {Deed.JOIN: "Yes, join the list", Deed.MOVE: "Yes, move it"}.get(Deed(state.deed), "Yes, book it")
    return Reply(
        (heading(question), Facts(tuple(facts)), *_notes(card, state, conflicting)),
        answer_type="booking_confirm_prompt",
        buttons=((button(label, Verb.CONFIRM, state.deed, state.ref, state.card), button("No", Verb.DENY, state.card)),),
        edits_previous=True,
    )


def _ask_agency(card: Card) -> Reply:
    """On whose behalf somebody with several posts books."""
    ref = card.shown.facts.ref
    buttons = [button(post.agency_name[:60], Verb.AGENCY, ref, post.agency_id) for post in card.looked.learner.posts[:6]]
    asked = line(f"On behalf of which organisation do you book {card.shown.facts.title}?")
    return Reply((asked,), answer_type="clarify", buttons=rows_of((*buttons, button("Do not book", Verb.DENY, 0))))


def _ask_mode(card: Card) -> Reply:
    """Whether somebody comes to the room or takes part online."""
    facts, left = card.shown.facts, card.shown.left
    ways = ((Mode.ROOM, "In the room", left.left_room if left else None), (Mode.ONLINE, "Online", left.left_online if left else None))
    buttons = [
        button(label if places is None else f"{label} ({plural(places, 'place')} left)", Verb.MODE, facts.ref, mode)
        for mode, label, places in ways
    ]
    asked = line(f"Will you come to the room for {facts.title}, or take part online?")
    return Reply((asked,), answer_type="clarify", buttons=rows_of((*buttons, button("Do not book", Verb.DENY, 0))))


def _there_already(ref: str, shown: Shown) -> Reply:
    return Reply(
        (line(f"You have {shown.facts.title} in your bookings already."),),
        answer_type="booking_list",
        buttons=rows_of((button("See my booking", Verb.OWN, ref), button("Find training", Verb.FIND, "training"))),
    )


async def refusal_reply(refusal: Refused, state: State, asker: Asker) -> Reply:
    """Why something cannot be, in the words of the rule that says so, with the way on that the rule names."""
    blocks, buttons = [line(refusal.message)], list[Button]()
    if refusal.code in {"full", "capped"} and state.ref:
        shown = await shown_session(state.ref, asker)
        offered = await offered_dates(shown.facts.course.id, asker.person_id or 0, now=asker.now)
        blocks = [heading(f"{shown.facts.title}, {day_of(shown.facts)}"), *blocks, *(_offer_line(one) for one in offered)]
        buttons += [button(f"Answer the offer for {_short(one.starts_at)}", Verb.OWN, one.booking_ref) for one in offered[:1]]
        if shown.next_date is not None and shown.next_date.has_places:
            buttons.append(date_button(shown.next_date))
        if shown.facts.is_list_open:
            buttons.append(button("Join the waiting list", Verb.JOIN, state.ref))
    if refusal.code == "has_places":
        buttons.append(button("Book a place", Verb.BOOK, state.ref))
    if refusal.code == "clash" and refusal.facts.get("booking_ref"):
        buttons.append(button("Give up the other one for this", Verb.MOVE_TO, refusal.facts["booking_ref"], state.ref))
    if refusal.code == "questions":
        buttons.append(Button("Book on its page", href=f"/sessions/{state.ref}/book"))
    if refusal.code in {"prerequisite", "not_eligible"}:
        buttons.append(Button("My account", href="/me/account"))
    if state.ref and state.deed in {Deed.BOOK, Deed.JOIN, Deed.MOVE}:
        buttons.append(button("Look at the session", Verb.SESSION, state.ref))
    buttons += [button("My bookings", Verb.MINE), button("Talk to a person", Verb.PERSON)]
    return Reply(tuple(blocks), answer_type="clarify", buttons=rows_of(buttons[:CHOICES]))


def _offer_line(offered: OfferedDate) -> Paragraph:
    day, until = day_words(local(offered.starts_at).date()), moment_words(offered.expires_at)
    return line(f"A place on {day} is offered to you until {until}.")


def _short(instant: datetime) -> str:
    return short_day(local(instant).date())


def _who(card: Card, asker: Asker) -> str:
    agency = next((post.agency_name for post in card.looked.learner.posts if post.agency_id == card.agency), "")
    name = asker.viewer.name or card.looked.learner.name
    return f"{name}, {agency}" if agency else name


async def _old_date(state: State, asker: Asker) -> str:
    from_booking = await own_session_ref(state.booking, asker)
    old = await session_facts(from_booking, viewer=asker.viewer, now=asker.now)
    return ", ".join(value for _, value in dated(old))


def _notes(card: Card, state: State, conflicting: Sequence[Conflict]) -> list[Paragraph]:
    facts, joins = card.shown.facts, state.deed == Deed.JOIN
    others = [one for one in conflicting if one.booking_ref != state.booking]
    notes = [line(sentence) for sentence in warnings_of(others, joins_list=joins)]
    if facts.course.needs_approval:
        notes.append(line("Your organisation has to approve this booking; we ask them by email."))
    if facts.course.needs_manager_agreement:
        notes.append(line("By saying yes you confirm that your manager agrees to your booking."))
    if joins:
        notes.append(line("The session is full. If a place comes free for you, we email you at once."))
    cut_off = config.current().partnership.booking.cut_off_working_days
    notes.append(line(f"You can cancel here. In the last {plural(cut_off, 'working day')} before it we ask for a reason."))
    return notes
