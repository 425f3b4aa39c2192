"""The home page and the pages that every public service has."""

from datetime import timedelta
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from marstraining.core import clock, config
from marstraining.core.db.runner import pending_migrations, probe_write
from marstraining.core.web import ANYONE, page, render
from marstraining.portal.queries import programme_page
from marstraining.programme.queries import public_addresses, topics_in_use
from marstraining.programme.rules import ProgrammeFilter
from marstraining.resources.queries import public_resource_paths

_NEXT = 6
_STATIC_PATHS = ("/", "/programme", "/courses", "/calendar", "/resources", "/topics", "/help", "/accessibility", "/privacy")
# RFC 9116 asks for less than a year; half a year keeps the file true after a long spell without a release.
_SECURITY_TXT_LASTS = timedelta(days=180)


async def home(request: Request) -> Response:
    listing = await programme_page(ProgrammeFilter(), now=clock.now(), size=2 * _NEXT)
    on = [card for card in listing.cards if not card.is_off][:_NEXT]
    return render(request, "portal/home.html", cards=on, total=listing.total, topics=await topics_in_use())


async def accessibility(request: Request) -> Response:
    return render(request, "portal/accessibility.html")


async def privacy(request: Request) -> Response:
    return render(request, "portal/privacy.html")


async def help_page(request: Request) -> Response:
    return render(request, "portal/help.html")


async def sitemap(request: Request) -> Response:
    """Public courses, coming public sessions and public resources; nothing that is restricted, invited or a draft."""
    _ = request
    base = config.current().base_url
    paths = [*_STATIC_PATHS, *await public_addresses(now=clock.now()), *await public_resource_paths()]
    lines = "".join(f"<url><loc>{escape(base + path)}</loc></url>\n" for path in paths)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return Response(f"{head}{lines}</urlset>\n", media_type="application/xml")


async def robots(request: Request) -> Response:
    _ = request
    hidden = ("/me", "/desk", "/bookings", "/teaching", "/agency", "/board", "/sign-in", "/calendar/", "/evaluation")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in hidden), f"Sitemap: {config.current().base_url}/sitemap.xml"]
    return PlainTextResponse("\n".join(lines) + "\n")


async def security_txt(request: Request) -> Response:
    """Whom to tell of a weakness (RFC 9116)."""
    _ = request
    settings = config.current()
    # The first of a month, so that the page is the same bytes for weeks.
    expires = (clock.now() + _SECURITY_TXT_LASTS).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{settings.partnership.reply_to}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
    ]
    return PlainTextResponse("\n".join(lines) + "\n")


async def healthz(request: Request) -> Response:
    """The process answers; the database is not asked."""
    _ = request
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Requests can be served: the database takes a write and has every migration; without it the error page says 503.

    Mail is not asked: a service that cannot send letters still takes bookings (security.md, R4).
    """
    _ = request
    await probe_write()
    missing = await pending_migrations()
    if missing:
        return JSONResponse({"status": "migrations pending", "migrations": list(missing)}, status_code=503, headers={"Retry-After": "30"})
    return JSONResponse({"status": "ready"})


routes = [
    page("/", home, who=ANYONE, kept=True),
    page("/accessibility", accessibility, who=ANYONE, kept=True),
    page("/privacy", privacy, who=ANYONE, kept=True),
    page("/help", help_page, who=ANYONE, kept=True),
    page("/sitemap.xml", sitemap, who=ANYONE, kept=True),
    page("/robots.txt", robots, who=ANYONE, kept=True),
    page("/.well-known/security.txt", security_txt, who=ANYONE, kept=True),
    page("/healthz", healthz, who=ANYONE, impersonal=True),
    page("/readyz", readyz, who=ANYONE, impersonal=True),
]
