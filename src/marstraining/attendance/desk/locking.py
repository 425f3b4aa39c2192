"""Locking a register: what will be written, and the button."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries
from marstraining.attendance.actions import lock_register
from marstraining.attendance.desk.register import counts_of
from marstraining.attendance.desk.taking import BOTH, Taking, load, rows_of
from marstraining.attendance.rules import TRAINERS_MARK_FOR
from marstraining.core.errors import Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of


async def lock(request: Request) -> Response:
    """The summary, and the lock."""
    taking = await load(request)
    form = Form(request.query_params.multi_items())
    if request.method == "POST":
        form = await read_form(request)
        certain = form.get("leaves") == "yes" and may_lock_certain(taking)
        if not (taking.as_desk or not taking.is_the_desks):
            form.refuse(Refused(taking.why_not))
        else:
            try:
                await lock_register(taking.session.id, leaves_unmarked=certain, by=viewer_of(request), now=taking.now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                from_today = _is_from_today(taking, form)
                return see_other("/desk/today/registers?done=locked" if from_today else f"{taking.root}/register?done=locked")
    return await _page(request, taking, form)


def _is_from_today(taking: Taking, form: Form) -> bool:
    return taking.as_desk and form.get("from") == "today"


def may_lock_certain(taking: Taking) -> bool:
    """Whether the desk may lock with somebody left unmarked: once the trainers' time is over."""
    return taking.as_desk and taking.is_the_desks


async def _page(request: Request, taking: Taking, form: Form) -> Response:
    standing = await queries.standing_marks(taking.session.id)
    unmarked = await queries.unmarked(taking.session.id)
    learners = [row for row in await rows_of(taking) if row.is_learner]
    return render(
        request,
        "attendance/desk/lock.html",
        taking=taking,
        session=taking.session,
        counts=counts_of(learners),
        complete=len(queries.who_completed(standing, taking.days)),
        unmarked=unmarked,
        can_lock=bool(standing) and (not unmarked or may_lock_certain(taking)),
        certain_from=taking.ends_at + TRAINERS_MARK_FOR if taking.days else None,
        from_today=_is_from_today(taking, form),
        form=form,
    )


routes = [page(f"{prefix}/register/lock", lock, who=who, methods=("GET", "POST")) for prefix, who in BOTH]
