"""Words and decisions of the library, by plain values."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marstraining.core.errors import Refused
from marstraining.resources.rules import (
    LinkState,
    Look,
    Outcome,
    QualityNote,
    ResourceDraft,
    ResourceKind,
    Verdict,
    audiences_of_words,
    check_quality_note,
    check_resource,
    code_from,
    is_own_outage,
    is_quality_overdue,
    is_somebody,
    kind_of,
    outcome_of,
    standing_after,
)

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
TODAY = date(2026, 3, 9)
GOOD = ResourceDraft(code="7MB-CSE", title="CSE", kind="briefing7", url="https://www.example.org/")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("7 minute briefing", ResourceKind.BRIEFING7),
        ("7-Minute Briefing", ResourceKind.BRIEFING7),
        ("2 minute briefing", ResourceKind.BRIEFING2),
        ("CPD presentation", ResourceKind.PRESENTATION),
        ("Spotlight", ResourceKind.SPOTLIGHT),
        ("Toolkit", ResourceKind.TOOLKIT),
        ("Info-sheet", ResourceKind.INFOSHEET),
        ("Strategy", ResourceKind.STRATEGY),
        ("Threshold document", ResourceKind.THRESHOLD),
        ("Form", ResourceKind.FORM),
        ("News update", ResourceKind.NEWS),
        ("External link", ResourceKind.LINK),
        ("file", ResourceKind.DOCUMENT),
        ("briefing7", ResourceKind.BRIEFING7),
        ("poem", None),
        ("", None),
    ],
)
def test_every_kind_of_the_reference_case_is_known(typed: str, kind: ResourceKind | None) -> None:
    assert kind_of(typed) == kind


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("All practitioners", ("all",)),
        ("School staff", ("schools",)),
        ("Managers", ("managers",)),
        ("Parents and practitioners", ("all", "parents")),
        ("Practitioners accredited in GCP2", ("all",)),
        ("", ("all",)),
        ("Sailors", ("all",)),
    ],
)
def test_who_a_resource_is_for_is_read_from_words(words: str, codes: tuple[str, ...]) -> None:
    assert audiences_of_words(words) == codes


@pytest.mark.parametrize("code", ["", "7", "ab-c", "A--B", "-AB", "AB-", "A B", "A/B", "NEW", "A" * 31, "FEED.XML", "É-1"])
def test_a_code_is_capitals_numbers_and_single_hyphens(code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_resource(ResourceDraft(code=code, title="A", kind="form"))
    assert refused.value.field == "code"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"kind": "poem"}, "kind"),
        ({"audience_codes": ()}, "audience_codes"),
        ({"audience_codes": ("sailors",)}, "audience_codes"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "http://localhost/"}, "url"),
    ],
)
def test_what_cannot_be_kept_is_refused_beside_its_field(change: dict[str, object], field: str) -> None:
    values = {name: getattr(GOOD, name) for name in ResourceDraft.__dataclass_fields__} | change
    with pytest.raises(Refused) as refused:
        check_resource(ResourceDraft(**values))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "title", "code"),
    [
        ("briefing7", "Neglect", "7MB-NEGLECT"),
        ("toolkit", "Family help: what works?", "KIT-FAMILY-HELP-WHAT-WORKS"),
        ("document", "Émigré families, a guide to very long titles", "DOC-EMIGRE-FAMILIES-A-GUIDE-TO"),
        ("", "???", "DOC"),
    ],
)
def test_a_code_is_made_from_kind_and_title(kind: str, title: str, code: str) -> None:
    made = code_from(kind, title)
    assert (made, len(made) <= 30) == (code, True)


def test_a_quality_check_is_good_for_a_year() -> None:
    assert is_quality_overdue(None, on=TODAY) is True
    assert is_quality_overdue(TODAY - timedelta(days=365), on=TODAY) is False
    assert is_quality_overdue(TODAY - timedelta(days=366), on=TODAY) is True


@pytest.mark.parametrize(
    ("note", "field"),
    [
        (QualityNote(TODAY + timedelta(days=1), "Nurse", Verdict.GOOD), "checked_on"),
        (QualityNote(TODAY, "", Verdict.GOOD), "role"),
        (QualityNote(TODAY, "Nurse", Verdict.CHANGES), "note"),
        (QualityNote(TODAY, "Nurse", Verdict.GOOD, is_reviewed=True), "review_by"),
        (QualityNote(TODAY, "Nurse", Verdict.GOOD, is_reviewed=True, review_by=TODAY), "review_by"),
    ],
)
def test_a_check_that_says_too_little_is_refused(note: QualityNote, field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_quality_note(note, on=TODAY)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("agent", "purpose", "counts"),
    [
        (FIREFOX, "", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1", "", True),
        (FIREFOX, "prefetch;prerender", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "", False),
        ("Mozilla/5.0 (Windows NT) HeadlessChrome/140", "", False),
        ("marstraining-link-check (+https://training.example/resources)", "", False),
        ("curl/8.9", "", False),
        ("python-requests/2.32", "", False),
        ("", "", False),
    ],
)
def test_machines_and_looks_ahead_do_not_count_as_use(agent: str, purpose: str, counts: bool) -> None:  # noqa: FBT001 - a column
    assert is_somebody(agent, purpose=purpose) is counts


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "works"),
        (206, "works"),
        (304, "works"),
        (404, "gone"),
        (410, "gone"),
        (403, "refused"),
        (418, "refused"),
        (429, "busy"),
        (500, "error"),
    ],
)
def test_what_a_status_means(status: int, outcome: str) -> None:
    assert outcome_of(status).value == outcome


def test_a_link_is_broken_after_three_failures_over_two_days_and_no_sooner() -> None:
    gone = Look(Outcome.GONE, 404)
    first = standing_after(gone, failures=0, failing_since=None, now=NOW)
    assert (first.state, first.failures, first.failing_since, first.check_at) == (LinkState.FAILING, 1, NOW, NOW + timedelta(days=1))
    many_at_once = standing_after(gone, failures=9, failing_since=NOW, now=NOW + timedelta(hours=47))
    few_over_time = standing_after(gone, failures=1, failing_since=NOW, now=NOW + timedelta(days=30))
    both = standing_after(gone, failures=2, failing_since=NOW, now=NOW + timedelta(days=2))
    assert [one.state for one in (many_at_once, few_over_time, both)] == [LinkState.FAILING, LinkState.FAILING, LinkState.BROKEN]
    long_since = standing_after(gone, failures=20, failing_since=NOW, now=NOW + timedelta(days=14))
    assert long_since.check_at == NOW + timedelta(days=21)


def test_a_busy_website_is_left_alone_for_as_long_as_it_asks_within_a_day_and_a_week() -> None:
    waits = [
        standing_after(Look(Outcome.BUSY, 429, retry_after=asked), failures=0, failing_since=None, now=NOW).check_at - NOW
        for asked in (None, timedelta(minutes=5), timedelta(days=3), timedelta(days=300))
    ]
    assert waits == [timedelta(days=1), timedelta(days=1), timedelta(days=3), timedelta(days=7)]


def test_it_is_our_own_line_only_when_several_hosts_are_asked_and_none_answers() -> None:
    silent = {f"site{number}.org": Look(Outcome.TIMEOUT) for number in range(5)}
    assert is_own_outage(silent) is True
    assert is_own_outage(silent | {"answers.org": Look(Outcome.GONE, 404)}) is False
    assert is_own_outage(silent | {"inner.org": Look(Outcome.INSIDE)}) is False
    assert is_own_outage(dict(list(silent.items())[:4])) is False
