"""Invents settings and the people who work in them: the same ones from the same seed, nobody real."""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from marstraining.core.values import frozen

CONTENT = Path(__file__).parent / "content"

# Crockford's base32, as `core.tokens` has it; here the letters come from the seed, so that addresses are reproducible.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

_SCHOOLS = 80
_EARLY_YEARS = 67
_CHILDMINDERS = 66

# How many people of each partner organisation the demo knows, and what they do there.
_STAFF: dict[str, tuple[int, tuple[str, ...]]] = {
    "NLC-CF": (48, ("multi_agency",)),
    "NLC-OTHER": (26, ("multi_agency",)),
    "YJP": (14, ("multi_agency",)),
    "POL": (26, ("multi_agency",)),
    "ICB": (14, ("health_3", "health_3_specialist", "health_4", "gp")),
    "NLAG": (32, ("health_2", "health_3", "health_3", "health_3_specialist")),
    "RDASH": (28, ("health_2", "health_3", "health_3", "health_5")),
    "PROB": (10, ("multi_agency",)),
    "HFRS": (8, ("multi_agency",)),
    "JLC": (9, ("school_staff", "deputy_dsl", "dsl")),
    "NLCOL": (9, ("school_staff", "deputy_dsl", "dsl")),
    "STLUKES": (6, ("deputy_dsl", "school_staff", "school_staff", "governor")),
    "AP": (6, ("dsl", "school_staff")),
    "VANL": (24, ("vcse_staff", "vcse_volunteer")),
    "BLUEDOOR": (18, ("vcse_staff", "vcse_volunteer")),
    "NIOC": (10, ("vcse_staff",)),
    "FVR": (10, ("vcse_volunteer",)),
}


@frozen
class Setting:
    """An organisation that the reference case leaves to be invented; `parent` is a code."""

    code: str
    name: str
    sector: str
    parent: str
    email_domain: str
    is_one_person: bool = False
    contact_name: str = ""


@frozen
class Invented:
    """A person of the demo; `posts` are (agency code, job role), the first one the main one.

    `email` is None for a learner whom the agency `managed_by` manages. `sign_in` is the name of the demo's sign-in link.
    """

    ref: str
    name: str
    email: str | None
    posts: tuple[tuple[str, str], ...]
    roles: tuple[str, ...] = ()
    managed_by: str = ""
    sign_in: str = ""
    trains: tuple[str, ...] = ()

    @property
    def agency(self) -> str:
        return self.posts[0][0]

    @property
    def job_role(self) -> str:
        return self.posts[0][1]


def content(name: str) -> dict[str, Any]:
    """One TOML file of the demo's content."""
    with (CONTENT / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def reference(rng: random.Random) -> str:
    """A reference for addresses, from the seed."""
    return "".join(rng.choices(_LETTERS, k=10))


def invent_settings(rng: random.Random) -> list[Setting]:
    """Schools, some of them in trusts, nurseries and pre-schools, and childminders one by one."""
    words = content("names")
    trusts = [
        Setting(f"TRUST-{number}", name, "Education, schools", "SCH", _domain(name)) for number, name in enumerate(words["trusts"], start=1)
    ]
    settings = list(trusts)
    for number, place in enumerate(rng.sample(words["places"], _SCHOOLS), start=1):
        name = f"{place} {rng.choice(words['schools'])}"
        parent = trusts[number % 3].code if number <= 24 else "SCH"
        settings.append(Setting(f"SCH-{number:03}", name, "Education, schools", parent, _domain(name), contact_name=_name(rng, words)))
    for number, place in enumerate(rng.sample(words["places"], _EARLY_YEARS), start=1):
        name = f"{place} {rng.choice(words['nurseries'])}"
        settings.append(Setting(f"EY-{number:03}", name, "Early years", "EY", _domain(name), contact_name=_name(rng, words)))
    names: set[str] = set()
    while len(names) < _CHILDMINDERS:
        names.add(_name(rng, words))
    for number, name in enumerate(sorted(names), start=1):
        code = f"CM-{number:03}"
        settings.append(
            Setting(code, f"{name}, childminder", "Early years", "CM", "childminders.example", is_one_person=True, contact_name=name)
        )
    return settings


def _name(rng: random.Random, words: dict[str, Any]) -> str:
    return f"{rng.choice(words['first'])} {rng.choice(words['last'])}"


def _domain(name: str) -> str:
    return f"{re.sub('[^a-z]+', '-', name.casefold()).strip('-')}.example"


@dataclass
class _Crowd:
    """Makes people whose addresses are all different."""

    rng: random.Random
    words: dict[str, Any]
    domains: dict[str, str]
    people: list[Invented] = field(default_factory=list)
    _taken: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, posts: Sequence[tuple[str, str]], **more: Any) -> None:  # noqa: ANN401 - fields of Invented
        self.people.append(Invented(reference(self.rng), name, self._address(name, posts[0][0]), tuple(posts), **more))

    def add_managed(self, name: str, agency: str, job_role: str) -> None:
        self.people.append(Invented(reference(self.rng), name, None, ((agency, job_role),), managed_by=agency))

    def name(self) -> str:
        return _name(self.rng, self.words)

    def _address(self, name: str, agency: str) -> str:
        plain = re.sub("[^a-z.]", "", name.casefold().replace(" ", "."))
        wanted = f"{plain}@{self.domains[agency]}"
        self._taken[wanted] += 1
        number = self._taken[wanted]
        return wanted if number == 1 else f"{plain}{number}@{self.domains[agency]}"


