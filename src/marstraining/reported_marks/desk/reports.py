"""Meeting reports of a session: sent in, looked at, and only then written into the register; for the desk and for its trainers."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.queries import runs_session
from marstraining.attendance.rules import EVIDENCE_WORDS, MARK_WORDS, Became, Proposal, TakenAs, is_the_desks
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.core.web.dates import day as day_words
from marstraining.core.web.dates import plural
from marstraining.meeting_reports.model import Variant
from marstraining.programme.rules import Delivery
from marstraining.reported_marks import queries
from marstraining.reported_marks.actions.lists import drop_waiting
from marstraining.reported_marks.actions.reporting import forget_reports, write_reported_marks
from marstraining.reported_marks.desk.sending import Taken, take
from marstraining.reported_marks.queries import Preview, ReportSession
from marstraining.reported_marks.queries.lists import WaitingList, waiting_lists

ROOTS = (("/desk/sessions", roles(Role.DESK, Role.PARTNER_ORGANISER)), ("/teaching", roles(Role.TRAINER)))
MATCHED_WORDS = {"email": "By email", "alias_email": "By their other email", "name": "By name", "hand": "By hand", "": ""}
BECAME_WORDS = {
    Became.MATCHED: "Booked",
    Became.UNMATCHED: "Not known yet",
    Became.WALK_IN: "Walk-in",
    Became.OTHER_BOOKING: "Booked",
    Became.TRAINER: "Trainer",
    Became.ROOM: "A room with several people",
    Became.IGNORED: "Ignored",
}
PROPOSAL_WORDS = {Proposal.ATTENDED: "Attended", Proposal.PARTIAL: "Partial", Proposal.INSUFFICIENT: "Too short"}
DONE: Mapping[str, str | tuple[str, str]] = {
    "read": "The report is read. Check what it says, then write the marks.",
    "written": "The marks are written into the register.",
    "settled": "Saved. It counts when you write the marks.",
    "back": "It is back among those nobody was found for.",
    "forgotten": "Everything read of the reports of this session is forgotten. Marks that were written stand.",
    "known": ("Nothing new", "This report was read before, so it adds nothing."),
    "dropped": "The file is gone. Nothing of it was read.",
    "gone": ("Nothing to do", "That file does not wait any more: it was read, or not used, or a day has passed since it was sent."),
}
# As many as a person settles in one sitting; the rest come up as these are settled.
_TRAY_SHOWN = 50
_PEOPLE_SHOWN = 500


def root_of(request: Request, session: ReportSession) -> str:
    """Where the session's pages of whoever looks begin."""
    return f"/teaching/{session.ref}" if is_teaching(request) else f"/desk/sessions/{session.ref}"


def is_teaching(request: Request) -> bool:
    return request.url.path.startswith("/teaching/")


async def load(request: Request) -> ReportSession:
    """The session of the address, if whoever looks runs it or, under /teaching, has accepted to train it."""
    return await queries.report_session(request.path_params["ref"], viewer=viewer_of(request), teaches=is_teaching(request))


async def waiting_of(request: Request, session: ReportSession) -> list[WaitingList]:
    """The files that wait for their columns: all for who runs the session, for a trainer those that they sent themselves."""
    return await waiting_lists(session.id, sent_by=viewer_of(request).person_id if is_teaching(request) else None)


async def reports(request: Request) -> Response:
    """What was read so far, and more files."""
    session = await load(request)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        uploads = form.uploads("files", "one or more attendance reports")
        day_id = form.choice("day", "the training day", [str(day.id) for day in session.days], required=False)
        if not form.errors:
            try:
                taken = await take(session, uploads, day_id, by=viewer_of(request))
                return see_other(_next(root_of(request, session), taken, day_id))
            except Refused as refusal:
                form.fail(refusal.field or "files", refusal.message)
    return await _page(request, session, form)


def _next(root: str, taken: Taken, day_id: str) -> str:
    """Where the page leads after files were sent: to the first list whose columns somebody has to name."""
    if taken.waiting:
        done = "&done=read" if taken.kept else ""
        return f"{root}/reports/columns/{taken.waiting[0]}?day={day_id}{done}"
    return f"{root}/reports?done={'read' if taken.kept else 'known'}"


