"""Email addresses: one form for each, whose they can be, and how much of one is shown."""

import re

from marstraining.core.errors import Refused

# Mailboxes that several people read: a letter there would show one learner's booking and access needs to all.
_OFFICES = (
    "admin administration administrator bookings contact contactus enquiries enquiry finance head headteacher hello help hr "
    "info information mail manager office postmaster reception safeguarding school schooloffice secretary staff support team "
    "training"
)
_SHARED_MAILBOXES = frozenset(_OFFICES.split())
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
