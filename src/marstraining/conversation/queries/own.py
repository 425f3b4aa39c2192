"""What is the asker's own: bookings, one of them, which to change, the joining link, the record and what is due, what they follow."""

from marstraining.bookings.actions import is_late_now, joining_time
from marstraining.bookings.queries.own import ListedBooking, OwnBooking, own_bookings, positions_in_lines, visible_booking
from marstraining.bookings.rules import CANCEL_REASONS, LIVE_STATES, STATE_WORDS, BookingState, Mode
from marstraining.bulletins.queries import my_subscriptions
from marstraining.conversation.queries.sessions import MODE_WORDS, dated, other_dates, session_items, where
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import CHOICES, Button, Channel, Facts, Item, Listing, Paragraph, Reply, Span, heading, line
from marstraining.conversation.rules.pressing import Verb, button, confirming
from marstraining.conversation.rules.saying import day_words, moment_words, place_words, plural, short_day, span_words
from marstraining.conversation.rules.state import Deed, State
from marstraining.conversation.rules.wording import rows_of
from marstraining.core.clock import local
from marstraining.core.errors import NotFound
from marstraining.coverage.queries import training_record
from marstraining.coverage.rules import STATE_WORDS as DUE_WORDS
from marstraining.coverage.rules import Due
from marstraining.coverage.rules import State as DueState
from marstraining.evaluation.queries.invited import surveys_to_answer
from marstraining.programme.queries import session_facts
from marstraining.programme.rules import Delivery, SessionState

_SHOWN = 5
_FIND = button("Find training", Verb.FIND, "training")


async def live_bookings(asker: Asker) -> list[ListedBooking]:
    """The asker's bookings that are not over, soonest first, postponed ones last; in one statement."""
    if asker.person_id is None:
        return []
    found = [one for one in await own_bookings(asker.person_id) if one.state in LIVE_STATES and _is_to_come(one, asker)]
    return sorted(found, key=lambda one: (one.session_state == SessionState.POSTPONED, one.starts_at, one.id))


def _is_to_come(booking: ListedBooking, asker: Asker) -> bool:
    return booking.session_state == SessionState.POSTPONED or booking.ends_at > asker.now


async def show_mine(_state: State, asker: Asker) -> Reply:
    """What is booked, offered and waited for."""
    mine = await live_bookings(asker)
    asked = [button("Give feedback", Verb.FEEDBACK)] if await surveys_to_answer(asker.person_id or 0, now=asker.now, limit=1) else []
    if not mine:
        return Reply(
            (line("You have nothing booked."),),
            answer_type="booking_list",
            buttons=rows_of((*asked, _FIND, button("My record and what is due", Verb.RECORD))),
        )
    places = await positions_in_lines(asker.person_id or 0) if any(one.state == BookingState.WAITING for one in mine) else {}
    items = tuple(_item(one, places.get(one.id)) for one in mine[:_SHOWN])
    more = [line(f"And {len(mine) - _SHOWN} more on your page.")] if len(mine) > _SHOWN else []
    feed = Paragraph((Span("To have them all in your calendar, "), Span("subscribe to your own calendar", href="/me/calendar"), Span(".")))
    return Reply(
        (heading("Your bookings"), Listing(items), *more, feed),
        answer_type="booking_list",
        buttons=rows_of((*asked, Button("All my training", href="/me"), _FIND)),
    )


def _item(booking: ListedBooking, place: int | None) -> Item:
    waits = f", number {place} in line" if place else ""
    words = f"{STATE_WORDS[BookingState(booking.state)]}{waits}"
    if booking.state == BookingState.OFFERED and booking.offer_expires_at is not None:
        words = f"A place is offered to you until {moment_words(booking.offer_expires_at)}"
    return Item(
        Span(booking.title, is_strong=True),
        (_when(booking), f"{place_words(booking.delivery, booking.venue)} · {words}"),
        button("Choose", Verb.OWN, booking.ref),
    )


def _when(booking: ListedBooking | OwnBooking) -> str:
    if booking.session_state == SessionState.POSTPONED:
        return "Postponed, new date to follow"
    starts, ends = local(booking.starts_at), local(booking.ends_at)
    if starts.date() != ends.date():
        return f"{day_words(starts.date())} to {day_words(ends.date())}"
    return f"{day_words(starts.date())}, {span_words(f'{starts:%H:%M}', f'{ends:%H:%M}')}"


async def own_booking(ref: str, asker: Asker) -> OwnBooking:
    """One of the asker's own bookings; NotFound for anybody else's, the desk's viewers included: a chat is a learner's."""
    found = await visible_booking(ref, viewer=asker.viewer)
    if found is None or found.learner_id != asker.person_id:
        raise NotFound
    return found


