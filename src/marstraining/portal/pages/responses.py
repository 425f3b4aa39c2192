"""Responses that are not pages: calendars."""

from datetime import datetime
from email.utils import format_datetime

from starlette.responses import Response


def calendar_response(body: bytes, *, changed_at: datetime | None, filename: str = "") -> Response:
    """A calendar: kept out of search engines, asked for again within the hour; as a file to open once when it has a name."""
    headers = {"X-Robots-Tag": "noindex", "Cache-Control": "public, max-age=300"}
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at.replace(microsecond=0), usegmt=True)
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
