"""What is typed about resources: the library's filters, and the training team's forms as the plain values that actions take."""

from collections.abc import Mapping
from urllib.parse import urlencode

from marstraining.core.values import frozen
from marstraining.core.web import Form
from marstraining.programme.rules import AUDIENCES
from marstraining.resources.rules import KIND_LABELS, VERDICT_LABELS, QualityNote, ResourceDraft, ResourceFilter, Verdict, code_from

FIELDS = ("q", "kind", "topic", "audience")
_LONGEST_WORDS = 100
_LONG = 10_000
_LONGEST_TOPIC = 120


@frozen
class ReadFilter:
    """A filter, what was typed for it, and a sentence for each field that could not be understood."""

    filter: ResourceFilter
    typed: Mapping[str, str]
    errors: Mapping[str, str]

    def query(self, **changes: str) -> str:
        """The filter as the query part of an address, with changes; empty values are left out."""
        kept = {name: value for name, value in {**self.typed, **changes}.items() if value}
        return "?" + urlencode(kept) if kept else ""


def read_filter(params: Mapping[str, str]) -> ReadFilter:
    """The library's filter from an address's parameters. Unknown words are reported and do not narrow; nothing is refused."""
    typed = {name: " ".join(params.get(name, "").replace("\0", "").split())[:_LONGEST_WORDS] for name in FIELDS}
    errors: dict[str, str] = {}
    if typed["kind"] and typed["kind"] not in KIND_LABELS:
        errors["kind"] = "Choose the kind of resource from the list"
    if typed["audience"] and typed["audience"] not in AUDIENCES:
        errors["audience"] = "Choose who it is for from the list"
    found = ResourceFilter(
        words=typed["q"],
        kind="" if "kind" in errors else typed["kind"],
        topic=typed["topic"],
        audience="" if "audience" in errors else typed["audience"],
    )
    return ReadFilter(found, {name: value for name, value in typed.items() if value}, errors)


def read_resource(form: Form, *, code: str | None) -> ResourceDraft:
    """A resource; topics are typed one a line. Without a code of its own a new one is given one from its kind and title."""
    title = form.text("title", "the title")
    kind = form.choice("kind", "what kind of resource it is", KIND_LABELS)
    topics = tuple(line.strip() for line in form.text("topics", "the topics", required=False, max=_LONG, multiline=True).split("\n"))
    if any(len(topic) > _LONGEST_TOPIC for topic in topics):
        form.fail("topics", f"Each topic must be {_LONGEST_TOPIC} characters or fewer")
    typed_code = form.text("code", "the code", required=False, max=30).upper() if code is None else code
    return ResourceDraft(
        code=typed_code or code_from(kind, title),
        title=title,
        kind=kind,
        summary=form.text("summary", "the summary", required=False, max=_LONG, multiline=True),
        audience=form.text("audience", "who it is for", required=False, max=300),
        audience_codes=form.choices("audience_codes", "who it is for", AUDIENCES) or ("all",),
        url=form.text("url", "the web address", required=False, max=1000),
        source=form.text("source", "who publishes it", required=False),
        owner=form.text("owner", "who looks after it", required=False),
        requires=form.text("requires", "the accreditation", required=False, max=30),
        review_by=form.date("review_by", "the day of the next review", required=False),
        topics=tuple(topic for topic in topics if topic),
    )


def resource_form(draft: ResourceDraft) -> Form:
    """A resource's form, filled in."""
    values = {name: getattr(draft, name) for name in ResourceDraft.__dataclass_fields__}
    return Form.of(**values | {"topics": "\n".join(draft.topics)})


def read_quality(form: Form) -> QualityNote:
    """A quality check, and the review that came with it."""
    verdict = form.choice("verdict", "what you found", VERDICT_LABELS)
    is_reviewed = form.checkbox("is_reviewed")
    return QualityNote(
        checked_on=form.date("checked_on", "the day of the check"),
        role=form.text("role", "what you are", max=120),
        verdict=Verdict(verdict) if verdict else Verdict.GOOD,
        note=form.text("note", "the note", required=False, max=500),
        is_reviewed=is_reviewed,
        review_by=form.date("review_by", "the day of the next review", required=is_reviewed),
    )