async def show_done(state: State, asker: Asker) -> Reply:
    """What came of a deed, or one's own booking as it is now, with the way on."""
    if state.deed in {Deed.FOLLOW, Deed.UNFOLLOW, Deed.UNFOLLOW_ALL}:
        return await show_following(state, asker)
    booking = await own_booking(state.booking, asker)
    facts = await session_facts(booking.session_ref, viewer=asker.viewer, now=asker.now)
    rows = [("Training", booking.title), *dated(facts), ("Place", where(facts, booking.mode)), ("Who", booking.learner_name)]
    if booking.mode:
        rows.append(("You come", MODE_WORDS[Mode(booking.mode)]))
    rows.append(("State", STATE_WORDS[BookingState(booking.state)]))
    said = _DONE.get(state.outcome)
    return Reply(
        (*([heading(said[0])] if said else [heading("Your booking")]), Facts(tuple(rows)), *([line(said[1])] if said and said[1] else [])),
        answer_type=_answer_type(state),
        buttons=rows_of(_booking_buttons(booking, state, asker)),
        edits_previous=True,
    )


_MAILED = "We have sent you an email with the details and a calendar entry."
_DONE = {
    "booked": ("Your place is booked", _MAILED),
    "waiting": ("You are on the waiting list", "If a place comes free for you, we email you at once."),
    "requested": ("Your booking waits for approval", "We have asked your organisation by email."),
    "there_already": ("You had booked this already", "Nothing was changed."),
    "moved": ("Your place is moved", _MAILED),
    "accepted": ("Your place is booked", _MAILED),
    "turned_down": ("You have turned the place down", "It has been passed on. Thank you for telling us."),
    "cancelled": ("Your booking is cancelled", "We have sent you an email that takes it out of your calendar."),
    "withdrawn": ("You have left the waiting list", "We have sent you an email to confirm it."),
}
_BOOKED = frozenset({"booked", "waiting", "requested", "there_already", "moved", "accepted"})


def _answer_type(state: State) -> str:
    return "booking_confirmed" if state.outcome in _BOOKED else "acknowledge" if state.outcome else "single_result"


def _booking_buttons(booking: OwnBooking, state: State, asker: Asker) -> list[Button]:
    if booking.state not in LIVE_STATES:
        return [button("Book it again", Verb.SESSION, booking.session_ref), button("My bookings", Verb.MINE), _FIND]
    found: list[Button] = []
    if booking.state == BookingState.OFFERED:
        found += [button("Take the place", Verb.ACCEPT, booking.ref), button("Turn it down", Verb.TURN_DOWN, booking.ref)]
    if booking.state == BookingState.INVITED or (booking.standby_asked_at is not None and booking.standby_answered_at is None):
        found.append(Button("Answer on its page", href=f"/bookings/{booking.ref}"))
    if booking.state == BookingState.CONFIRMED:
        found.append(Button("Put it in my calendar", href=f"/bookings/{booking.ref}/calendar.ics"))
        found.append(Button("Tell us what you need (access, food)", href=f"/bookings/{booking.ref}/needs"))
    if can_undo(booking, state, asker):
        found.append(button("Undo this booking", Verb.CANCEL, booking.ref))
    elif booking.state != BookingState.OFFERED:
        found.append(button("Leave the list" if booking.state == BookingState.WAITING else "Cancel it", Verb.CANCEL, booking.ref))
    if booking.state == BookingState.CONFIRMED:
        found.append(button("Move to another date", Verb.MOVE, booking.ref))
    return found[:CHOICES]


def can_undo(booking: OwnBooking, state: State, asker: Asker) -> bool:
    """Whether a booking made a moment ago can be taken back without a reason: what is late needs one (booking.md, Booking 7)."""
    is_fresh = (asker.now - booking.created_at).total_seconds() < _UNDO_SECONDS
    return state.outcome in {"booked", "waiting"} and is_fresh and not is_late_now(booking, now=asker.now)


_UNDO_SECONDS = 600


async def show_which(state: State, asker: Asker) -> Reply:
    """Which booking is meant: to cancel, to move, or to be told how to join; each with its button."""
    mine = {one.ref: one for one in await live_bookings(asker)}
    wanted = [mine[ref] for ref in state.found if ref in mine][:_SHOWN]
    if not wanted:
        return await show_mine(state, asker)
    if len(wanted) == 1 and state.word == "cancel_or_move":
        one = wanted[0]
        return Reply(
            (line("You can cancel your place or move it to another date."), Listing((_plain_item(one),), is_numbered=False)),
            answer_type="clarify",
            buttons=rows_of(
                (
                    button("Cancel it", Verb.CANCEL, one.ref),
                    button("Move to another date", Verb.MOVE, one.ref),
                    button("Leave it as it is", Verb.DENY, 0),
                )
            ),
        )
    asked, verb = _WHICH.get(state.word, _WHICH["cancel"])
    items = tuple(Item(Span(one.title, is_strong=True), (_when(one),), button("Choose", verb, one.ref)) for one in wanted)
    return Reply((line(asked), Listing(items)), answer_type="clarify", buttons=rows_of((button("None of these", Verb.DENY, 0),)))


