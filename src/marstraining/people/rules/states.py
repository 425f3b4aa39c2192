"""States, choices, roles and kinds of work and organisation, as they are stored and as they are shown."""

from enum import StrEnum

from marstraining.core.viewer import Role


class PersonState(StrEnum):
    ACTIVE = "active"
    LEFT = "left"
    CLOSED = "closed"
    MERGED = "merged"


class AgencyState(StrEnum):
    LISTED = "listed"
    SUGGESTED = "suggested"
    CLOSED = "closed"
    MERGED = "merged"


class CalendarChoice(StrEnum):
    INVITATIONS = "invitations"
    FEED = "feed"


class DigestChoice(StrEnum):
    """How often an agency lead is told about their staff; daily where they have chosen nothing."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


DIGEST_WORDS = {
    DigestChoice.DAILY: "Each working day on which there is something to tell",
    DigestChoice.WEEKLY: "Once a week, on Monday",
    DigestChoice.NEVER: "Never",
}
JOB_ROLES = {
    "dsl": "Designated Safeguarding Lead",
    "deputy_dsl": "Deputy Designated Safeguarding Lead",
    "school_staff": "School or college staff",
    "governor": "Governor or trustee",
    "appointing_panel": "Appointing panel member",
    "early_years": "Early years practitioner",
    "early_years_dsl": "Early years Designated Safeguarding Lead",
    "childminder": "Childminder or assistant",
    "health_1": "Health, level 1",
    "health_2": "Health, level 2",
    "health_3": "Health, level 3",
    "health_3_specialist": "Health, level 3 specialist",
    "health_4": "Health, level 4",
    "health_5": "Health, level 5",
    "gp": "GP or primary care",
    "vcse_staff": "Voluntary sector staff",
    "vcse_volunteer": "Volunteer",
    "multi_agency": "Practitioner",
    "trainer_gcp2": "Graded Care Profile 2 trainer",
}
# In a list to choose from the last of the roles says what it is not; beside a person's organisation its name is enough.
JOB_ROLE_CHOICES = {**JOB_ROLES, "multi_agency": "Practitioner in another kind of organisation"}
# What may be chosen for a Telegram chat, in the order of `TelegramWishes`.
TELEGRAM_LETTERS = {
    "bookings": "My bookings: confirmed, changed or cancelled, a place offered",
    "reminders": "Reminders before training, and of what waits for my answer",
    "updates": "New dates and resources that I asked to be told about",
    "account": "Changes to my account: a new device, a new email address",
}
ROLE_LABELS = {
    Role.LEARNER: "Learner",
    Role.AGENCY_LEAD: "Agency lead",
    Role.TRAINER: "Trainer",
    Role.CONTRIBUTOR: "Contributor",
    Role.PARTNER_ORGANISER: "Partner organiser",
    Role.DESK: "Training team",
    Role.ADMINISTRATOR: "Administrator",
    Role.BOARD_READER: "Board reader",
}
# Every signed-in person is a learner, so that role is never granted.
GRANTED_ROLES = frozenset(Role) - {Role.LEARNER}
AGENCY_ROLES = frozenset({Role.AGENCY_LEAD, Role.PARTNER_ORGANISER})
# Whoever may read or change other people's records: shorter sign-ins, and only an administrator touches their account.
STRONG_ROLES = frozenset({Role.DESK, Role.ADMINISTRATOR, Role.BOARD_READER, Role.PARTNER_ORGANISER})
SECTORS = (
    "Local authority children's services",
    "Local authority other",
    "Youth justice",
    "Police",
    "Health",
    "Education",
    "Further education",
    "Early years",
    "Voluntary and community",
    "Probation",
    "Fire and rescue",
    "Experts by experience",
    "Other",
)
