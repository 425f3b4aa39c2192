"""Fields of learning elsewhere and of a rule into the plain values that actions take."""

from collections.abc import Sequence
from datetime import date

from marstraining.core.errors import Refused
from marstraining.core.web import Form
from marstraining.coverage.actions import NewLearning
from marstraining.coverage.evidence import MAX_BYTES, Evidence, read_evidence
from marstraining.coverage.rules import CONFIDENCES, KIND_WORDS, Rule, RuleChange, RuleKind
from marstraining.people.rules import JOB_ROLES


def read_learning(form: Form, codes: Sequence[tuple[str, str]], *, today: date) -> NewLearning:
    """What was learnt elsewhere; hours and minutes in two fields."""
    return NewLearning(
        title=form.text("title", "what you learnt"),
        provider=form.text("provider", "who taught it"),
        completed_on=form.date("completed_on", "the date on which you completed it", earliest=date(1980, 1, 1), latest=today),
        minutes=_minutes(form),
        is_participatory=form.checkbox("is_participatory"),
        counts_as=form.choice("counts_as", "what it counts as", [code for code, _ in codes], required=False),
    )


def _minutes(form: Form) -> int | None:
    hours = form.integer("hours", "hours", required=False, min=0, max=200)
    minutes = form.integer("minutes", "minutes", required=False, min=0, max=59)
    return None if hours is None and minutes is None else (hours or 0) * 60 + (minutes or 0) or None


async def read_file(form: Form) -> Evidence | None:
    """The evidence that was sent, if any; what is no PDF or picture is a fault of the field."""
    upload = form.file("file", "a file", required=False)
    if upload is None or form.errors:
        return None
    try:
        return read_evidence(upload.filename or "", await upload.read(MAX_BYTES + 1))
    except Refused as refusal:
        form.refuse(refusal)
        return None


def read_rule(form: Form) -> RuleChange | None:
    """A rule to apply from a day on; None where a field is at fault."""
    kind = form.choice("kind", "what kind of rule it is", list(KIND_WORDS))
    hours = form.integer("hours", "the number of hours", required=False, min=1, max=500)
    share = form.integer("share", "the share", required=False, min=0, max=100)
    values = {
        "title": form.text("title", "the title"),
        "job_roles": form.choices("job_roles", "job roles", list(JOB_ROLES)),
        "counts_as": tuple(dict.fromkeys(form.text("counts_as", "the codes", required=False, max=400).upper().replace(",", " ").split())),
        "applies_from": form.date("applies_from", "the day from which it applies", earliest=date(2000, 1, 1)),
        "months": form.integer("months", "the number of months", required=False, min=1, max=240),
        "flag_months": form.integer("flag_months", "the number of months without use", required=False, min=1, max=240),
        "minutes": None if hours is None else hours * 60,
        "participatory_share": (share or 0) / 100,
        "grace_days": form.integer("grace_days", "the days of grace", required=False, min=0, max=366) or 0,
        "family": form.text("family", "the family", required=False, max=20),
        "rank": form.integer("rank", "the rank", required=False, min=0, max=99) or 0,
        "source": form.text("source", "where it comes from", max=300),
        "confidence": form.choice("confidence", "how sure it is", list(CONFIDENCES)),
        "is_on": form.checkbox("is_on"),
    }
    if form.errors:
        return None
    try:
        return RuleChange(kind=RuleKind(kind), **values)  # type: ignore[arg-type]  # one value of many kinds
    except Refused as refusal:
        form.refuse(refusal)
        return None


def rule_form(rule: Rule) -> Form:
    """A rule's form, filled in, but for the day from which the change applies."""
    return Form.of(
        title=rule.title,
        kind=rule.kind.value,
        job_roles=sorted(rule.job_roles),
        counts_as=" ".join(sorted(rule.counts_as)),
        months=rule.months,
        flag_months=rule.flag_months,
        hours=None if rule.minutes is None else rule.minutes // 60,
        share=round(rule.participatory_share * 100) or None,
        grace_days=rule.grace_days or None,
        family=rule.family,
        rank=rule.rank or None,
        source=rule.source,
        confidence=rule.confidence,
        is_on=rule.is_on,
    )
