"""What can be exported: the headings of each kind of file, what stands under them and where it is read. docs/exports.md tells people."""

from collections.abc import Mapping
from dataclasses import field, replace

from marstraining.core.values import frozen

_DAY = "(SELECT MIN(d.day) FROM programme_day d WHERE d.session_id = s.id AND NOT d.is_cancelled)"
_SESSION = (
    " JOIN programme_session s ON s.id = x.session_id JOIN programme_course c ON c.id = s.course_id"
    " LEFT JOIN people_agency a ON a.id = x.agency_id"
)
# A financial year's quarter as one number: four times the year in which it began, and nought to three.
_MONTH = "CAST(substr(CAST(q.day AS TEXT), 6, 2) AS INTEGER)"
_YEAR = "CAST(substr(CAST(q.day AS TEXT), 1, 4) AS INTEGER)"
QUARTER = f"(({_YEAR} - CASE WHEN {_MONTH} < 4 THEN 1 ELSE 0 END) * 4 + (({_MONTH} + 8) % 12) / 3)"


@frozen
class Kind:
    """One kind of export.

    `columns` are the file's headings with their expressions. `source` is read as `x`, joined with sessions `s`, courses `c` and
    agencies `a`; it is read in lots, of sessions or of people, by the number that `lot` names and in the order of `first`. Where it
    says {lot}, the numbers of a lot stand, since no database would otherwise leave the rest of a union unread.
    `day` is what --from and --to bound. `is_of_people` says whether a row is somebody's, `p`, who may have moved away from an agency.
    Trainers see no addresses anywhere, so what is `hidden_from_trainers` is left out of their files.
    """

    name: str
    label: str
    columns: Mapping[str, str]
    source: str
    condition: str = "1 = 1"
    lot: str = "s.id"
    first: str = "s.starts_at"
    order: str = "x.id"
    day: str = _DAY
    is_of_people: bool = True
    hidden_from_trainers: frozenset[str] = field(default_factory=frozenset)


INSTANTS = frozenset({"booked_at", "noted_at", "marked_at", "waived_at"})
DATES = frozenset({"date", "completed_on"})
FLAGS = frozenset({"excused"})

_REGISTER = (
    "(SELECT session_id, learner_id AS person_id, agency_id, job_role FROM bookings_booking WHERE state = 'confirmed' AND session_id IN"
    " ({lot}) UNION ALL SELECT DISTINCT m.session_id, m.person_id, m.agency_id, '' FROM attendance_mark m WHERE m.superseded_at IS NULL"
    " AND m.session_id IN ({lot}) AND NOT EXISTS (SELECT 1 FROM bookings_booking b WHERE b.session_id = m.session_id"
    " AND b.learner_id = m.person_id AND b.state = 'confirmed')) x"
)


def _marked(column: str) -> str:
    """Of the mark of the whole session, or of the training day: joined one by one, since each has an index and both together none."""
    return f"COALESCE(w.{column}, g.{column})"


