"""A session's page and calendar file, a course's page, the list of courses."""

from itertools import groupby
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.queries import Places, next_date_of, places
from marstraining.core import clock, config
from marstraining.core.icalendar_writer import download
from marstraining.core.viewer import ANYBODY
from marstraining.core.web import ANYONE, SIGNED_IN, page, render, viewer_of
from marstraining.portal.cards import KIND_HEADINGS, length_of
from marstraining.portal.pages.responses import calendar_response
from marstraining.portal.queries import course_cards, course_lines
from marstraining.portal.queries.teaching import standing_of
from marstraining.portal.structured_data import course_data, event_data
from marstraining.programme.calendar import session_entries
from marstraining.programme.queries import PUBLIC, course_facts, session_facts, visible_to
from marstraining.programme.rules import AUDIENCES, DELIVERY_LABELS, KIND_LABELS, CourseKind, Delivery

_NOTHING = Places(capacity=None, held=0, waiting=0, left=None)


async def session(request: Request) -> Response:
    """A public session: the same page for everyone, booking is a link."""
    return await _session_page(request, is_own=False)


async def own_session(request: Request) -> Response:
    """The same for the person signed in, who may see sessions that are for some audiences or by invitation."""
    return await _session_page(request, is_own=True)


async def _session_page(request: Request, *, is_own: bool) -> Response:
    now = clock.now()
    viewer = viewer_of(request) if is_own else ANYBODY
    facts = await session_facts(request.path_params["ref"], viewer=viewer, now=now)
    left = (await places([facts.id], now=now)).get(facts.id, _NOTHING)
    standing = await standing_of(facts.id, viewer.person_id) if is_own else None
    return render(
        request,
        "portal/session.html",
        session=facts,
        course=facts.course,
        stage=facts.stage(now),
        places=left,
        place=facts.place,
        delivery=DELIVERY_LABELS[Delivery(facts.delivery)],
        kind=KIND_LABELS[CourseKind(facts.course.kind)],
        audiences=[AUDIENCES.get(code, code) for code in facts.audience_codes],
        organiser_host=urlsplit(facts.external_url).hostname or "",
        is_own=is_own,
        standing=standing,
        next_date=await next_date_of(facts.course.id, facts.id, viewer=viewer, now=now),
        data=None if is_own else event_data(facts, left, now=now, settings=config.current()),
    )


async def session_ics(request: Request) -> Response:
    """The session's training days as a calendar file to open once."""
    facts = await session_facts(request.path_params["ref"], now=clock.now())
    body = download(session_entries(facts, base_url=config.current().base_url))
    return calendar_response(body, changed_at=facts.changed_at, filename=f"{facts.course.code.lower()}-{facts.ref}.ics")


async def course(request: Request) -> Response:
    """A public course with its coming dates; its address works whatever the letter case of the code."""
    now = clock.now()
    facts = await course_facts(request.path_params["code"], now=now)
    cards = await course_cards(facts.id, now=now, scope=PUBLIC)
    return render(
        request,
        "portal/course.html",
        course=facts,
        kind=KIND_LABELS[CourseKind(facts.kind)],
        audiences=[AUDIENCES.get(code, code) for code in facts.audience_codes],
        length=length_of(facts.duration_minutes),
        cards=cards,
        is_own=False,
        data=course_data(facts, settings=config.current()),
    )


async def own_course(request: Request) -> Response:
    """The same for the person signed in."""
    now = clock.now()
    viewer = viewer_of(request)
    facts = await course_facts(request.path_params["code"], viewer=viewer, now=now)
    scope = await visible_to(viewer, now=now)
    cards = await course_cards(facts.id, now=now, scope=scope, root="/me/sessions/", reader_id=viewer.person_id)
    return render(
        request,
        "portal/course.html",
        course=facts,
        kind=KIND_LABELS[CourseKind(facts.kind)],
        audiences=[AUDIENCES.get(code, code) for code in facts.audience_codes],
        length=length_of(facts.duration_minutes),
        cards=cards,
        is_own=True,
        data=None,
    )


async def courses(request: Request) -> Response:
    """Everything that is taught, with the next date of each."""
    lines = sorted(await course_lines(now=clock.now()), key=lambda line: list(CourseKind).index(CourseKind(line.kind)))
    groups = [(KIND_HEADINGS[CourseKind(kind)], list(group)) for kind, group in groupby(lines, key=lambda line: line.kind)]
    return render(request, "portal/courses.html", groups=groups)


routes = [
    page("/sessions/{ref}.ics", session_ics, who=ANYONE, kept=True),
    page("/sessions/{ref}", session, who=ANYONE, kept=True),
    page("/me/sessions/{ref}", own_session, who=SIGNED_IN),
    page("/courses", courses, who=ANYONE, kept=True),
    page("/courses/{code}", course, who=ANYONE, kept=True),
    page("/me/courses/{code}", own_course, who=SIGNED_IN),
]
