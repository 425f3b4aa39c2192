"""The training record on paper: A4, tagged, as its owner or the desk takes it away."""

from datetime import date

from marstraining.certificates.queries import HeldAccreditation
from marstraining.certificates.rules import hours_words, time_words
from marstraining.core.config import Settings
from marstraining.core.typesetting import typeset
from marstraining.core.web.dates import day_plain
from marstraining.coverage.queries import TrainingRecord
from marstraining.coverage.rules import SOON, STATE_WORDS, Due, Rule, RuleKind
from marstraining.people.rules import JOB_ROLES


def why(due: Due) -> str:
    """Which role, since when, how often and by what, as a sentence.

    A source that nobody is sure of is left out: how sure each is, and what is to be confirmed, stands on the training team's rules.
    """
    asked = due.asked
    role = JOB_ROLES.get(asked.job_role, asked.job_role)
    by = asked.rule.source if asked.rule.source and asked.rule.confidence == "high" else "the partnership’s rule"  # noqa: RUF001 - as printed
    parts = [f"Asked of the role “{role}” since {day_plain(asked.since)}", _how_often(asked.rule), f"by {by}"]
    return f"{', '.join(part for part in parts if part)}."


def _how_often(rule: Rule) -> str:
    """As in "every 2 years"; hours are told with what counts of them."""
    if rule.kind == RuleKind.ONCE:
        return "once"
    if rule.kind == RuleKind.HOURS or not rule.months:
        return ""
    years, months = divmod(rule.months, 12)
    if months:
        return f"every {rule.months} months"
    return "every year" if years == 1 else f"every {years} years"


def accreditation_tag(held: HeldAccreditation, on: date) -> tuple[str, str]:
    """How an accreditation stands on a day, and the colour of its tag; the last 90 days are told ahead."""
    if not held.is_current(on):
        return "Ended", "red"
    if held.is_without_use(on):
        return "Not used lately", "orange"
    return ("Ends soon", "orange") if held.expires_on is not None and held.expires_on - on <= SOON else ("Current", "green")


def due_words(due: Due) -> str:
    """When it falls due."""
    if due.due_on is None:
        return "Not again"
    return day_plain(due.due_on)


def progress(due: Due) -> str:
    """Of a rule of hours, what counts of what is needed in the window."""
    if due.needed_minutes is None:
        return ""
    counted, needed = (hours_words(minutes) or "0 hours" for minutes in (due.counted_minutes, due.needed_minutes))
    return f"{counted} of {needed} in {due.asked.rule.months} months"


def _standing(held: HeldAccreditation, on: date) -> str:
    if held.is_without_use(on):
        return f"Current; no use on record since {day_plain(held.last_use)}"
    return accreditation_tag(held, on)[0]


async def record_pdf(record: TrainingRecord, settings: Settings) -> bytes:
    """The record as a PDF; refused learning elsewhere is left out."""
    elsewhere = [line for line in record.external if line.state != "refused"]
    data = {
        "title": f"Training record: {record.name}",
        "name": record.name,
        "accent": settings.partnership.branding.accent,
        "short_name": settings.partnership.short_name,
        "issued_by": settings.partnership.name,
        "on": day_plain(record.on),
        "hours": record.hours,
        "dues": [
            [due.asked.rule.title, due_words(due), STATE_WORDS[due.state][0], " ".join(part for part in (why(due), progress(due)) if part)]
            for due in record.dues
        ],
        "attended": [
            [line.title + ("" if line.is_whole else " (in part)"), day_plain(line.day), line.level or "–",  # noqa: RUF001 - a dash as printed
             time_words(line.minutes, line.course_minutes)]
            for line in record.attended
        ],
        "external": [
            [line.title, line.provider, day_plain(line.completed_on), hours_words(line.minutes) or "–",  # noqa: RUF001 - as above
             "Confirmed" if line.state == "confirmed" else "Not confirmed yet"]
            for line in elsewhere
        ],
        "accreditations": [
            [held.course_title, day_plain(held.granted_on), day_plain(held.expires_on) if held.expires_on else "No end",
             _standing(held, record.on)]
            for held in record.accreditations
        ],
    }  # fmt: skip
    return await typeset("record", data)
