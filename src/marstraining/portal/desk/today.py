"""Today: what needs the training team, each a count that leads to its list, each line of a list with one thing to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import page, render, roles, viewer_of
from marstraining.portal.queries.today import counts, delivery, next_sessions

AT_THE_DESK = roles(Role.DESK, Role.PARTNER_ORGANISER, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind is called: beside its number, as the heading of its list, and why it is there."""

    one: str
    many: str
    heading: str
    why: str
    tone: str = "act"


WORDS: Mapping[str, Words] = {
    "decisions": Words(
        "session to decide on",
        "sessions to decide on",
        "Go or no-go",
        "The day by which to decide is at most 7 days away. Say that it runs, or call it off.",
        "urgent",
    ),
    "postponed": Words("postponed session without a new date", "postponed sessions without a new date", "Postponed, no new date",
        "Everybody booked keeps their place until you set the new date or call the session off."),
    "trainers": Words("session without a trainer", "sessions without a trainer", "No trainer yet",
        "These start within 4 weeks and nobody who was asked has accepted.", "urgent"),
    "links": Words("session without a joining link", "sessions without a joining link", "No joining link yet",
        "These start online within 10 days. The joining instructions go out 5 working days before.", "urgent"),
    "low": Words("session with few bookings", "sessions with few bookings", "Few bookings",
        "These start within 2 weeks, with fewer people than the minimum or less than 40% of places taken."),
    "numbers": Words("venue waiting for final numbers", "venues waiting for final numbers", "Final numbers due",
        "The venue needs to know how many come within 7 days."),
    "lists": Words("long waiting list", "long waiting lists", "Long waiting lists",
        "Five people or more are waiting. Another date would help them most."),
    "offers": Words("offer runs out today", "offers run out today", "Offers that run out today",
        "An offer that nobody answers passes to the next in line by itself. A call helps."),
    "needs": Words("session with access needs to arrange", "sessions with access needs to arrange", "Access needs to arrange",
        "Somebody booked has told us what they need and nobody has noted that it is arranged.", "urgent"),
    "leavers": Words("booking of somebody who has left", "bookings of people who have left", "Leavers with bookings",
        "They were marked as having left their organisation and still hold a place or wait for one."),
    "bounced": Words("email address that bounced", "email addresses that bounced", "Addresses that bounced",
        "A mail server refused these for good. Find out whether the address is wrong or the person has left."),
    "organisations": Words("new organisation to check", "new organisations to check", "New organisations",
        "Learners typed these because they were not in the list. Add each to the list or merge it with the right one."),
    "letters": Words("letter that could not be sent", "letters that could not be sent", "Failed letters",
        "Nobody has read these. Correct the address, or tell the person another way."),
}  # fmt: skip


# Where each is acted on.
_HREFS = {
    **dict.fromkeys(("decisions", "postponed", "trainers", "links", "low", "numbers", "lists", "offers", "needs"), "/desk/sessions"),
    **dict.fromkeys(("leavers", "bounced"), "/desk/people"),
    "organisations": "/desk/agencies",
    "letters": "/desk/people",
}


async def today(request: Request) -> Response:
    """The figures, most pressing first, and what comes next."""
    now, viewer = clock.now(), viewer_of(request)
    found = await counts(viewer, now=now)
    stats = [(name, WORDS[name], number) for name, number in found.items() if number]
    return render(
        request,
        "portal_desk/today.html",
        stats=sorted(stats, key=lambda stat: stat[1].tone != "urgent"),
        now=now,
        mail=await delivery(now=now) if viewer.is_desk or viewer.is_administrator else None,
        coming=await next_sessions(viewer, now=now),
        hrefs=_HREFS,
    )


routes = [page("/desk", today, who=AT_THE_DESK)]
