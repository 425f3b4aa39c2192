"""One person's training record."""

from collections.abc import Sequence
from datetime import date, datetime

from marstraining.certificates.queries import HeldAccreditation, accreditations_of
from marstraining.certificates.rules import hours_words
from marstraining.core.clock import today_of
from marstraining.core.values import frozen
from marstraining.coverage.queries.learnt import Attended, External, attended_by, external_of, learning_of, posts_of
from marstraining.coverage.queries.rules import refresher_rules
from marstraining.coverage.rules import Due, Rule, standings
from marstraining.coverage.use import rule_of_use


@frozen
class TrainingRecord:
    """Everything that a record shows of one person on a day; `asked_about` are the accreditations whose use a rule asks for."""

    name: str
    on: date
    dues: Sequence[Due]
    attended: Sequence[Attended]
    external: Sequence[External]
    accreditations: Sequence[HeldAccreditation]
    asked_about: frozenset[int] = frozenset()

    @property
    def whole(self) -> list[Attended]:
        return [line for line in self.attended if line.is_whole]

    @property
    def of_unknown_length(self) -> int:
        """How many lines of what was attended tell no minutes, and so stand in no sum."""
        return sum(line.minutes is None for line in self.attended)

    @property
    def hours(self) -> str:
        """The minutes of everything attended and confirmed, in words; what is not known is left out."""
        confirmed = [line.minutes or 0 for line in self.external if line.state == "confirmed"]
        return hours_words(sum([*(line.minutes or 0 for line in self.attended), *confirmed]))


async def training_record(person_id: int, name: str, *, now: datetime) -> TrainingRecord:
    """Everything on somebody's record, as of today in London."""
    on = today_of(now)
    posts, learnt = await posts_of(person_id), await learning_of(person_id)
    rules, accreditations = await refresher_rules(), await accreditations_of(person_id)
    return TrainingRecord(
        name=name,
        on=on,
        dues=standings(rules, posts.get(person_id, []), learnt.get(person_id, []), on),
        attended=await attended_by(person_id),
        external=await external_of(person_id),
        accreditations=accreditations,
        asked_about=_asked_about(accreditations, rules, on),
    )


def _asked_about(accreditations: Sequence[HeldAccreditation], rules: Sequence[Rule], on: date) -> frozenset[int]:
    """Of each course the latest that holds, if a rule asks for its use."""
    latest: dict[str, HeldAccreditation] = {}
    for held in accreditations:
        if held.is_current(on):
            latest.setdefault(held.course_code, held)
    return frozenset(held.id for held in latest.values() if rule_of_use(rules, frozenset({held.course_code, held.counts_as}) - {""}, on))
