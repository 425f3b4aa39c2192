"""What is kept of people and organisations, what is wrong with it, and who may change roles."""

import re
from collections.abc import Collection
from datetime import date

from marstraining.core.errors import NotAllowed, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.people.rules.states import AGENCY_ROLES, GRANTED_ROLES, JOB_ROLES, STRONG_ROLES, TELEGRAM_LETTERS

LEAST_ADMINISTRATORS = 2
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}")


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
