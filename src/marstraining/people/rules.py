"""Words and decisions about people: job roles, addresses, roles and who may give them, limits of signing in."""

import ipaddress
import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from marstraining.core.errors import NotAllowed, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Role, Viewer


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
LEAST_ADMINISTRATORS = 2

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

MINTED_LASTS = timedelta(minutes=15)
CODE_LASTS = timedelta(minutes=10)
CODE_DIGITS = 8
CODE_TRIES = 5
LIVE_LINKS = 3
CHALLENGES_AN_HOUR = 10
ADDRESS_CHANGE_LASTS = timedelta(hours=24)
TELEGRAM_TOKEN_LASTS = timedelta(minutes=10)
# (window, attempts): security.md 5. The network's counts only unknown addresses and failed codes, since a council is one address.
ADDRESS_LIMITS = ((timedelta(minutes=15), 3), (timedelta(hours=1), 10))
NETWORK_LIMITS = ((timedelta(hours=1), 200),)
TOUCH_EVERY = timedelta(minutes=1)
# Signing in, or confirming it later, counts for so long (security.md 1).
CONFIRMED_LASTS = timedelta(minutes=10)
# A second press of the button within this time sends no second letter.
ASK_AGAIN_AFTER = timedelta(minutes=1)
SHARED_IDLE_MINUTES = 20

# Mailboxes that several people read: a letter there would show one learner's booking and access needs to all.
_OFFICES = (
    "admin administration administrator bookings contact contactus enquiries enquiry finance head headteacher hello help hr "
    "info information mail manager office postmaster reception safeguarding school schooloffice secretary staff support team "
    "training"
)
_SHARED_MAILBOXES = frozenset(_OFFICES.split())
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}")
_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\:]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)


def normal_address(typed: str) -> str:
    """The e-mail address as it is stored and compared: trimmed and lower-case. Refuses what cannot be one."""
    address = typed.strip().casefold()
    if not address:
        raise Refused("Enter your email address", code="email", field="email")
    local_part = address.partition("@")[0]
    if len(address) > 254 or not _ADDRESS.fullmatch(address) or ".." in address or local_part.startswith(".") or local_part.endswith("."):
        raise Refused("Enter an email address in the correct format, like name@example.com", code="email", field="email")
    return address


def is_shared_mailbox(address: str) -> bool:
    """Whether the part before the @ names an office rather than a person (booking.md, Booking 5)."""
    return re.sub(r"[._\-+0-9]", "", address.partition("@")[0].casefold()) in _SHARED_MAILBOXES


def check_own_mailbox(address: str) -> None:
    """Refuse a shared mailbox, with the reason and the three ways out."""
    if is_shared_mailbox(address):
        raise Refused(
            "This looks like a shared mailbox. Letters about your training hold personal details, so each learner needs an "
            "address of their own. Use a personal email address, ask the training team to book you as a learner without email, "
            "or, if you are the only person in your setting, ask the training team to set it up as a one-person setting.",
            code="shared_mailbox",
            field="email",
        )


def masked(address: str) -> str:
    """An address as a page may show it before sign-in: a…@agency.gov.uk."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


@frozen
class AgencyDetails:
    """An agency as the desk's form and the import give it; `parent_id` is the body it belongs to."""

    code: str
    name: str
    sector: str
    parent_id: int | None = None
    is_vcse: bool = False
    is_group: bool = False
    is_one_person: bool = False
    is_in_area: bool = True
    email_domain: str = ""
    urn: str = ""
    ofsted_number: str = ""
    charity_number: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    notes: str = ""
    opened_on: date | None = None


@frozen
class PostWish:
    """A post that somebody gives themselves: at the agency of a code, or at one whose name they typed."""

    job_role: str
    agency_code: str = ""
    agency_typed: str = ""


@frozen
class TelegramWishes:
    """Which kinds of letters somebody chose to get in their Telegram chat."""

    bookings: bool = False
    reminders: bool = False
    updates: bool = False
    account: bool = False

    @property
    def flags(self) -> tuple[bool, bool, bool, bool]:
        return self.bookings, self.reminders, self.updates, self.account

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word, is_wanted in zip(TELEGRAM_LETTERS, self.flags, strict=True) if is_wanted)

    @classmethod
    def of(cls, words: Collection[str]) -> "TelegramWishes":
        """As chosen on a form; words that name no kind are left out."""
        return cls(*(word in words for word in TELEGRAM_LETTERS))


@frozen
class Purpose:
    """What the button of a letter with a link and a code does; `cookie` names the cookie of the browser that asked for it.

    `is_for_newcomers` says that an address without an account may answer too: the button makes one.
    """

    word: str
    cookie: str
    is_for_newcomers: bool = False


SIGN_IN = Purpose("sign_in", cookie="challenge")
# "Confirm it is you": bound to the sign-in itself, whose cookie stands for the browser that asked.
CONFIRM = Purpose("confirm", cookie="sid")


@frozen
class Lifetime:
    """How long a sign-in lives: unused, and in all."""

    idle_minutes: int
    lasts: timedelta


def lifetime(roles: Collection[Role], *, is_shared: bool) -> Lifetime:
    """12 hours unused and 7 days in all; 60 minutes and 12 hours for strong roles; 20 minutes on a shared computer (security.md 3)."""
    strong = not STRONG_ROLES.isdisjoint(roles)
    idle, lasts = (60, timedelta(hours=12)) if strong else (12 * 60, timedelta(days=7))
    if is_shared:
        return Lifetime(SHARED_IDLE_MINUTES, min(lasts, timedelta(hours=12)))
    return Lifetime(idle, lasts)