async def write(request: Request) -> Response:
    """Write the marks as they were shown."""
    session = await load(request)
    form = await read_form(request)
    try:
        written = await write_reported_marks(
            session,
            stamp=form.get("stamp"),
            marks_absent=form.checkbox("absent"),
            replaces=form.checkbox("replaces"),
            why=form.text("why", "why the register is corrected", required=False),
            by=viewer_of(request),
            now=clock.now(),
        )
    except Refused as refusal:
        form.refuse(refusal)
        return await _page(request, session, form)
    return see_other(f"{root_of(request, session)}/reports?done=written&n={written.marks.written}")


async def forget(request: Request) -> Response:
    """Start again: nothing that was read is kept."""
    session = await load(request)
    await read_form(request)
    viewer, now = viewer_of(request), clock.now()
    await forget_reports(session.id, by=viewer, now=now)
    for one in await waiting_of(request, session):
        await drop_waiting(session.id, one.ref, by=viewer, now=now)
    return see_other(f"{root_of(request, session)}/reports?done=forgotten")


async def _page(request: Request, session: ReportSession, form: Form) -> Response:
    now = clock.now()
    preview = await queries.preview(session)
    return render(
        request,
        "reported_marks/reports.html",
        layout="base.html" if is_teaching(request) else "desk.html",
        session=session,
        root=root_of(request, session),
        withheld=await _withheld(request, session),
        preview=preview,
        waiting=await waiting_of(request, session),
        kinds={file.id: _kind(file.variant) for file in preview.files},
        counts=_counts(preview),
        tray=preview.tray[:_TRAY_SHOWN],
        marks=preview.marks[:_PEOPLE_SHOWN],
        settled=[entry for entry in preview.entries if not entry.is_open and entry.matched_by in {"hand", ""}][:_PEOPLE_SHOWN],
        days={str(day.id): day_words(day.day) for day in session.days},
        is_waiting=session.delivery in {Delivery.ONLINE, Delivery.HYBRID} and not preview.files and now >= session.ends_at,
        has_begun=now >= session.days[0].taught.starts_at,
        shows_emails=not is_teaching(request),
        words={
            "mark": MARK_WORDS,
            "matched": MATCHED_WORDS,
            "became": BECAME_WORDS,
            "proposal": PROPOSAL_WORDS,
            "evidence": EVIDENCE_WORDS,
        },
        form=form,
        done=DONE,
    )


async def _withheld(request: Request, session: ReportSession) -> str:
    """Why whoever looks cannot write marks of this session any more, in a sentence; "" where they can."""
    is_late = is_the_desks(ends_at=session.ends_at, now=clock.now())
    if not is_teaching(request) or not (session.is_locked or is_late) or await runs_session(session.id, viewer_of(request)):
        return ""
    if session.is_locked:
        return "The register of this session is locked, so no report can be read into it."
    return "A week has passed since this session, so its register is with the training team now."


def _kind(variant: str) -> str:
    if variant == Variant.OWN:
        return "List, columns as said"
    return f"{'Zoom' if variant.startswith('Z') else 'Teams'} report"


def _counts(preview: Preview) -> list[str]:
    """What writing will do, said in one line for each kind."""
    learners = [mark for mark in preview.marks if mark.taken_as != TakenAs.TRAINER]
    said = [
        (preview.writes, "mark will be written", "marks will be written"),
        (sum(mark.does == "same" for mark in preview.marks), "mark says the same already", "marks say the same already"),
        (sum(mark.does == "kept" for mark in preview.marks), "mark made by hand says otherwise", "marks made by hand say otherwise"),
        (
            sum(mark.does == "short" for mark in learners),
            "person was there too short to propose a mark",
            "people were there too short to propose a mark",
        ),
        (sum(mark.does == "absent" for mark in learners), "person who is booked is in no report", "people who are booked are in no report"),
        (len(preview.tray), "person in the report is not known yet", "people in the report are not known yet"),
    ]
    return [plural(number, one, many) for number, one, many in said if number]


routes = [
    route
    for root, who in ROOTS
    for route in (
        page(f"{root}/{{ref}}/reports", reports, who=who, methods=("GET", "POST"), upload=True),
        page(f"{root}/{{ref}}/reports/write", write, who=who, methods=("POST",)),
        page(f"{root}/{{ref}}/reports/forget", forget, who=who, methods=("POST",)),
    )
]
