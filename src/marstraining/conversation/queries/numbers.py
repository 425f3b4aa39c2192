"""The numbers to ring, with whether they answer now and when the desk last made sure of them."""

from datetime import date, datetime, timedelta

from marstraining.conversation.rules.signpost import CODES, Number
from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import rows
from marstraining.core.partnership import Contact
from marstraining.safety.rules import EMERGENCY, signpost_contacts

# A number that nobody made sure of for so long should be looked into again.
STALE_DAYS = 90


async def numbers(*, now: datetime) -> list[Number]:
    """The numbers of a signpost, in one statement."""
    checked = await last_checks()
    found = signpost_contacts(config.current().partnership.contacts, CODES, now=now)
    return [Number(standing, checked_on(standing.contact, checked)) for standing in found]


def numbers_unasked(*, now: datetime) -> list[Number]:
    """The same without asking the database, for when it is away: a signpost must not depend on it."""
    found = signpost_contacts(config.current().partnership.contacts, CODES, now=now)
    return [Number(standing, standing.contact.checked_on) for standing in found]


async def last_checks() -> dict[tuple[str, str], date]:
    """The last day on which the desk made sure of each number, by code and number."""
    found = await rows(
        "SELECT code, number, max(checked_on) AS checked_on FROM conversation_contact_check GROUP BY code, number", dates=("checked_on",)
    )
    return {(row["code"], row["number"]): row["checked_on"] for row in found}


async def stale_numbers(*, now: datetime) -> frozenset[str]:
    """The codes of the numbers that nobody made sure of for 90 days, or ever; 999 needs nobody's."""
    checked, today = await last_checks(), today_of(now)
    days = {contact.code: checked_on(contact, checked) for contact in config.current().partnership.contacts}
    return frozenset(code for code, day in days.items() if code != EMERGENCY and (day is None or (today - day).days > STALE_DAYS))


async def last_figures(*, now: datetime) -> dict[str, int]:
    """How often what is counted happened in the last 30 days, by its word; what never did is absent."""
    since = today_of(now) - timedelta(days=30)
    found = await rows("SELECT word, sum(number) AS number FROM conversation_tally WHERE day > ? GROUP BY word", since)
    return {row["word"]: int(row["number"]) for row in found}


def checked_on(contact: Contact, checked: dict[tuple[str, str], date]) -> date | None:
    """The later of the file's day and the desk's; a number that was changed in the file carries the file's alone."""
    desk = checked.get((contact.code, contact.number))
    known = [day for day in (desk, contact.checked_on) if day is not None]
    return max(known, default=None)
