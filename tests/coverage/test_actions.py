import asyncio
from datetime import date, timedelta

import pytest

from marstraining.attendance.rules import MarkWord
from marstraining.core import config
from marstraining.core.errors import NotFound, Refused
from marstraining.coverage import actions, queries
from marstraining.coverage.defaults import DEFAULT_RULES
from marstraining.coverage.evidence import Evidence, evidence_path, read_evidence
from marstraining.coverage.models import RefresherRule
from marstraining.coverage.rules import Learning, Post, RuleChange, RuleKind, applied_on
from marstraining.people.models import Person
from marstraining.record.models import ExternalLearning
from tests import makers
from tests.certificates.held import AFTER, held_session, lock, mark
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

TODAY = date(2026, 3, 9)
PDF = Evidence("certificate.pdf", "application/pdf", b"%PDF-1.7 evidence")


def change(*, on: date, months: int = 24) -> RuleChange:
    return RuleChange(
        title="Multi-agency", kind=RuleKind.RENEW, job_roles=("multi_agency",), counts_as=("MA-CORE",), applies_from=on, months=months,
        minutes=None, participatory_share=0.0, grace_days=14, family="", rank=0, source="The board", confidence="local",
    )  # fmt: skip


def learning(*, on: date = date(2026, 2, 3), minutes: int | None = 90) -> actions.NewLearning:
    return actions.NewLearning("Neglect webinar", "NSPCC", on, minutes, is_participatory=True, counts_as="MA-CORE")


async def test_the_default_rules_are_written_once_however_often_and_by_however_many_at_once(clock: Clock) -> None:
    written = await asyncio.gather(*(actions.seed_rules(now=clock.now) for _ in range(3)))
    assert (sorted(written), await RefresherRule.all().count()) == ([0, 0, len(DEFAULT_RULES)], len(DEFAULT_RULES))
    assert sorted(await queries.refresher_rules(), key=lambda rule: rule.code) == sorted(DEFAULT_RULES, key=lambda rule: rule.code)


async def test_a_change_is_a_new_dated_row_and_what_applied_before_stays_known(dee: Person, clock: Clock) -> None:
    await actions.seed_rules(now=clock.now)
    await actions.change_rule("MA-CORE", change(on=date(2026, 9, 1)), by=makers.as_desk(dee), now=clock.now)
    rules = await queries.refresher_rules()

    def months(on: date) -> int | None:
        return next(rule.months for rule in applied_on(rules, on) if rule.code == "MA-CORE")

    assert (months(date(2026, 8, 31)), months(date(2026, 9, 1))) == (36, 24)
    versions = [kept for kept in await queries.kept_rules() if kept.rule.code == "MA-CORE"]
    assert [(one.rule.applies_from, one.rule.applies_until, one.changed_by) for one in versions] == [
        (date(2026, 9, 1), None, "Dee Ward"), (date(2022, 4, 1), date(2026, 8, 31), ""),
    ]  # fmt: skip
    assert await actions.seed_rules(now=clock.now) == 0


async def test_a_change_before_the_present_version_and_of_an_unknown_rule_is_refused(dee: Person, clock: Clock) -> None:
    await actions.seed_rules(now=clock.now)
    desk = makers.as_desk(dee)
    with pytest.raises(Refused, match="applies from 1 April 2022"):
        await actions.change_rule("MA-CORE", change(on=date(2022, 4, 1)), by=desk, now=clock.now)
    with pytest.raises(NotFound):
        await actions.change_rule("NONE", change(on=TODAY), by=desk, now=clock.now)
    for code in ("MA-CORE", "bad code", ""):
        with pytest.raises(Refused):
            await actions.add_rule(code, change(on=TODAY), by=desk, now=clock.now)
    await actions.add_rule("local-1", change(on=TODAY), by=desk, now=clock.now)
    assert await RefresherRule.filter(code="LOCAL-1").count() == 1


async def test_what_was_learnt_counts_by_course_in_part_and_elsewhere_once_confirmed(asha: Person, dee: Person, clock: Clock) -> None:
    course = await makers.make_course("Child Protection", code="CP", counts_as="MA-CORE", meets_annex_c=True)
    await makers.complete(asha, course, on=date(2025, 5, 6))
    online = await makers.make_course("Online", code="ON", is_participatory=False)
    session = await held_session(asha, course=online, days=2)
    await mark(session, asha, *_words("attended", "partial"), minutes=80)
    await lock(session)
    clock.travel_to(AFTER)
    ref = await actions.add_external(learning(), None, by=makers.as_learner(asha), now=clock.now)
    assert (await queries.learning_of(asha.id))[asha.id] == [
        Learning(date(2025, 5, 6), None, True, frozenset({"CP", "MA-CORE", "ANNEX-C"})),
        Learning(date(2026, 3, 11), 160, False, frozenset()),
    ]  # fmt: skip
    await actions.decide_external(ref, asha.id, is_confirmed=True, counts_as="MA-CORE", by=makers.as_desk(dee), now=clock.now)
    assert (await queries.learning_of(asha.id))[asha.id][2] == Learning(date(2026, 2, 3), 90, True, frozenset({"MA-CORE"}))
    await actions.decide_external(ref, asha.id, is_confirmed=False, counts_as="", by=makers.as_desk(dee), now=clock.now)
    assert len((await queries.learning_of(asha.id))[asha.id]) == 2
    assert [(line.title, line.minutes, line.is_whole) for line in await queries.attended_by(asha.id)] == [
        ("Online", 160, False), ("Child Protection", None, True),
    ]  # fmt: skip


