"""`person add` and `sign-in-link`: the way in before anybody can sign in, and support by telephone."""

import asyncio
from collections.abc import Sequence

from marstraining.commands.database import opened
from marstraining.commands.terminal import say
from marstraining.core import clock, config
from marstraining.core.db import transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM, Role
from marstraining.people.actions import find_or_create_person, grant_role, mint_sign_in_link, start_position
from marstraining.people.models import Agency

_OVER_AN_AGENCY = frozenset({Role.AGENCY_LEAD, Role.PARTNER_ORGANISER})


def add(email: str, name: str, agency: str, job_role: str, roles: Sequence[str]) -> None:
    asyncio.run(_add(email, name, agency, job_role, [_role(word) for word in roles]))


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise Refused(f"“{word}” is not a role: use {', '.join(Role)}") from None


async def _add(email: str, name: str, agency_code: str, job_role: str, roles: Sequence[Role]) -> None:
    now = clock.now()
    async with opened(config.load_settings(need_secret=False)), transaction():
        agency = await Agency.found(code=agency_code) if agency_code else None
        if agency_code and agency is None:
            raise Refused(f"There is no organisation with the code {agency_code}. Import the organisations first.")
        person = await find_or_create_person(email, name, now=now, by=SYSTEM)
        if agency:
            await start_position(person.id, agency.id, job_role, by=SYSTEM, now=now)
        for role in roles:
            over = agency.id if agency and role in _OVER_AN_AGENCY else None
            await grant_role(person.id, role, agency_id=over, by=SYSTEM, now=now)
    say(f"{'Added' if person.is_new else 'Found'} {email}{f' with {_words(roles)}' if roles else ''}.")


def _words(roles: Sequence[Role]) -> str:
    return f"the role{'s' if len(roles) > 1 else ''} {', '.join(roles)}"


def sign_in_link(email: str) -> None:
    say(asyncio.run(_link(email)))


async def _link(email: str) -> str:
    async with opened(config.load_settings()):
        return await mint_sign_in_link(email, by=SYSTEM, now=clock.now())
