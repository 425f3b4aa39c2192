"""Today: what needs the training team, each a count that leads to its list, each line of a list with one thing to do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.rules import TRAINERS_MARK_FOR
from marstraining.bookings.actions import joining_time, release_leaver
from marstraining.conversation.queries.numbers import stale_numbers
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Form, Pager, page, read_form, render, roles, see_other, viewer_of
from marstraining.core.web.dates import plural
from marstraining.messages.queries import delivery
from marstraining.people.queries.persons import person_record
from marstraining.portal.queries.today import counts, days_to_next_paper, kinds_of, listed, next_sessions
from marstraining.portal.queries.workspace import run_session
from marstraining.programme.actions import confirm_numbers
from marstraining.reports.rules import REMINDED_BEFORE

AT_THE_DESK = roles(Role.DESK, Role.PARTNER_ORGANISER, Role.ADMINISTRATOR)
DONE = {
    "released": "Their bookings are cancelled, and each place has been passed on.",
    "numbers": "Noted: the venue has the final numbers.",
    "locked": "The register is locked.",
}
# What the one action of a session's line says, and where in the session's workspace it leads.
_OF_SESSIONS = {
    "oversold": ("Change places", "/places"),
    "decisions": ("Decide", "/decide"),
    "postponed": ("Set a new date", "/move"),
    "trainers": ("Ask a trainer", "/trainers"),
    "links": ("Add the link", "/edit"),
    "low": ("Look at it", ""),
    "numbers": ("Venue told", "/numbers"),
    "lists": ("Add a date", "/copy"),
    "needs": ("Arrange", "/needs"),
    "registers": ("Register", "/register"),
}


@frozen
class Words:
    """What a kind is called: beside its number, as the heading of its list, and why it is there.

    `at` is where it is listed, for one with a page of its own elsewhere.
    """

    one: str
    many: str
    heading: str = ""
    why: str = ""
    tone: str = "act"
    at: str = ""


WORDS: Mapping[str, Words] = {
    "oversold": Words("session with more people than places", "sessions with more people than places", "More people than places",
        "More places are held than there are. Nobody has been taken off: add places, or help somebody to another date.", "urgent"),
    "decisions": Words(
        "session to decide on",
        "sessions to decide on",
        "Decide whether they run",
        "These must be decided within 7 days. For each, say that it runs or call it off.",
        "urgent",
    ),
    "postponed": Words("postponed session without a new date", "postponed sessions without a new date", "Postponed, no new date",
        "Everybody booked keeps their place. When you set a new date they are asked whether they can come."),
    "trainers": Words("session without a trainer", "sessions without a trainer", "No trainer yet",
        "These start within 4 weeks and nobody who was asked has accepted.", "urgent"),
    "links": Words("session without a joining link", "sessions without a joining link", "No joining link yet",
        "These start online within 10 days. Add the link before the joining instructions go out.", "urgent"),
    "low": Words("session with few bookings", "sessions with few bookings", "Few bookings",
        "These start within 2 weeks, with fewer people than the minimum or less than 40% of places taken."),
    "numbers": Words("venue waiting for final numbers", "venues waiting for final numbers", "Final numbers due",
        "These venues need final numbers within 7 days."),
    "lists": Words("long waiting list", "long waiting lists", "Long waiting lists",
        "Five people or more are waiting. Another date would help them most."),
    "offers": Words("offer runs out today", "offers run out today", "Offers that run out today",
        "An offer that nobody answers passes to the next person on the waiting list. A call helps."),
    "needs": Words("session with access needs to arrange", "sessions with access needs to arrange", "Access needs to arrange",
        "Somebody booked has told us what they need and nobody has noted that it is arranged.", "urgent"),
    "registers": Words("register not locked", "registers not locked", "Registers not locked",
        "These ended three days ago or more. Their trainers were asked the morning after. Certificates go out when a register is locked."),
    "leavers": Words("booking of somebody who has left", "bookings of people who have left", "Leavers with bookings",
        "They were marked as having left their organisation and still hold a place or wait for one."),
    "unused": Words("accreditation without use", "accreditations without use", "Accreditations without use",
        "Nobody has told us for a long time that they use this tool. Ring them: note that they use it, or end the accreditation."),
    "learning": Words("entry of learning elsewhere to look at", "entries of learning elsewhere to look at", "Learnt elsewhere",
        "Learners put these on their records. Each counts towards their required training once you have confirmed it."),
    "papers": Words("board paper due", "board papers due", at="/board"),
    "bounced": Words("email address that bounced", "email addresses that bounced", at="/desk/letters/bounced"),
    "organisations": Words("new organisation to check", "new organisations to check", "New organisations",
        "Learners typed these because they were not in the list. Add each to the list or merge it with the right one."),
    "links_broken": Words(
        "resource with a broken link", "resources with a broken link", at="/desk/resources?needs=broken", tone="urgent"
    ),
    "resources_review": Words("resource to review", "resources to review", at="/desk/resources?needs=review"),
    "resources_quality": Words(
        "resource due a quality check", "resources due a quality check", at="/desk/resources?needs=quality"
    ),
    "infected": Words("file with a virus, removed", "files with a virus, removed", at="/desk/uploads", tone="urgent"),
    "unscanned": Words("file not checked for viruses", "files not checked for viruses", at="/desk/uploads", tone="urgent"),
    "held": Words("letter on hold", "letters on hold", at="/desk/letters?state=held", tone="urgent"),
    "letters": Words("letter that could not be sent", "letters that could not be sent", at="/desk/letters?state=failed"),
}  # fmt: skip


async def today(request: Request) -> Response:
    """The figures, most pressing first, and what comes next."""
    now, viewer = clock.now(), viewer_of(request)
    found = await counts(viewer, now=now)
    stats = [
        (await _words(name, number, now=now), number, WORDS[name].at or f"/desk/today/{name}") for name, number in found.items() if number
    ]
    return render(
        request,
        "portal_desk/today.html",
        stats=sorted(stats, key=lambda stat: stat[0].tone != "urgent"),
        now=now,
        mail=await delivery(now=now) if viewer.is_desk or viewer.is_administrator else None,
        coming=await next_sessions(viewer, now=now),
        runs_sessions="decisions" in found,
        untried=len(await stale_numbers(now=now)) if viewer.is_desk else None,
    )


async def _words(name: str, number: int, *, now: datetime) -> Words:
    """What is said beside a figure; of board papers by when, and pressing in the last three working days."""
    words = WORDS[name]
    days = await days_to_next_paper(now=now) if name == "papers" else None
    if days is None:
        return words
    due = f"in {plural(days, 'working day')}" if days > 0 else "today" if days == 0 else f"{plural(-days, 'working day')} ago"
    said = f"{words.one} {due}" if number == 1 else f"{words.many}, the first {due}"
    return replace(words, one=said, many=said, tone="urgent" if days <= REMINDED_BEFORE else words.tone)


async def kind(request: Request) -> Response:
    """The list behind a figure."""
    return await _list_page(request, request.path_params["kind"], form=Form())


async def _list_page(request: Request, name: str, *, form: Form) -> Response:
    now, viewer = clock.now(), viewer_of(request)
    if name not in kinds_of(viewer) or WORDS[name].at:
        raise NotFound
    pager = Pager.of(request, (await counts(viewer, now=now))[name])
    return render(
        request,
        f"portal_desk/kind_{'sessions' if name in _OF_SESSIONS else name}.html",
        kind=name,
        words=WORDS[name],
        rows=await listed(name, viewer, now=now, limit=pager.per_page, offset=pager.offset),
        pager=pager,
        action=_OF_SESSIONS.get(name),
        certain_before=now - TRAINERS_MARK_FOR,
        joining_time=joining_time,
        now=now,
        form=form,
        done=DONE,
    )


async def release(request: Request) -> Response:
    """Cancel what somebody who has left still holds."""
    form = await read_form(request)
    person = await person_record(form.ref("person"))
    if person is None:
        raise NotFound
    try:
        await release_leaver(person["id"], by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await _list_page(request, "leavers", form=form)
    return see_other("/desk/today/leavers?done=released")


async def numbers(request: Request) -> Response:
    """Note that a venue has the final numbers."""
    viewer, now = viewer_of(request), clock.now()
    form = await read_form(request)
    session = await run_session(request.path_params["ref"], viewer=viewer, now=now)
    await confirm_numbers(session.id, number=session.confirmed, by=viewer, now=now)
    back = "/desk/today/numbers" if form.get("from") == "today" else f"/desk/sessions/{session.ref}"
    return see_other(f"{back}?done=numbers")


routes = [
    page("/desk", today, who=AT_THE_DESK),
    page("/desk/today/leavers/release", release, who=roles(Role.DESK), methods=("POST",)),
    page("/desk/today/{kind}", kind, who=AT_THE_DESK),
    page("/desk/sessions/{ref}/numbers", numbers, who=roles(Role.DESK, Role.PARTNER_ORGANISER), methods=("POST",)),
]