def _words(*words: str) -> tuple[MarkWord, ...]:
    return tuple(MarkWord(word) for word in words)


async def test_everybody_at_once_is_what_each_is_alone(asha: Person, ben: Person, clock: Clock) -> None:
    await actions.seed_rules(now=clock.now)
    await makers.complete(ben, await makers.make_course(counts_as="MA-CORE"), on=date(2025, 5, 6))
    people = await queries.people_asked(on=TODAY)
    assert {person: [due.asked.rule.code for due in dues] for person, dues in people.items()} == {
        asha.id: ["DSL-ANNUAL", "DSL-FULL", "DSL-PREVENT"], ben.id: ["MA-CORE"],
    }  # fmt: skip
    assert [(due.due_on, due.state.value) for due in people[ben.id]] == [(date(2028, 5, 6), "met")]
    assert (await queries.posts_of(ben.id))[ben.id] == [Post("multi_agency", date(2025, 1, 6))]


async def test_evidence_is_kept_under_a_random_name_and_goes_with_its_entry(asha: Person, ben: Person, clock: Clock) -> None:
    settings = config.current()
    ref = await actions.add_external(learning(), PDF, by=makers.as_learner(asha), now=clock.now)
    kept = await ExternalLearning.get(ref=ref)
    path = evidence_path(kept.stored_as, settings)
    assert path is not None
    assert (path.parent, path.read_bytes(), "certificate" in path.name) == (settings.data_dir / "files", PDF.data, False)
    with pytest.raises(NotFound):
        await actions.remove_external(ref, by=makers.as_learner(ben), now=clock.now)
    await actions.remove_external(ref, by=makers.as_learner(asha), now=clock.now)
    assert (path.exists(), await ExternalLearning.all().count()) == (False, 0)


async def test_a_refused_entry_leaves_no_file_behind(asha: Person, clock: Clock) -> None:
    with pytest.raises(Refused, match="today or in the past"):
        await actions.add_external(learning(on=TODAY + timedelta(days=1)), PDF, by=makers.as_learner(asha), now=clock.now)
    await ExternalLearning.bulk_create(
        [ExternalLearning(ref=f"{n:010}", person=asha, title="x", completed_on=TODAY, at=clock.now) for n in range(100)]
    )
    with pytest.raises(Refused, match="100 entries"):
        await actions.add_external(learning(), PDF, by=makers.as_learner(asha), now=clock.now)
    folder = config.current().data_dir / "files"
    assert sorted(folder.iterdir()) == []


async def test_what_is_confirmed_is_not_removed_by_its_owner(asha: Person, dee: Person, clock: Clock) -> None:
    ref = await actions.add_external(learning(), PDF, by=makers.as_learner(asha), now=clock.now)
    await actions.decide_external(ref, asha.id, is_confirmed=True, counts_as="", by=makers.as_desk(dee), now=clock.now)
    with pytest.raises(Refused, match="has confirmed this"):
        await actions.remove_external(ref, by=makers.as_learner(asha), now=clock.now)
    with pytest.raises(NotFound):
        await actions.decide_external(ref, dee.id, is_confirmed=True, counts_as="", by=makers.as_desk(dee), now=clock.now)


@pytest.mark.parametrize(
    ("name", "data", "kind", "kept_as"),
    [
        ("a.pdf", b"%PDF-1.4", "application/pdf", "a.pdf"),
        ("scan.JPEG", b"\xff\xd8\xff\xe0", "image/jpeg", "scan.JPEG"),
        ("C:\\tmp\\x.pdf", b"\x89PNG\r\n\x1a\n..", "image/png", "x.pdf.png"),
        ("", b"%PDF-1.4", "application/pdf", "evidence.pdf"),
        ("../../etc/passwd", b"%PDF-1.4", "application/pdf", "passwd.pdf"),
    ],
)
def test_evidence_is_known_by_its_first_bytes_whatever_it_is_called(name: str, data: bytes, kind: str, kept_as: str) -> None:
    read = read_evidence(name, data)
    assert (read.content_type, read.name) == (kind, kept_as)


@pytest.mark.parametrize("data", [b"", b"<html>", b"PK\x03\x04", b"MZ", b"GIF89a", b"%PDF-" + b"x" * (5 * 1024 * 1024)])
def test_other_files_and_large_ones_are_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read_evidence("certificate.pdf", data)
