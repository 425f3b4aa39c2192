"""One's own certificates, a certificate by a link that ends, and verifying a code, which anybody may."""

import re
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.actions import verify_code
from marstraining.certificates.paper import certificate_pdf
from marstraining.certificates.queries import Issued, certificate_by_ref, certificates_of
from marstraining.certificates.rules import LINK_PURPOSE, Standing, grouped, link_end, link_key, read_code
from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.tokens import derive_token, same
from marstraining.core.web import ANYONE, NO_REFERRER, SIGNED_IN, Form, page, render, viewer_of
from marstraining.core.web.dates import day_plain
from marstraining.people.browsers import network_of

# When a link ends, in seconds as hexadecimal, and the proof of it.
_TOKEN = re.compile(r"([0-9a-f]{8})-([0-9a-f]{64})")
STANDING_WORDS = {
    Standing.VALID: ("Valid", "green"),
    Standing.EXPIRED: ("Accreditation expired", "orange"),
    Standing.WITHDRAWN: ("Withdrawn", "red"),
}


async def own_certificates(request: Request) -> Response:
    """The list."""
    viewer = viewer_of(request)
    if viewer.person_id is None:
        raise NotFound
    return render(request, "certificates/list.html", certificates=await certificates_of(viewer.person_id))


async def certificate(request: Request) -> Response:
    """A certificate for its holder, with a link to show it to somebody else; also for the lead of their agency and the desk."""
    found = await _own(request)
    now = clock.now()
    until = link_end(now)
    link = f"{config.current().base_url}/c/{found.ref}/{until:x}-{_proof(found, until)}"
    is_own = found.person_id == viewer_of(request).person_id
    ends = datetime.fromtimestamp(until, UTC) - timedelta(minutes=1)
    return _page(request, found, root=f"/certificates/{found.ref}", link=link if is_own else "", until=ends, is_own=is_own)


async def by_link(request: Request) -> Response:
    """The same for somebody who was given a link: without signing in, until the link ends."""
    return _page(request, await _by_link(request), root=request.url.path, is_own=False)


def _page(request: Request, found: Issued, *, root: str, is_own: bool, link: str = "", until: datetime | None = None) -> Response:
    is_by_link = root.startswith("/c/")
    return render(
        request,
        "certificates/certificate.html",
        headers=NO_REFERRER if is_by_link else None,
        certificate=found,
        facts=found.facts,
        code=grouped(found.code),
        root=root,
        link=link,
        until=until,
        is_own=is_own,
        is_by_link=is_by_link,
    )


async def own_pdf(request: Request) -> Response:
    """The PDF for whoever sees the page; a withdrawn certificate has none."""
    return await _pdf(await _own(request))


async def pdf_by_link(request: Request) -> Response:
    """The PDF for somebody who was given a link."""
    return await _pdf(await _by_link(request))


async def _pdf(found: Issued) -> Response:
    if not found.is_valid:
        raise NotFound
    made = await certificate_pdf(found.facts, code=found.code, issued_on=day_plain(found.issued_at), settings=config.current())
    name = f"certificate-{found.facts.course_code.lower()}-{found.facts.completed_on.isoformat()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


async def verify(request: Request) -> Response:
    """What a code tells: how the certificate stands, the course, the date, a first name; for every other code the same words."""
    typed = request.query_params.get("code", "").replace("\0", "")[:100]
    code = read_code(typed)
    form = Form.of(code=grouped(code) if code else typed)
    found, is_asked = None, "code" in request.query_params
    if is_asked and not typed.strip():
        form.fail("code", "Enter the code from the certificate")
        is_asked = False
    if is_asked:
        found = await verify_code(typed, network=network_of(request), now=clock.now())
    return render(
        request,
        "certificates/verify.html",
        form=form,
        is_asked=is_asked,
        found=found,
        words=STANDING_WORDS,
        checked_at=clock.now(),
    )


async def _own(request: Request) -> Issued:
    found = await certificate_by_ref(request.path_params["ref"], viewer=viewer_of(request), on=clock.today())
    if found is None:
        raise NotFound
    return found


async def _by_link(request: Request) -> Issued:
    """The certificate that a link shows; a wrong, ended or unknown one is as if there were none."""
    token = _TOKEN.fullmatch(request.path_params["token"])
    found = await certificate_by_ref(request.path_params["ref"], viewer=None, on=clock.today())
    if token is None or found is None:
        raise NotFound
    until = int(token[1], 16)
    if not same(_proof(found, until), token[2]) or clock.now().timestamp() >= until:
        raise NotFound
    return found


def _proof(found: Issued, until: int) -> str:
    return derive_token(config.current().secret_key, LINK_PURPOSE, link_key(found.ref, until=until), found.nonce)


routes = [
    page("/me/certificates", own_certificates, who=SIGNED_IN),
    page("/certificates/{ref}", certificate, who=SIGNED_IN),
    page("/certificates/{ref}/certificate.pdf", own_pdf, who=SIGNED_IN),
    page("/c/{ref}/{token}", by_link, who=ANYONE),
    page("/c/{ref}/{token}/certificate.pdf", pdf_by_link, who=ANYONE),
    page("/verify", verify, who=ANYONE),
]
