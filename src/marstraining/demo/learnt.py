"""What people had learnt before the upcoming programme, by import and elsewhere: some are up to date, some soon due, some late."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from marstraining.certificates.rules import add_months
from marstraining.core.imports import Row
from marstraining.core.values import frozen
from marstraining.demo.invent import Invented, reference
from marstraining.demo.past import PastSession, attended_row

# No learning is invented within the reference year: its figures are the published ones, and stay so however they are counted.
REFERENCE_YEAR = (date(2022, 4, 1), date(2023, 3, 31))


class Stands(StrEnum):
    """How somebody stands on the day the demo is made."""

    MET = "met"
    SOON = "soon"
    LATE = "late"
    NEVER = "never"


# The staff of a setting take these in turn, so that each has some of all.
_TURNS = tuple(
    Stands(word) for word in ("met", "met", "soon", "met", "late", "met", "never", "met", "soon", "met", "late", "met")
)  # fmt: skip


@frozen
class _Renewed:
    """What job roles renew: a course of the partnership by its code, or something elsewhere that counts as a code of the rules."""

    code: str
    job_roles: frozenset[str]
    months: int
    minutes: int
    course: str = ""
    titles: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    is_participatory: bool = True


_SCHOOL_LEADS = frozenset({"dsl", "deputy_dsl"})
_EARLY_YEARS = frozenset({"early_years", "childminder"})
_PARTNERSHIPS = ("Neighbouring safeguarding partnership", "Regional training consortium", "Independent safeguarding trainer")
_OWN = ("Own setting",)
_ONLINE = ("Online course",)

_RENEWED = (
    _Renewed("MA-CORE", frozenset({"multi_agency"}), 36, 360, course="CP"),
    _Renewed("VCSE-AWARE", frozenset({"vcse_staff", "vcse_volunteer"}), 36, 150, course="VCSE-AW"),
    _Renewed("DSL-ANNUAL", _SCHOOL_LEADS, 12, 120, course="DSL-SCH"),
    _Renewed("EY-DSL", frozenset({"early_years_dsl"}), 24, 720, titles=("Early years safeguarding lead",), providers=_PARTNERSHIPS),
    _Renewed("DSL-FULL", _SCHOOL_LEADS, 24, 720, titles=("Designated Safeguarding Lead, two days",), providers=_PARTNERSHIPS),
    _Renewed("DSL-PREVENT", _SCHOOL_LEADS, 36, 60, titles=("Prevent awareness",), providers=_ONLINE, is_participatory=False),
    _Renewed("SCH-ALL", frozenset({"school_staff"}), 12, 90, titles=("Whole-school safeguarding update",), providers=_OWN),
    _Renewed("SCH-GOV", frozenset({"governor"}), 12, 90, titles=("Safeguarding for governors",), providers=_PARTNERSHIPS),
    _Renewed("SCH-RECRUIT", frozenset({"appointing_panel"}), 60, 300, titles=("Safer recruitment",), providers=_PARTNERSHIPS),
    _Renewed("ANNEX-C", _EARLY_YEARS, 24, 360, titles=("Early years safeguarding, Annex C",), providers=_PARTNERSHIPS),
)
# Hours that health staff keep up in three years, each half of them by a day of the partnership or of their trust.
_HOURS = {"health_2": 3, "health_3": 6, "health_3_specialist": 12, "health_4": 24, "health_5": 24, "gp": 12}
_TRUST = ("Safeguarding children, study day of the trust", "Safeguarding supervision group", "Learning from a review, seminar")
_WINDOW = 36
_REACHES_BACK = 66

# How those of the demo's sign-in links stand, whose records are looked at first.
_BY_SIGN_IN: Mapping[str, Mapping[str, Stands]] = {
    "learner": {"DSL-FULL": Stands.SOON, "DSL-PREVENT": Stands.MET, "DSL-ANNUAL": Stands.MET, "SCH-ALL": Stands.MET},
    "trainer": {"MA-CORE": Stands.MET},
    "agency_lead": {"SCH-ALL": Stands.MET},
    "desk": {"MA-CORE": Stands.SOON},
}
# Courses that people take once, with the weekday on which each runs (0 is Monday).
_WEEKDAYS = {"CP": 2, "GCP2": 3, "VCSE-AW": 5, "EHPP": 1, "CPVA": 2, "SD": 1, "DSL-SCH": 1, "DSL-EY": 3, "GCP2-TTT": 2}
_ALSO = (("EHPP", 180, 0.25), ("CPVA", 150, 0.1), ("SD", 150, 0.08), ("DSL-EY", 120, 0.04))
_PRACTITIONERS = frozenset(
    {"multi_agency", "health_2", "health_3", "health_3_specialist", "health_4", "health_5", "gp", "dsl", "deputy_dsl", "early_years_dsl"}
)
_GCP2_PEOPLE = 110
# Leave to train it lasts so long in the demo (content/courses.toml); the first of its holders has weeks left.
_TRAINER_MONTHS = 24
_TRAINS_GCP2_TOO = "STLUKES"
_TO_CONFIRM = 5


@frozen
class Elsewhere:
    """Something somebody put on their record; `is_new` waits for the desk to confirm it."""

    ref: str
    person: Invented
    title: str
    provider: str
    day: date
    minutes: int
    is_participatory: bool
    counts_as: str
    is_new: bool = False


@frozen
class Learnt:
    """The history of everybody: rows for `import_attendance`, and what was learnt elsewhere."""

    rows: Sequence[Row]
    elsewhere: Sequence[Elsewhere]

    def by_course(self, since: date | None = None) -> dict[str, set[str]]:
        """Which addresses have completed a course, or have since a day."""
        found: dict[str, set[str]] = {"CP": set(), "GCP2": set()}
        for row in self.rows:
            if since is None or row.cells["date"] >= since.isoformat():
                found.setdefault(row.cells["course"], set()).add(row.cells["email"])
        return found


def invent_history(rng: random.Random, people: Sequence[Invented], *, until: date) -> Learnt:
    """The same history from the same seed on the same day."""
    made = _History(rng, until)
    turn: dict[str, int] = {}
    for person in people:
        start = turn.setdefault(person.agency, rng.randrange(len(_TURNS)))
        turn[person.agency] = start + 1
        for number, renewed in enumerate(_RENEWED):
            if any(job_role in renewed.job_roles for _, job_role in person.posts):
                asked = _BY_SIGN_IN.get(person.sign_in, {}).get(renewed.code, _TURNS[(start + 5 * number) % len(_TURNS)])
                made.renew(person, renewed, asked)
        if person.job_role in _HOURS:
            made.keep_up_hours(person, _HOURS[person.job_role] * 60, _TURNS[start % len(_TURNS)])
    made.take_further(people)
    made.leave_to_confirm(people)
    return Learnt(tuple(made.rows()), tuple(made.elsewhere))


def newcomers(people: Sequence[Invented], came: Sequence[Row], learnt: Learnt) -> list[str]:
    """Who has learnt nothing yet, by reference: they came to their post lately."""
    known = {row.cells["email"] for row in came} | {row.cells["email"] for row in learnt.rows}
    known_refs = {one.person.ref for one in learnt.elsewhere}
    return [one.ref for one in people if one.email not in known and one.ref not in known_refs and not one.roles and not one.sign_in]


class _History:
    def __init__(self, rng: random.Random, until: date) -> None:
        self._rng = rng
        self._until = until
        self._taken: dict[tuple[str, str, date], tuple[Invented, int]] = {}
        self.elsewhere: list[Elsewhere] = []

    def renew(self, person: Invented, renewed: _Renewed, stands: Stands) -> None:
        day = self._last(renewed.months, stands)
        while day is not None and day > add_months(self._until, -_REACHES_BACK):
            self._learn(person, renewed, day)
            before = add_months(day, -renewed.months)
            day = before - timedelta(days=self._rng.randrange(40)) if renewed.months > 12 and self._rng.random() < 0.6 else None

    def _last(self, months: int, stands: Stands) -> date | None:
        """When it was learnt last, so that on the day of the demo it stands so."""
        begins = add_months(self._until, -months)
        if stands == Stands.NEVER:
            return None
        if stands == Stands.SOON:
            return begins + timedelta(days=self._rng.randint(8, 80))
        if stands == Stands.LATE:
            return begins - timedelta(days=self._rng.randint(12, 160))
        return begins + timedelta(days=self._rng.randint(110, (self._until - begins).days - 20))

    def _learn(self, person: Invented, renewed: _Renewed, day: date) -> None:
        if renewed.course:
            self.take(person, renewed.course, renewed.minutes, day)
            return
        title, provider = self._rng.choice(renewed.titles), self._rng.choice(renewed.providers)
        self._add(person, title, provider, day, renewed.minutes, counts_as=renewed.code, is_participatory=renewed.is_participatory)

    def keep_up_hours(self, person: Invented, minutes: int, stands: Stands) -> None:
        """Days of study until the hours are there; for who falls due soon the first of them leaves the window within weeks."""
        wanted = {Stands.NEVER: 0, Stands.LATE: minutes // 2}.get(stands, minutes)
        opens = add_months(self._until, -_WINDOW)
        number = 0
        while wanted > 0:
            day = opens + timedelta(days=self._rng.randint(120, 1060))
            if stands == Stands.SOON and number == 0:
                day = opens + timedelta(days=self._rng.randint(8, 80))
            if number == 0 and wanted >= 360:
                self.take(person, "CP", 360, day)
                wanted -= 352  # a few minutes less than the day are imported
            else:
                length = min(240, wanted)
                self._add(person, self._rng.choice(_TRUST), "Own trust", day, length, counts_as="", is_participatory=True)
                wanted -= length
            number += 1

    def take_further(self, people: Sequence[Invented]) -> None:
        """What nobody is asked to renew: the licensed tool, leave to train it, and courses taken once."""
        rng, until = self._rng, self._until
        practitioners = [person for person in people if person.email and person.job_role in _PRACTITIONERS]
        for person in rng.sample(practitioners, _GCP2_PEOPLE):
            self.take(person, "GCP2", 360, until - timedelta(days=rng.randint(90, 730)))
        for person in people:
            if "GCP2" in person.trains or (person.agency == _TRAINS_GCP2_TOO and person.job_role == "deputy_dsl"):
                self.take(person, "GCP2", 360, until - timedelta(days=rng.randint(400, 700)))
        trainers = [person for person in people if "GCP2-TTT" in person.trains or person.sign_in == "trainer"]
        for number, person in enumerate(sorted(trainers, key=lambda one: not one.sign_in)):
            self.take(person, "GCP2-TTT", 720, add_months(until, -_TRAINER_MONTHS) + timedelta(days=45 + 120 * number))
        for course, minutes, share in _ALSO:
            for person in rng.sample(practitioners, int(len(practitioners) * share)):
                self.take(person, course, minutes, until - timedelta(days=rng.randint(70, 1000)))

    def take(self, person: Invented, course: str, minutes: int, day: date) -> None:
        """A course on one of its days; somebody without e-mail is not on this list, and twice on a day is once."""
        if not person.email:
            return
        day -= timedelta(days=(day.weekday() - _WEEKDAYS[course]) % 7)
        first, last = REFERENCE_YEAR
        if first <= day <= last:
            day = first - timedelta(days=7 + (first.weekday() - _WEEKDAYS[course]) % 7)
        self._taken[course, person.email, day] = (person, minutes)

    def _add(self, person: Invented, title: str, provider: str, day: date, minutes: int, *, counts_as: str, is_participatory: bool) -> None:
        ref = reference(self._rng)
        self.elsewhere.append(Elsewhere(ref, person, title, provider, day, minutes, is_participatory, counts_as))

    def leave_to_confirm(self, people: Sequence[Invented]) -> None:
        """The last weeks' entries, which the desk has not looked at yet; one of them the demo's learner's own."""
        leads = [person for person in people if person.job_role in _SCHOOL_LEADS and person.email and not person.sign_in]
        learner = [person for person in people if person.sign_in == "learner"]
        for person in [*learner, *self._rng.sample(leads, _TO_CONFIRM)]:
            day = self._until - timedelta(days=self._rng.randint(3, 20))
            self.elsewhere.append(
                Elsewhere(
                    reference(self._rng), person, "Online safety for school leads", "Online course", day, 120, False, "SCH-ALL", is_new=True
                )
            )

    def rows(self) -> Iterator[Row]:
        for number, ((course, _, day), (person, minutes)) in enumerate(self._taken.items(), start=2):
            yield attended_row(self._rng, person, PastSession(course, day, 1, minutes), number)
