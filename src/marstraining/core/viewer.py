"""Who is asking: the one value that identity is below `people`."""

from dataclasses import field
from enum import StrEnum

from marstraining.core.values import frozen


class Role(StrEnum):
    """Roles are granted per person and add up; every signed-in person is a learner."""

    LEARNER = "learner"
    AGENCY_LEAD = "agency_lead"
    TRAINER = "trainer"
    CONTRIBUTOR = "contributor"
    PARTNER_ORGANISER = "partner_organiser"
    DESK = "desk"
    ADMINISTRATOR = "administrator"
    BOARD_READER = "board_reader"


@frozen
class Viewer:
    """A person as the rules below `people` see them.

    `agency_ids` are the agencies that an agency lead answers for, `organiser_agency_ids` those whose courses a partner organiser
    runs, branches included: each hangs on the grant of its own role. `sign_in_id` is the row of the sign-in session, None for the
    worker and the command line.
    """

    person_id: int | None
    roles: frozenset[Role] = field(default_factory=frozenset)
    agency_ids: frozenset[int] = field(default_factory=frozenset)
    organiser_agency_ids: frozenset[int] = field(default_factory=frozenset)
    is_stepped_up: bool = False
    name: str = ""
    sign_in_id: int | None = None
    is_shared_computer: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    @property
    def is_desk(self) -> bool:
        return Role.DESK in self.roles or self is SYSTEM

    @property
    def is_administrator(self) -> bool:
        return Role.ADMINISTRATOR in self.roles

    def has_any(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def acting_role(self) -> str:
        """The strongest role, kept in history beside the actor."""
        if self is SYSTEM:
            return "system"
        for role in (
            Role.ADMINISTRATOR,
            Role.DESK,
            Role.PARTNER_ORGANISER,
            Role.TRAINER,
            Role.AGENCY_LEAD,
            Role.BOARD_READER,
            Role.CONTRIBUTOR,
        ):
            if role in self.roles:
                return role.value
        return "learner" if self.person_id else "anonymous"


ANYBODY = Viewer(person_id=None)
SYSTEM = Viewer(person_id=None, name="the system")