REGISTER = Kind(
    "register",
    "Register: everybody with a place or a mark, for each training day",
    {
        "session": "s.ref", "course": "c.code", "title": "c.title", "date": "t.day", "name": "p.name", "email": "p.email",
        "agency": "a.code", "organisation": "a.name", "job_role": "x.job_role", "taken_as": _marked("taken_as"), "mark": _marked("mark"),
        "minutes": _marked("minutes"), "arrived": _marked("arrived"), "left": _marked('"left"'), "reason": _marked("reason"),
        "evidence": _marked("evidence"), "marked_at": _marked("at"),
    },
    f"{_REGISTER}{_SESSION} JOIN people_person p ON p.id = x.person_id"
    " JOIN programme_day t ON t.session_id = s.id AND NOT t.is_cancelled"
    " LEFT JOIN attendance_mark w ON w.session_id = s.id AND w.person_id = x.person_id AND w.training_day_id IS NULL"
    " AND w.superseded_at IS NULL"
    " LEFT JOIN attendance_mark g ON g.training_day_id = t.id AND g.person_id = x.person_id AND g.superseded_at IS NULL",
    condition="s.state = 'published'",
    order="t.day, lower(p.name), p.id",
    day="t.day",
    hidden_from_trainers=frozenset({"email"}),
)  # fmt: skip
BOOKINGS = Kind(
    "bookings",
    "Bookings: every booking with its present state",
    {
        "booking": "x.ref", "session": "s.ref", "course": "c.code", "title": "c.title", "date": _DAY, "name": "p.name",
        "email": "p.email", "agency": "a.code", "organisation": "a.name", "job_role": "x.job_role", "state": "x.state",
        "attends": "x.mode", "booked_at": "x.created_at",
    },
    f"bookings_booking x{_SESSION} JOIN people_person p ON p.id = x.learner_id",
)  # fmt: skip
_MARK_DAY = f"COALESCE((SELECT t.day FROM programme_day t WHERE t.id = x.training_day_id), {_DAY})"
ATTENDANCE = Kind(
    "attendance",
    "Attendance: every mark, in the form that can be imported",
    {
        "email": "p.email", "name": "p.name", "agency": "a.code", "course": "c.code", "date": _MARK_DAY, "mark": "x.mark",
        "minutes": "x.minutes", "provenance": "x.evidence",
    },
    f"attendance_mark x{_SESSION} JOIN people_person p ON p.id = x.person_id",
    condition="x.superseded_at IS NULL AND x.taken_as IN ('learner', 'walk_in', 'substitute')",
    day=_MARK_DAY,
)  # fmt: skip
RECORD = Kind(
    "training-record",
    "Training record: what each person completed, with the organisation they work for now",
    {
        "name": "p.name", "email": "p.email", "agency": "a.code", "organisation": "a.name", "course": "c.code", "title": "c.title",
        "completed_on": "x.completed_on", "minutes": "x.minutes", "source": "x.source", "session": "s.ref",
    },
    "record_completion x JOIN people_person p ON p.id = x.person_id JOIN programme_course c ON c.id = x.course_id"
    " LEFT JOIN programme_session s ON s.id = x.session_id LEFT JOIN people_agency a ON a.id = COALESCE((SELECT MIN(o.agency_id)"
    " FROM people_position o WHERE o.person_id = p.id AND o.ends_on IS NULL), p.managed_by_id)",
    lot="p.id",
    first="lower(p.name)",
    order="lower(p.name), p.id, x.completed_on, x.id",
    day="x.completed_on",
)  # fmt: skip
LEDGER = Kind(
    "ledger",
    "Late cancellations and absences, by organisation",
    {
        "session": "s.ref", "course": "c.code", "date": _DAY, "agency": "a.code", "organisation": "a.name", "kind": "x.kind",
        "reason": "x.reason", "notice_hours": "x.notice_hours", "excused": "x.is_excused", "waived_at": "x.waived_at", "noted_at": "x.at",
    },
    f"bookings_ledger x{_SESSION}",
    is_of_people=False,
)  # fmt: skip
_CAME = (
    "(SELECT DISTINCT m.session_id, m.person_id, m.agency_id FROM attendance_mark m WHERE m.superseded_at IS NULL AND m.mark = 'attended'"
    " AND m.taken_as IN ('learner', 'walk_in', 'substitute')) x"
)
_FIRST_DAY = (
    " JOIN (SELECT session_id, MIN(day) AS day FROM programme_day WHERE NOT is_cancelled GROUP BY session_id) q ON q.session_id = s.id"
)
FIGURES = Kind(
    "attendance-figures",
    "Attendance in figures: people and attendances by course, organisation and quarter",
    {
        "course": "c.code", "title": "c.title", "agency": "a.code", "organisation": "a.name", "sector": "a.sector",
        "quarter": QUARTER, "people": "COUNT(DISTINCT x.person_id)", "attendances": "COUNT(*)", "counted": "'by name'",
    },
    f"{_CAME}{_SESSION}{_FIRST_DAY}",
    condition="s.state = 'published'",
    day="q.day",
    is_of_people=False,
)  # fmt: skip
# Sessions that nobody was named for, of whom a number is known: attendances of nobody's organisation.
BY_NUMBER = replace(
    FIGURES,
    columns={**FIGURES.columns, "people": "NULL", "attendances": "SUM(s.imported_headcount)", "counted": "'by number'"},
    source=f"programme_session s JOIN programme_course c ON c.id = s.course_id{_FIRST_DAY} LEFT JOIN people_agency a ON 1 = 0",
    condition="s.state = 'published' AND s.imported_headcount IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM attendance_mark m WHERE m.session_id = s.id AND m.superseded_at IS NULL)",
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (REGISTER, BOOKINGS, ATTENDANCE, FIGURES, RECORD, LEDGER)}
# Made above this capability, at an address of its own, and offered and scheduled with the others here.
FEEDBACK = "evaluation"
FEEDBACK_PATH = "/desk/evaluation/export"
LABELS: Mapping[str, str] = {
    **{kind.name: kind.label for kind in KINDS.values()},
    FEEDBACK: "Feedback: confidence before and now of each closed survey, as far as it may be shown; nobody’s own answers",  # noqa: RUF001 - an apostrophe as printed
}


def quarter_words(number: int) -> str:
    """A quarter as `2026/27 Q1`, which begins in April."""
    year, quarter = divmod(number, 4)
    return f"{year}/{(year + 1) % 100:02} Q{quarter + 1}"