def wait_for(earlier: Sequence[datetime], limits: Sequence[tuple[timedelta, int]], *, now: datetime) -> int:
    """Seconds until one more attempt is allowed, 0 when it is now. `earlier` are the attempts so far, newest first."""
    waits = [0]
    for window, number in limits:
        if len(earlier) >= number:
            left = earlier[number - 1] + window - now
            waits.append(-(-int(left.total_seconds() * 1000) // 1000))
    return max(waits)


def network_of(address: str) -> str:
    """The network that a rate limit counts: one IPv4 address, or the /64 of an IPv6 address, which is one household or office."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def own_path(typed: str) -> str:
    """Where to go after signing in: a path of this site, or "" for anything that a browser could take elsewhere."""
    is_own = typed.startswith("/") and not typed.startswith("//") and len(typed) <= 300
    if not is_own or "\\" in typed or any(ord(character) <= 32 or ord(character) == 127 for character in typed):
        return ""
    return "" if typed.startswith(("/sign-in", "/sign-out")) else typed


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def device_name(user_agent: str) -> str:
    """A browser's name in words that its owner recognises: "Firefox on Windows"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "an unknown device")
    return f"{browser} on {system}"


def is_confirmed(confirmed_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody showed lately that it is them; a clock that was set back does not make it last longer."""
    return confirmed_at is not None and abs(now - confirmed_at) <= CONFIRMED_LASTS


def check_confirmed(viewer: Viewer) -> None:
    """Refuse a verb that wants a confirmation to whoever acts through a sign-in and has not confirmed lately.

    Pages ask for it beforehand and keep what was typed; this is for whatever reaches the verb by another way.
    """
    if viewer.sign_in_id is not None and not viewer.is_stepped_up:
        raise NotAllowed("Confirm that it is you first: sign out and sign in again.")


def has_code(*, tries: int, expires_at: datetime, now: datetime) -> bool:
    """Whether the code of a challenge can still be typed: five times, for ten minutes (security.md 1)."""
    return tries < CODE_TRIES and expires_at > now


def code_digits(typed: str) -> str:
    """The digits of a typed code, however it was spaced."""
    return re.sub(r"\D", "", typed)


def check_name(typed: str, *, field: str = "name") -> str:
    """A name on one line, as it is stored: any script, since we do not know how people are called."""
    name = " ".join(typed.split())
    if not name:
        raise Refused("Enter a name", code="name", field=field)
    if len(name) > 200:
        raise Refused("Name must be 200 characters or fewer", code="name", field=field)
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        raise Refused("Name must not hold control characters", code="name", field=field)
    return name


def keeps_records(viewer: Viewer) -> bool:
    """Whether somebody may change the records of other people and of agencies: the desk and administrators."""
    return viewer.is_desk or viewer.is_administrator


def check_may_change_roles(person_id: int, *, by: Viewer) -> None:
    """Only an administrator changes roles, and never their own (security.md 4)."""
    if by is SYSTEM:
        return
    if not by.is_administrator:
        raise NotAllowed("Only an administrator can change roles.")
    if by.person_id == person_id:
        raise NotAllowed("You cannot change your own roles. Ask another administrator.")


def check_may_take_over(person_id: int, roles: Collection[Role], *, by: Viewer) -> None:
    """Refuse the desk what would open an account stronger than the desk's: a new address for it, or merging it away."""
    if by is SYSTEM or by.person_id == person_id or by.is_administrator:
        return
    if not STRONG_ROLES.isdisjoint(roles):
        raise NotAllowed("Only an administrator can do this to an account with the role of the training team or above.")


def check_administrators_left(number: int) -> None:
    """Refuse to go below two administrators (security.md 4)."""
    if number < LEAST_ADMINISTRATORS:
        raise Refused("There must be at least two administrators. Give the role to somebody else first.", code="last_administrators")


def check_role_grant(role: Role, agency_id: int | None) -> None:
    """A role that is granted, with an agency exactly where the role is one over an agency."""
    if role not in GRANTED_ROLES:
        raise Refused("Choose a role", code="role", field="role")
    if role in AGENCY_ROLES and agency_id is None:
        raise Refused("Choose the organisation that this role is for", code="agency", field="agency")
    if role not in AGENCY_ROLES and agency_id is not None:
        raise Refused("This role is not tied to an organisation", code="agency", field="agency")


def check_agency_code(code: str) -> None:
    """A code that can stand in an address."""
    if not _CODE.fullmatch(code):
        raise Refused("Code must be 1 to 30 letters, numbers and hyphens, like NLC-CF", code="code", field="code")


def check_job_role(job_role: str) -> None:
    """A job role of the list."""
    if job_role not in JOB_ROLES:
        raise Refused("Choose a job role from the list", code="job_role", field="job_role")


def check_parent(agency_id: int | None, parent_id: int | None, *, below: Collection[int]) -> None:
    """An agency's parent is neither itself nor one of its own branches (`below`)."""
    if parent_id is not None and (parent_id == agency_id or parent_id in below):
        raise Refused("An organisation cannot belong to itself or to one of its own branches", code="parent", field="parent")
