"""The web application as one value: every slice's routes, who asks, kept pages and their watch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from starlette.applications import Starlette

from marstraining.attendance import desk as attendance_desk
from marstraining.attendance import pages as attendance_pages
from marstraining.bookings import pages as bookings_pages
from marstraining.bulletins import pages as bulletins_pages
from marstraining.certificates import desk as certificates_desk
from marstraining.certificates import pages as certificates_pages
from marstraining.colleagues import pages as colleagues_pages
from marstraining.conversation import desk as conversation_desk
from marstraining.conversation import pages as conversation_pages
from marstraining.core import config
from marstraining.core.bank_holidays import learn_bank_holidays
from marstraining.core.clock import today
from marstraining.core.config import Settings
from marstraining.core.db import connect, stamp
from marstraining.core.metrics import count_sign_in, observe
from marstraining.core.web import PageRoute, assemble
from marstraining.core.web.headers import Headers
from marstraining.coverage import desk as coverage_desk
from marstraining.coverage import pages as coverage_pages
from marstraining.digests import pages as digests_pages
from marstraining.evaluation import desk as evaluation_desk
from marstraining.evaluation import pages as evaluation_pages
from marstraining.leads import desk as leads_desk
from marstraining.messages import desk as messages_desk
from marstraining.messages import pages as messages_pages
from marstraining.people import desk as people_desk
from marstraining.people import pages as people_pages
from marstraining.people.browsers import resolve
from marstraining.portal import desk as portal_desk
from marstraining.portal import pages as portal_pages
from marstraining.programme import desk as programme_desk
from marstraining.reported_marks import desk as reported_marks_desk
from marstraining.reports import desk as reports_desk
from marstraining.reports import pages as reports_pages
from marstraining.resources import desk as resources_desk
from marstraining.resources import pages as resources_pages
from marstraining.resources.actions import keep_writing_uses
from marstraining.search import api as search_api
from marstraining.search import desk as search_desk
from marstraining.search import pages as search_pages
from marstraining.search.queries import watch_index
from marstraining.uploads import desk as uploads_desk

# What public pages are made of; bookings count, since they show places left.
WATCHED = ("programme_course", "programme_session", "programme_venue", "bookings_booking", "resources_resource")

# Where a link or a code is redeemed, and what an answer there means besides "failed"; asking for one is only counted when refused.
_SIGN_IN_ROUTES = frozenset({"/sign-in/sent", "/sign-in/l/{token}"})
_SIGN_IN_OUTCOMES = {303: "ok", 429: "limited"}
_ASKING = ("/sign-in", 429)

_AFTER_THE_FIRST_PAGE = 1.0
# Of which years the bank holidays are known from the start: those that a page asks about.
_YEARS_BACK, _YEARS_AHEAD = 1, 3


def all_routes() -> list[PageRoute]:
    """Every route of the service, in the order in which they are tried."""
    # Fixed words before references: /desk/sessions/new would else be taken for a session of that name, and
    # /calendar/programme.ics for somebody's /calendar/{token}.ics.
    return [
        *programme_desk.routes,
        *portal_desk.routes,
        *leads_desk.routes,
        *portal_pages.routes,
        *reported_marks_desk.routes,
        *attendance_desk.routes,
        *attendance_pages.routes,
        *bookings_pages.routes,
        *colleagues_pages.routes,
        *bulletins_pages.routes,
        *resources_pages.routes,
        *resources_desk.routes,
        *search_pages.routes,
        *search_api.routes,
        *search_desk.routes,
        *certificates_pages.routes,
        *certificates_desk.routes,
        *evaluation_pages.routes,
        *evaluation_desk.routes,
        *coverage_pages.routes,
        *coverage_desk.routes,
        *reports_pages.routes,
        *reports_desk.routes,
        *conversation_pages.routes,
        *conversation_desk.routes,
        *digests_pages.routes,
        *people_pages.routes,
        *people_desk.routes,
        *messages_desk.routes,
        *messages_pages.routes,
        *uploads_desk.routes,
    ]


def create_app(settings: Settings, *, connect_database: bool = True, is_watching: bool = True) -> Headers:
    """The application for these settings, which become those of the process.

    `connect_database` False is for callers that hold the database open already; `is_watching` False keeps no page.
    """
    config.use(settings)
    application: Headers

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if connect_database:
                await stack.enter_async_context(connect(settings))
            beside = [asyncio.create_task(_know_holidays()), asyncio.create_task(keep_writing_uses())]
            if is_watching:
                beside.append(asyncio.create_task(application.kept.watch(lambda: stamp(WATCHED))))
                beside.append(asyncio.create_task(watch_index(on_change=application.kept.forget)))
            yield
            for task in beside:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    application = assemble(all_routes(), base_url=settings.base_url, resolve=resolve, lifespan=lifespan, observe=_observe)
    return application


async def _know_holidays() -> None:
    # Neither the first page after a start nor a later request should wait for them, so they are learnt between the two.
    await asyncio.sleep(_AFTER_THE_FIRST_PAGE)
    year = today().year
    await learn_bank_holidays(range(year - _YEARS_BACK, year + _YEARS_AHEAD + 1))


def _observe(route: str, method: str, status: int, seconds: float) -> None:
    observe(route, method, status, seconds)
    if method == "POST" and (route in _SIGN_IN_ROUTES or (route, status) == _ASKING):
        count_sign_in(_SIGN_IN_OUTCOMES.get(status, "failed"))
