"""Meeting reports of a session: sent in, looked at, and only then written into the register; for the desk and for its trainers."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries
from marstraining.attendance.actions.reporting import forget_reports, keep_reports, made_ready, write_reported_marks
from marstraining.attendance.queries import Preview, ReportSession
from marstraining.attendance.rules import EVIDENCE_WORDS, MARK_WORDS, Became, Proposal, TakenAs
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.core.web.dates import day as day_words
from marstraining.core.web.dates import plural
from marstraining.meeting_reports.apart import MAX_FILES, read_apart
from marstraining.meeting_reports.model import NamedFile, Report, TaughtDay
from marstraining.programme.rules import Delivery

WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
WHO_TEACHES = roles(Role.TRAINER)
ROOTS = (("/desk/sessions", WHO_RUNS), ("/teaching", WHO_TEACHES))
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
                return see_other(f"{root_of(request, session)}/reports?done={await _take(request, session, uploads, day_id)}")
            except Refused as refusal:
                form.fail(refusal.field or "files", refusal.message)
    return await _page(request, session, form)


async def _take(request: Request, session: ReportSession, uploads: Sequence[UploadFile], day_id: str) -> str:
    """Read files that are new in a process apart and keep what they say; the word for how it went."""
    if len(uploads) > MAX_FILES:
        raise Refused(f"Send at most {MAX_FILES} files at once.")
    known = await queries.known_hashes(session.id)
    files = [NamedFile(upload.filename or "", await upload.read()) for upload in uploads]
    new = [file for file in files if hashlib.sha256(file.data).hexdigest() not in known]
    if not new:
        return "known"
    report = await _read(session, new, day_id)
    booked = [one.addresses for one in await queries.on_session(session.id)]
    # In the time that this takes the service answers others.
    read = await asyncio.to_thread(made_ready, session, report, [_shown(file.name) for file in new], booked)
    kept = await keep_reports(session, read, by=viewer_of(request), now=clock.now())
    return "read" if kept else "known"


async def _read(session: ReportSession, files: Sequence[NamedFile], day_id: str) -> Report:
    """What the files say together. Refused with the name of the file at fault where there are several."""
    days = [day.taught for day in session.days if day_id in {"", str(day.id)}]
    try:
        report = await read_apart(files, days)
    except Refused:
        if len(files) > 1:
            await _name_fault(files, days)
        raise
    if len(report.days) > 1 and any(file.starts_at is None for file in report.files):
        raise Refused("A report has no dates. Select the training day that it is of, and send it alone.", field="day")
    return report


async def _name_fault(files: Sequence[NamedFile], days: Sequence[TaughtDay]) -> None:
    for file in files:
        try:
            await read_apart([file], days)
        except Refused as refusal:
            name = _shown(file.name)
            message = refusal.message if name in refusal.message else f"“{name}”: {refusal.message}"
            raise Refused(f"{message} None of the files was kept.", code=refusal.code) from refusal


def _shown(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:80].strip() or "report.csv"


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
    await forget_reports(session.id, by=viewer_of(request), now=clock.now())
    return see_other(f"{root_of(request, session)}/reports?done=forgotten")


async def _page(request: Request, session: ReportSession, form: Form) -> Response:
    now = clock.now()
    preview = await queries.preview(session)
    return render(
        request,
        "attendance/reports.html",
        layout="base.html" if is_teaching(request) else "desk.html",
        session=session,
        root=root_of(request, session),
        preview=preview,
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
