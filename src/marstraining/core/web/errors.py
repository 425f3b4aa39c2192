"""Refusals and faults as pages (or JSON) in plain English, each with a way on."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tortoise.exceptions import DBConnectionError, OperationalError

from marstraining.core.errors import NotAllowed, NotFound, Refused, TooFast, UnknownLink
from marstraining.core.web.confirming import Unconfirmed
from marstraining.core.web.guards import CrossSite, SignedOut
from marstraining.core.web.reading import StaleForm
from marstraining.core.web.render import NO_REFERRER, render

RETRY_AFTER = 10  # seconds; the database is looked for again within that time
_OWN_PAGE = {400, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}
# What SQLite says when it cannot work at all; its other OperationalErrors are mistakes of ours.
_SQLITE_AWAY = ("unable to open", "database is locked", "disk i/o error", "database or disk is full", "readonly database")
_POSTGRES_AWAY = (
    asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError, asyncpg.InterfaceError,
)  # fmt: skip


def is_database_away(fault: BaseException | None) -> bool:
    """Whether a fault, or what caused it, means that the database cannot be reached or cannot write."""
    while fault is not None:
        if isinstance(fault, (DBConnectionError, ConnectionError, TimeoutError, *_POSTGRES_AWAY)):
            return True
        if isinstance(fault, (OperationalError, sqlite3.OperationalError)) and any(word in str(fault).lower() for word in _SQLITE_AWAY):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def wants_json(request: Request) -> bool:
    """Whether a program asked, rather than a browser."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def error_response(
    request: Request,
    status: int,
    message: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - for the template
) -> Response:
    """The page of a status, with a sentence where there is one to say."""
    known = status if status in _OWN_PAGE else (500 if status >= 500 else 400)
    if wants_json(request):
        body = {"error": {"status": status, "message": message, "code": context.get("code", "")}}
        return JSONResponse(body, status_code=status, headers=dict(headers or {}))
    return render(request, f"errors/{known}.html", status=status, headers=headers, message=message, **context)


async def _http(request: Request, fault: HTTPException) -> Response:
    own_words = fault.detail if fault.status_code in {400, 415} else ""
    return error_response(request, fault.status_code, own_words, headers=fault.headers)


async def _refused(request: Request, fault: Refused) -> Response:
    return error_response(request, 422 if fault.field else 409, fault.message, code=fault.code, facts=fault.facts)


async def _not_found(request: Request, _fault: NotFound) -> Response:
    return error_response(request, 404)


async def _unknown_link(request: Request, fault: UnknownLink) -> Response:
    if wants_json(request):
        return error_response(request, 404)
    return render(request, "errors/link.html", status=404, headers=NO_REFERRER, message=fault.message)


async def _not_allowed(request: Request, fault: NotAllowed) -> Response:
    return error_response(request, 403, fault.message)


async def _cross_site(request: Request, _fault: CrossSite) -> Response:
    return error_response(request, 403, "This was sent from another website, so nothing was done.")


async def _too_fast(request: Request, fault: TooFast) -> Response:
    return error_response(request, 429, fault.message, headers={"Retry-After": str(fault.retry_after)}, retry_after=fault.retry_after)


async def _stale(request: Request, fault: StaleForm) -> Response:
    signed_out = isinstance(fault, SignedOut)
    if wants_json(request):
        return error_response(request, 403 if signed_out else 409, "Sign in and send this again.")
    status = 403 if signed_out else 409
    return render(request, "errors/stale.html", status=status, fields=fault.fields, had_files=fault.had_files, signed_out=signed_out)


async def _unconfirmed(request: Request, fault: Unconfirmed) -> Response:
    if wants_json(request):
        return error_response(request, 403, "Confirm that it is you and send this again.")
    way = {"next": fault.address, "back": fault.back, "file": "yes" if fault.is_file else "", "method": "post"}
    return render(request, "errors/unconfirmed.html", status=403, way=way, fields=fault.fields, had_files=fault.had_files)


async def _fault(request: Request, fault: Exception) -> Response:
    """Anything else: 503 while the database is away, 500 for a mistake of ours; neither says what happened inside."""
    if is_database_away(fault):
        return error_response(request, 503, headers={"Retry-After": str(RETRY_AFTER)})
    return error_response(request, 500, request_id=request.scope.get("state", {}).get("request_id", ""))


def exception_handlers() -> dict[Any, Any]:
    """What the application answers to each kind of exception."""
    away = (DBConnectionError, OperationalError, sqlite3.OperationalError, ConnectionError, TimeoutError, *_POSTGRES_AWAY)
    return dict.fromkeys(away, _away) | {
        HTTPException: _http,
        Refused: _refused,
        NotFound: _not_found,
        UnknownLink: _unknown_link,
        NotAllowed: _not_allowed,
        TooFast: _too_fast,
        CrossSite: _cross_site,
        StaleForm: _stale,
        Unconfirmed: _unconfirmed,
        Exception: _fault,
    }


async def _away(request: Request, fault: Exception) -> Response:
    # A mistake of ours that only shares its class goes on to the handler of faults, and into the log.
    if not is_database_away(fault):
        raise fault
    return await _fault(request, fault)
