"""The vocabulary of topics: one slug and label for each subject, and the other names it goes by."""

import re

# As the chat and its utterances name them; a label that is none of these becomes a topic of its own.
_VOCABULARY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "child_protection",
        "Child protection",
        (
            "CP",
            "child protection training",
            "level 3",
        ),
    ),
    (
        "early_help",
        "Early help",
        (
            "EH",
            "EHA",
            "family help",
        ),
    ),
    ("neglect", "Neglect", ("neglected",)),
    (
        "gcp2",
        "Graded Care Profile 2",
        (
            "GCP2",
            "graded care profile",
            "neglect tool",
        ),
    ),
    (
        "cce",
        "Child criminal exploitation",
        (
            "CCE",
            "county lines",
        ),
    ),
    (
        "cse",
        "Child sexual exploitation",
        (
            "CSE",
            "grooming",
        ),
    ),
    (
        "risk_outside_home",
        "Risk outside the home",
        (
            "ROTH",
            "contextual safeguarding",
        ),
    ),
    (
        "domestic_abuse",
        "Domestic abuse",
        (
            "DA",
            "domestic violence",
        ),
    ),
    ("coercive_control", "Coercive control", ()),
    (
        "teenage_relationship_abuse",
        "Teenage relationship abuse",
        (
            "TRA",
            "healthy relationships",
        ),
    ),
    ("child_to_parent_violence", "Child to parent violence and abuse", ("CPVA",)),
    ("fgm", "Female genital mutilation", ("FGM",)),
    ("honour_based_abuse_forced_marriage", "Honour based abuse and forced marriage", ("HBA",)),
    (
        "online_abuse",
        "Online abuse and safety",
        (
            "online harms",
            "online safety",
        ),
    ),
    ("prevent", "Prevent and radicalisation", ("Prevent",)),
    ("private_fostering", "Private fostering", ()),
    (
        "fathers",
        "Engaging fathers and male carers",
        (
            "dads",
            "engaging fathers",
            "male carers",
        ),
    ),
    ("professional_curiosity", "Professional curiosity", ()),
    (
        "mental_health",
        "Mental health and emotional wellbeing",
        (
            "CAMHS",
            "emotional wellbeing",
            "mental health",
        ),
    ),
    (
        "injuries_non_mobile",
        "Injuries in babies and young children",
        (
            "bruising in non-mobile babies",
            "injuries to babies",
        ),
    ),
    ("information_sharing", "Information sharing", ()),
    ("strategy_discussions", "Strategy discussions", ()),
    ("allegations", "Managing allegations", ("LADO",)),
    (
        "dsl",
        "Designated Safeguarding Lead",
        (
            "DSL",
            "DDSL",
        ),
    ),
    ("kcsie", "Keeping Children Safe in Education", ("KCSIE",)),
    (
        "send",
        "Special educational needs and disabilities",
        (
            "SEND",
            "SENDIASS",
        ),
    ),
    ("substance_misuse", "Drug and alcohol misuse", ()),
    (
        "voluntary_sector",
        "Voluntary, charity and social enterprise sector",
        (
            "VCSE",
            "VANL",
            "voluntary sector",
        ),
    ),
    ("disclosure", "Responding to a disclosure", ()),
    ("certificate", "Certificates and records", ()),
    ("stay_safe", "Keeping safe (pupils)", ("keeping safe",)),
    ("thresholds", "Thresholds and referrals", ()),
)
_BY_NAME = {name.casefold(): (slug, label) for slug, label, also in _VOCABULARY for name in (label, *also)}
_BY_SLUG = {slug: (slug, label) for slug, label, _ in _VOCABULARY}
_LONGEST_SLUG = 60


def known_topics() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Each topic of the vocabulary: its slug, its label and the other names it goes by."""
    return _VOCABULARY


def topic_of(label: str) -> tuple[str, str]:
    """The slug and label of a topic as it is typed, by any of its names; an unknown one is made into a slug."""
    name = " ".join(label.split())
    known = _BY_NAME.get(name.casefold())
    if known:
        return known
    slug = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:_LONGEST_SLUG] or "other"
    return _BY_SLUG.get(slug) or (slug, name[:1].upper() + name[1:120])


def label_of(slug: str) -> str | None:
    """What the vocabulary calls a topic; None for a slug that it does not know."""
    known = _BY_SLUG.get(slug)
    return known[1] if known else None
