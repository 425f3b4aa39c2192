"""The certificate on paper: A4, tagged, with its code and a QR code that leads to verifying it."""

from io import BytesIO
from urllib.parse import quote

import segno

from marstraining.certificates.rules import Facts, grouped
from marstraining.core.config import Settings
from marstraining.core.typesetting import typeset
from marstraining.core.web.dates import day_plain


def verify_address(settings: Settings, code: str) -> str:
    """The public address at which a code is verified."""
    return f"{settings.base_url}/verify?code={quote(code)}"


async def certificate_pdf(facts: Facts, *, code: str, issued_on: str, settings: Settings) -> bytes:
    """The PDF of a certificate that stands; `issued_on` in words. Nothing on it but what is frozen, and the partnership's branding."""
    address = verify_address(settings, code)
    data = {
        "title": f"{'Attended in part' if facts.is_partial else 'Certificate'}: {facts.course_title}, {facts.name}",
        "accent": settings.partnership.branding.accent,
        "short_name": settings.partnership.short_name,
        "issued_by": facts.issued_by,
        "is_partial": facts.is_partial,
        "name": facts.name,
        "organisation": facts.organisation,
        "course": facts.course_title,
        "facts": [[label, value] for label, value in _facts(facts) if value],
        "outcomes": list(facts.outcomes),
        "code": grouped(code),
        "verify": settings.base_url.removeprefix("https://").removeprefix("http://") + "/verify",
        "issued_on": issued_on,
        "qr": _qr(address),
    }
    return await typeset("certificate", data)


def _facts(facts: Facts) -> list[tuple[str, str]]:
    return [
        ("Session ended on" if facts.is_partial else "Completed on", day_plain(facts.completed_on)),
        ("Time attended" if facts.is_partial else "Time", facts.hours),
        ("Level", facts.level),
        ("How", facts.mode),
        ("Delivered by", ", ".join(facts.delivered_by)),
        ("Meets EYFS Annex C", "Yes" if facts.meets_annex_c and not facts.is_partial else ""),
    ]


def _qr(address: str) -> str:
    drawn = BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", xmldecl=False, border=0, dark="#1d1d29")
    return drawn.getvalue().decode()