_WHICH = {
    "cancel": ("Which booking do you want to cancel?", Verb.CANCEL),
    "cancel_or_move": ("Which booking is it? You can cancel it or move it to another date.", Verb.OWN),
    "move": ("Which booking do you want to move?", Verb.MOVE),
    "joining": ("Which session do you want to join?", Verb.JOINING),
}


def _plain_item(booking: ListedBooking) -> Item:
    return Item(Span(booking.title, is_strong=True), (_when(booking), place_words(booking.delivery, booking.venue)))


async def show_cancel_card(state: State, asker: Asker) -> Reply:
    """The card before a booking ends, an offer is taken or turned down."""
    booking = await own_booking(state.booking, asker)
    facts = await session_facts(booking.session_ref, viewer=asker.viewer, now=asker.now)
    question, label = _CARDS[Deed(state.deed)]
    if state.deed == Deed.CANCEL and booking.state == BookingState.WAITING:
        question, label = "Leave this waiting list?", "Yes, leave it"
    rows = [("Training", booking.title), *dated(facts), ("Place", where(facts, booking.mode)), ("Who", booking.learner_name)]
    notes = []
    if state.deed == Deed.CANCEL and booking.state == BookingState.CONFIRMED:
        notes.append(line("Your place passes to whoever is next on the list, or is free again."))
    if state.reason:
        rows.append(("Reason", CANCEL_REASONS.get(state.reason, state.reason)))  # type: ignore[call-overload]  # a word of the list
    return Reply(
        (heading(question), Facts(tuple(rows)), *notes),
        answer_type="booking_confirm_prompt",
        buttons=((button(label, Verb.CONFIRM, state.deed, state.booking, state.card), button("No, leave it", Verb.DENY, state.card)),),
        edits_previous=True,
    )


_CARDS = {
    Deed.CANCEL: ("Cancel this booking?", "Yes, cancel it"),
    Deed.ACCEPT: ("Take this place?", "Yes, take it"),
    Deed.TURN_DOWN: ("Turn this place down?", "Yes, turn it down"),
}


async def show_reason(_state: State, _asker: Asker) -> Reply:
    """Why somebody cancels late: from the fixed list, never in words of their own."""
    return Reply(
        (line("This is in the last working days before the session, so please say why:"),),
        answer_type="clarify",
        buttons=(
            *rows_of([button(label, Verb.REASON, code) for code, label in CANCEL_REASONS.items()]),
            (button("Do not cancel", Verb.DENY, 0),),
        ),
    )


async def show_move(state: State, asker: Asker) -> Reply:
    """Other dates of the course that a booking can move to."""
    booking = await own_booking(state.booking, asker)
    refs = list(state.found) or await other_dates(state.booking, asker)
    items = await session_items(refs[:_SHOWN], asker)
    shown = [
        Item(item.title, item.lines, button("Move here", Verb.MOVE_TO, booking.ref, ref))
        for ref in refs[:_SHOWN]
        if (item := items.get(ref))
    ]
    if not shown:
        return Reply(
            (line(f"There is no other date of {booking.title} that can be booked now. Your place stays as it is."),),
            answer_type="no_results_with_alternatives",
            buttons=rows_of((button("Cancel it instead", Verb.CANCEL, booking.ref), button("My bookings", Verb.MINE))),
        )
    return Reply(
        (
            line(f"You are booked on {booking.title}, {_when(booking)}. Your place is kept until you confirm. Move to:"),
            Listing(tuple(shown)),
        ),
        answer_type="clarify",
        buttons=rows_of((button("Leave it as it is", Verb.DENY, 0),)),
    )


