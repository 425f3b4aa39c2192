"""Words and decisions about people: job roles, names of sectors, shared mailboxes."""

import re
from enum import StrEnum

from marstraining.core.errors import Refused


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
    "multi_agency": "Practitioner in another agency",
    "trainer_gcp2": "Graded Care Profile 2 trainer",
}

# Mailboxes that several people read: a letter there would show one learner's booking and access needs to all.
_SHARED_MAILBOXES = frozenset({
    "admin", "administrator", "administration", "bookings", "contact", "contactus", "enquiries", "enquiry", "finance", "head", "headteacher", "hello",
    "help", "hr", "info", "information", "mail", "manager", "office", "postmaster", "reception", "safeguarding", "school", "schooloffice", "secretary", "staff", "support",
    "team", "training",
})
_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\:]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)


def normal_address(typed: str) -> str:
    """The e-mail address as it is stored and compared: trimmed and lower-case. Refuses what cannot be one."""
    address = typed.strip().casefold()
    local_part = address.partition("@")[0]
    if len(address) > 254 or not _ADDRESS.fullmatch(address) or ".." in address or local_part.startswith(".") or local_part.endswith("."):
        raise Refused("Enter an email address in the correct format, like name@example.org", code="email", field="email")
    return address


def is_shared_mailbox(address: str) -> bool:
    """Whether the part before the @ names an office rather than a person (booking.md, Booking 5)."""
    return re.sub(r"[._\-+0-9]", "", address.partition("@")[0].casefold()) in _SHARED_MAILBOXES


def check_own_mailbox(address: str) -> None:
    """Refuse a shared mailbox, with the reason and the three ways out."""
    if is_shared_mailbox(address):
        raise Refused(
            "This looks like a shared mailbox. Letters about your training hold personal details, so each learner needs an address of their own. "
            "Use a personal email address, ask the training team to book you as a learner without email, or, if you are the only person in "
            "your setting, ask the training team to set it up as a one-person setting.",
            code="shared_mailbox",
            field="email",
        )


def masked(address: str) -> str:
    """An address as a page may show it before sign-in: a…@agency.gov.uk."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"
