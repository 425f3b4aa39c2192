"""A session for its trainers: where and when, how many come, who, and for a while what they need; contributors see numbers only."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.queries import register_of
from marstraining.attendance.queries.registers import OPENS_BEFORE
from marstraining.bookings.actions import NeedsLine, read_needs_as_trainer
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules import Mode, may_trainer_read
from marstraining.bookings.rules.needs import TRAINERS_READ_BEFORE
from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import page, read_form, render, roles, viewer_of
from marstraining.people.rules import JOB_ROLES
from marstraining.portal.desk.workspace import ARRANGING_WORDS, MODE_WORDS
from marstraining.portal.queries.teaching import TaughtSession, learners_of, taught_session
from marstraining.programme.queries import training_days
from marstraining.programme.rules import SessionState

WHO_TEACHES = roles(Role.TRAINER, Role.CONTRIBUTOR)


async def teaching(request: Request) -> Response:
    """The page, without a word of what anybody needs."""
    return await _page(request, await _load(request), lines=None)


async def needs(request: Request) -> Response:
    """The same with what learners need; each reading is kept."""
    session = await _load(request)
    await read_form(request)
    lines = await read_needs_as_trainer(session.id, by=viewer_of(request), now=clock.now())
    return await _page(request, session, lines=lines)


async def _load(request: Request) -> TaughtSession:
    return await taught_session(request.path_params["ref"], viewer_of(request).person_id)


async def _page(request: Request, session: TaughtSession, *, lines: list[NeedsLine] | None) -> Response:
    now = clock.now()
    return render(
        request,
        "portal/teaching.html",
        session=session,
        days=await training_days(session.id),
        trainers=await trainer_names(session.id),
        learners=[] if session.is_contributor else await learners_of(session.id),
        lines=lines,
        may_read=may_trainer_read(starts_at=session.starts_at, ends_at=session.ends_at, now=now),
        reads_from=session.starts_at - TRAINERS_READ_BEFORE,
        has_begun=now >= session.starts_at,
        is_over=now > session.ends_at,
        takes_register=await _takes_register(session, now=now),
        arranging=ARRANGING_WORDS,
        modes={str(mode): words for mode, words in MODE_WORDS.items() if mode != Mode.EITHER},
        job_roles=JOB_ROLES,
    )


async def _takes_register(session: TaughtSession, *, now: datetime) -> bool:
    """Whether the register is what a trainer comes for: from shortly before the session until it is locked."""
    if session.is_contributor or session.state != SessionState.PUBLISHED or now < session.starts_at - OPENS_BEFORE:
        return False
    register = await register_of(session.id)
    return register is None or not register.is_locked


routes = [
    page("/teaching/{ref}", teaching, who=WHO_TEACHES),
    page("/teaching/{ref}/needs", needs, who=WHO_TEACHES, methods=("POST",)),
]