def invent_people(rng: random.Random, settings: Sequence[Setting], domains: dict[str, str]) -> list[Invented]:
    """Everybody of the demo: those with sign-in links first, then trainers, then the staff of every organisation.

    `domains` are the e-mail domains of the organisations that the reference case names, by code.
    """
    crowd = _Crowd(rng, content("names"), domains | {setting.code: setting.email_domain for setting in settings})
    _add_named(crowd)
    for agency, (number, job_roles) in _STAFF.items():
        for index in range(number):
            crowd.add(crowd.name(), [(agency, job_roles[index % len(job_roles)])])
    for setting in settings:
        _add_staff(crowd, setting)
    for agency in ("STLUKES", "STLUKES", "SCH-001", "SCH-002", "EY-001"):
        crowd.add_managed(crowd.name(), agency, "early_years" if agency.startswith("EY") else "school_staff")
    return _with_second_posts(rng, crowd.people)


def _add_named(crowd: _Crowd) -> None:
    named = content("people")
    trains = {trainer["name"]: tuple(trainer["courses"]) for trainer in named["trainer"]}
    for one in named["sign_in"] + named["staff"]:
        posts = [(one["agency"], one["job_role"])]
        if "second_agency" in one:
            posts.append((one["second_agency"], one["second_job_role"]))
        roles = tuple(one.get("roles", ()))
        crowd.add(one["name"], posts, roles=roles, sign_in=one.get("as", ""), trains=trains.pop(one["name"], ()))
    for trainer in named["trainer"]:
        if trainer["name"] in trains:
            crowd.add(trainer["name"], [(trainer["agency"], "multi_agency")], roles=("trainer",), trains=trains[trainer["name"]])


def _add_staff(crowd: _Crowd, setting: Setting) -> None:
    """A school has a lead, a deputy and others; a nursery a lead and a colleague or two; a childminder is alone."""
    kind = setting.code.partition("-")[0]
    if kind == "CM":
        crowd.add(setting.contact_name, [(setting.code, "childminder")], roles=("agency_lead",))
    elif kind == "EY":
        crowd.add(crowd.name(), [(setting.code, "early_years_dsl")], roles=("agency_lead",))
        for _ in range(crowd.rng.randint(1, 2)):
            crowd.add(crowd.name(), [(setting.code, "early_years")])
    elif kind == "SCH":
        crowd.add(setting.contact_name, [(setting.code, "dsl")], roles=("agency_lead",))
        crowd.add(crowd.name(), [(setting.code, "deputy_dsl")])
        for job_role in crowd.rng.sample(["school_staff", "school_staff", "governor", "appointing_panel"], crowd.rng.randint(1, 3)):
            crowd.add(crowd.name(), [(setting.code, job_role)])


def _with_second_posts(rng: random.Random, people: list[Invented]) -> list[Invented]:
    """Some deputies work at two schools, and some practitioners are school governors: two employers are ordinary."""
    schools = [person.agency for person in people if person.job_role == "dsl"]
    changed = []
    for index, person in enumerate(people):
        if person.job_role == "deputy_dsl" and index % 9 == 0:
            changed.append(replace(person, posts=(*person.posts, (rng.choice(schools), "deputy_dsl"))))
        elif person.job_role == "multi_agency" and index % 17 == 0 and not person.sign_in:
            changed.append(replace(person, posts=(*person.posts, (rng.choice(schools), "governor"))))
        else:
            changed.append(person)
    return changed
