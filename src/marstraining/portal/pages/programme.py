"""The programme as a list, as a month and as a feed to subscribe to."""

from calendar import Calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.icalendar_writer import feed
from marstraining.core.web import ANYONE, SIGNED_IN, Pager, page, render, see_other, viewer_of
from marstraining.core.web.pager import page_number
from marstraining.portal.cards import by_month
from marstraining.portal.pages.responses import calendar_response
from marstraining.portal.queries import month_cards, programme_feed, programme_page
from marstraining.portal.queries.typed import understood_as
from marstraining.programme.calendar import public_entries
from marstraining.programme.forms import FIELDS, ReadFilter, read_filter
from marstraining.programme.queries import topics_in_use, visible_to
from marstraining.programme.rules import AUDIENCES, DELIVERY_LABELS, FINDABLE_AUDIENCES, KIND_LABELS, WHEN_LABELS
from marstraining.safety.gate import ring_first

_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2100


async def programme(request: Request) -> Response:
    """The list. Filters that were not understood are said and do not narrow."""
    now = clock.now()
    if elsewhere := ring_first(request.query_params.get("q", "")):
        return see_other(elsewhere)
    read = read_filter(request.query_params)
    listing = await programme_page(read.filter, now=now, page=page_number(request.query_params.get("page", "")))
    return render(
        request,
        "portal/programme.html",
        read=read,
        months=by_month(listing.cards),
        pager=Pager.of(request, listing.total),
        own=False,
        understood=await understood_as(read.filter.words, now=now),
        **await _choices(read, "/programme"),
    )


async def own_programme(request: Request) -> Response:
    """The list with what is only for some audiences or by invitation, for the person signed in."""
    now = clock.now()
    if elsewhere := ring_first(request.query_params.get("q", "")):
        return see_other(elsewhere)
    read = read_filter(request.query_params)
    viewer = viewer_of(request)
    scope = await visible_to(viewer, now=now)
    number = page_number(request.query_params.get("page", ""))
    listing = await programme_page(read.filter, now=now, page=number, scope=scope, root="/me/sessions/", reader_id=viewer.person_id)
    return render(
        request,
        "portal/programme.html",
        read=read,
        months=by_month(listing.cards),
        pager=Pager.of(request, listing.total),
        own=True,
        understood=await understood_as(read.filter.words, now=now),
        **await _choices(read, "/me/programme"),
    )


async def month(request: Request) -> Response:
    """One month as a calendar; an unknown month is the present one."""
    if elsewhere := ring_first(request.query_params.get("q", "")):
        return see_other(elsewhere)
    read = read_filter(request.query_params)
    first = _first_of(request.query_params.get("month", ""))
    cards = await month_cards(first, read.filter, now=clock.now())
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return render(
        request,
        "portal/month.html",
        read=read,
        first=first,
        weeks=weeks,
        cards=cards,
        today=clock.today(),
        previous=_month_link(read, first - timedelta(days=1)),
        following=_month_link(read, (first.replace(day=28) + timedelta(days=4)).replace(day=1)),
        **await _choices(read, "/programme/month", month=f"{first:%Y-%m}"),
    )


async def programme_ics(request: Request) -> Response:
    """The feed: the same sessions as the list under the same filters, nearest first, at most 1,000 training days."""
    read = read_filter(request.query_params)
    days = await programme_feed(read.filter, now=clock.now())
    settings = config.current()
    name = f"{settings.partnership.short_name} training"
    body = feed(
        public_entries(days, base_url=settings.base_url),
        name=name,
        description=f"Training dates of {settings.partnership.name}. Book at {settings.base_url}/programme",
    )
    return calendar_response(body, changed_at=max((day.changed_at for day in days), default=None))


async def calendar_page(request: Request) -> Response:
    """How to subscribe, with the filters carried over from the programme."""
    read = read_filter(request.query_params)
    address = f"{config.current().base_url}/calendar/programme.ics{read.query()}"
    chosen = _described(read, dict(await topics_in_use()))
    return render(request, "portal/calendar.html", address=address, webcal=_webcal(address), chosen=chosen)


def _webcal(address: str) -> str:
    return "webcal" + address[len(urlsplit(address).scheme) :]


async def _choices(read: ReadFilter, action: str, **kept: str) -> dict[str, Any]:
    topics = dict(await topics_in_use())
    chosen = _described(read, topics, **kept)
    return {
        "topics": topics,
        "audiences": FINDABLE_AUDIENCES,
        "deliveries": DELIVERY_LABELS,
        "kinds": KIND_LABELS,
        "whens": WHEN_LABELS,
        "chosen": chosen,
        "chosen_links": [(text, action + query) for text, query in chosen],
    }


def _described(read: ReadFilter, topics: Mapping[str, str], **kept: str) -> list[tuple[str, str]]:
    """The filters in force, in words, each with the query of the programme without it."""
    labels: dict[str, Mapping[Any, str]] = {
        "topic": topics,
        "audience": AUDIENCES,
        "delivery": DELIVERY_LABELS,
        "kind": KIND_LABELS,
        "when": WHEN_LABELS,
    }
    said = {"q": "“{}”", "from": "from {}", "to": "until {}"}
    found = []
    for name, value in read.typed.items():
        if name in read.errors:
            continue
        label = "With places left" if name == "places" else said[name].format(value) if name in said else labels[name].get(value, value)
        found.append((label, read.query(**kept, **{name: ""})))
    return found


def _first_of(typed: str) -> date:
    try:
        first = datetime.strptime(typed, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return clock.today().replace(day=1)
    return first if _EARLIEST_YEAR <= first.year <= _LATEST_YEAR else clock.today().replace(day=1)


def _month_link(read: ReadFilter, day: date) -> tuple[str, str]:
    query = urlencode({"month": f"{day:%Y-%m}", **read.typed})
    return f"{day:%B %Y}", f"/programme/month?{query}"


routes = [
    page("/programme", programme, who=ANYONE, kept=True, known=(*FIELDS, "page")),
    page("/programme/month", month, who=ANYONE, kept=True, known=(*FIELDS, "month")),
    page("/calendar", calendar_page, who=ANYONE, kept=True, known=FIELDS),
    page("/calendar/programme.ics", programme_ics, who=ANYONE, kept=True, known=FIELDS),
    page("/me/programme", own_programme, who=SIGNED_IN),
]
