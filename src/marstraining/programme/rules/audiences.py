"""Whom courses and sessions are for, in words, and which of them somebody is by their post."""

EVERYBODY = "all"
AUDIENCES = {
    EVERYBODY: "All practitioners",
    "early_years": "Early years",
    "schools": "Schools",
    "further_education": "Further education",
    "health": "Health",
    "police": "Police",
    "social_care": "Children's social care",
    "probation": "Probation",
    "voluntary": "Voluntary sector",
    "foster_carers": "Foster carers",
    "parents": "Parents",
    "trainers": "Trainers",
    "managers": "Managers",
    "pupils": "Pupils",
    "invited": "By invitation",
}
# Those that somebody looks for: not everybody, and nobody looks for what only the invited may come to.
FINDABLE_AUDIENCES = {code: label for code, label in AUDIENCES.items() if code not in {EVERYBODY, "invited"}}


# Which audiences a post belongs to, by its agency's sector and by its job role; a restricted session asks for one of them.
_SECTOR_AUDIENCES = {
    "local authority children's services": "social_care",
    "youth justice": "social_care",
    "police": "police",
    "health": "health",
    "probation": "probation",
    "education, schools": "schools",
    "education, alternative provision": "schools",
    "further education": "further_education",
    "early years": "early_years",
    "voluntary and community": "voluntary",
}


_ROLE_AUDIENCES = {
    "school_staff": "schools",
    "governor": "schools",
    "appointing_panel": "schools",
    "early_years": "early_years",
    "early_years_dsl": "early_years",
    "childminder": "early_years",
    "gp": "health",
    "vcse_staff": "voluntary",
    "vcse_volunteer": "voluntary",
    "trainer_gcp2": "trainers",
}


def audiences_of(*, sector: str, job_role: str, is_vcse: bool = False) -> frozenset[str]:
    """The audiences of `AUDIENCES` that a post belongs to; everyone belongs to "all"."""
    found = {"all"}
    by_sector = _SECTOR_AUDIENCES.get(sector.casefold())
    by_role = "health" if job_role.startswith("health_") else _ROLE_AUDIENCES.get(job_role)
    found.update(audience for audience in (by_sector, by_role) if audience)
    if is_vcse:
        found.add("voluntary")
    return frozenset(found)