async def show_joining(state: State, asker: Asker) -> Reply:
    """How to join or get there: the link itself only on our own pages, since other channels are not ours (front_door.md 7.14)."""
    booking = await own_booking(state.booking, asker)
    facts = await session_facts(booking.session_ref, viewer=asker.viewer, now=asker.now)
    rows = [("Training", booking.title), *dated(facts), ("Place", where(facts, booking.mode))]
    is_online = facts.delivery == Delivery.ONLINE or booking.mode == Mode.ONLINE
    is_near = booking.begins_at is not None and asker.now >= joining_time(booking.starts_at)
    page = Button("Open my booking", href=f"/bookings/{booking.ref}")
    told: Paragraph
    if booking.state != BookingState.CONFIRMED:
        told = line("Your place is not confirmed, so there is nothing to join yet.")
    elif not is_near:
        told = line("The joining instructions come by email five working days before, and stand on your booking’s page from then on.")  # noqa: RUF001 - as printed
    elif is_online and booking.joining_link and asker.channel is Channel.WEB:
        told = Paragraph((Span("Join here: "), Span(booking.joining_link, href=booking.joining_link)))
    elif is_online:
        told = line("The joining link is in your email and on your booking’s page, where you sign in.")  # noqa: RUF001 - as printed
    else:
        told = line("How to get there, parking and access are in your email and on your booking’s page.")  # noqa: RUF001 - as printed
    return Reply(
        (heading("Joining instructions"), Facts(tuple(rows)), told),
        answer_type="join_details",
        buttons=rows_of((page, button("My bookings", Verb.MINE))),
    )


async def show_record(_state: State, asker: Asker) -> Reply:
    """What falls due, the most pressing first, and how much is on the record."""
    record = await training_record(asker.person_id or 0, asker.viewer.name, now=asker.now)
    pressing = sorted(record.dues, key=lambda due: (_URGENCY[due.state], due.due_on or record.on))
    items = tuple(_due_item(due) for due in pressing[:_SHOWN])
    done = len(record.whole)
    hours = f", {record.hours} in all" if record.hours else ""
    blocks = [heading("Your training record"), line(f"{plural(done, 'course')} completed{hours}.")]
    blocks += [line("What your roles ask of you:")] if items else [line("No rule asks anything of the job roles you gave us.")]
    buttons = [Button("Open my record", href="/me/record"), Button("My certificates", href="/me/certificates"), _FIND]
    return Reply((*blocks, *([Listing(items, is_numbered=False)] if items else [])), answer_type="booking_list", buttons=rows_of(buttons))


_URGENCY = {DueState.OVERDUE: 0, DueState.GRACE: 1, DueState.SOON: 2, DueState.MET: 3}


def _due_item(due: Due) -> Item:
    when = f"due on {short_day(due.due_on)} {due.due_on.year}" if due.due_on else "not due again"
    last = f"last done on {short_day(due.last_day)} {due.last_day.year}" if due.last_day else "nothing on record yet"
    return Item(Span(due.asked.rule.title, is_strong=True), (f"{DUE_WORDS[due.state][0]}: {when}; {last}",))


async def show_following(state: State, asker: Asker) -> Reply:
    """What somebody is told of, each with its stop, and a stop for all."""
    found = await my_subscriptions(asker.person_id or 0)
    said = {
        "followed": "I will tell you what is new: once a day in the morning, never at night.",
        "following_already": "You are told of this already.",
        "unfollowed": "Stopped. You get no more news about it.",
        "unfollowed_all": "Stopped. You get no more news of any kind. Letters about your own bookings still come.",
    }.get(state.outcome, "")
    blocks = [line(said)] if said else []
    if not found:
        blocks.append(
            line("You are not told of anything new. Ask me to tell you about a topic, such as “tell me about new neglect training”.")
        )
        return Reply(tuple(blocks), answer_type="subscription_confirm", buttons=rows_of((_FIND, button("Help", Verb.HELP))))
    names = [*(f"Topic: {one.label}" for one in found.topics), *(f"Course: {one.title}" for one in found.courses)]
    blocks.append(line("You are told of what is new on:"))
    listing = Listing(tuple(Item(Span(name)) for name in names[:_SHOWN]), is_numbered=False)
    stops = [button(f"Stop {one.label}"[:60], Verb.UNFOLLOW, one.slug) for one in found.topics[:2]]
    stops += [button(f"Stop {one.title}"[:60], Verb.UNFOLLOW, one.code) for one in found.courses[: 2 - len(stops)]]
    return Reply(
        (*blocks, listing),
        answer_type="subscription_confirm",
        buttons=rows_of((*stops, button("Stop all of these", Verb.UNFOLLOW_ALL), Button("Change them on my page", href=_SUBSCRIPTIONS))),
    )


_SUBSCRIPTIONS = "/me/news"


async def show_follow_card(state: State, asker: Asker, *, label: str) -> Reply:
    """The question before somebody is told of a topic."""
    address = "by email" if asker.channel is Channel.WEB else "here or by email, as you chose on your account page"
    return Reply(
        (
            heading("Tell you what is new?"),
            Facts((("Topic", label), ("What", "New dates and new resources"), ("When", f"Once a day in the morning, {address}"))),
            line("You can stop it with one press."),
        ),
        answer_type="subscription_confirm",
        buttons=((confirming("Yes, tell me", Deed.FOLLOW, state.word, state.card), button("No", Verb.DENY, state.card)),),
        edits_previous=True,
    )
