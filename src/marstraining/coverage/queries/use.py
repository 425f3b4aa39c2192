"""Accreditations as far as their use goes: which to ask about or to flag, and one by the link of a letter."""

from collections.abc import Sequence
from datetime import date

from marstraining.certificates.queries.accreditations import IN_FORCE
from marstraining.certificates.rules import Held
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.coverage.use import Holding


@frozen
class HeldTool:
    """A current accreditation, and whom to write to about it, "" for nobody."""

    id: int
    ref: str
    person_id: int
    name: str
    address: str
    course_title: str
    holding: Holding
    nonce: str | None
    revision: int


async def held_tools(codes: Sequence[str], *, on: date) -> list[HeldTool]:
    """Accreditations in force on a day that count as one of these codes, and whichever is flagged; of people who are here.

    Whoever left is written to no more. Of several by the same course the latest.
    """
    marks = ", ".join("?" * len(codes))
    counting = f" OR c.code IN ({marks}) OR c.counts_as IN ({marks})" if codes else ""
    found = await rows(
        "SELECT a.id, a.ref, a.person_id, p.name, coalesce(p.email, k.contact_email, '') AS address, c.title AS course_title, c.code,"
        " c.counts_as, a.granted_on, a.used_on, a.asked_on, a.answered_on, a.flagged_on, a.nonce, a.revision FROM record_accreditation a"
        " JOIN people_person p ON p.id = a.person_id AND p.state = 'active' JOIN programme_course c ON c.id = a.course_id"
        f" LEFT JOIN people_agency k ON k.id = p.managed_by_id WHERE (a.flagged_on IS NOT NULL{counting}) AND {IN_FORCE} ORDER BY a.id",
        *codes,
        *codes,
        on,
        dates=("granted_on", "used_on", "asked_on", "answered_on", "flagged_on"),
    )
    return [
        HeldTool(
            id=row["id"],
            ref=row["ref"],
            person_id=row["person_id"],
            name=row["name"],
            address=row["address"],
            course_title=row["course_title"],
            holding=Holding(
                codes=frozenset(code for code in (row["code"], row["counts_as"]) if code),
                granted_on=row["granted_on"],
                used_on=row["used_on"],
                asked_on=row["asked_on"],
                answered_on=row["answered_on"],
                can_be_asked=bool(row["address"]),
                is_flagged=row["flagged_on"] is not None,
            ),
            nonce=row["nonce"],
            revision=row["revision"],
        )
        for row in found
    ]


@frozen
class AskedTool:
    """An accreditation as the page of a letter needs it; its address proves itself by a token."""

    id: int
    ref: str
    person_id: int
    name: str
    course_title: str
    asked_on: date | None
    answer: str | None
    answered_on: date | None
    expires_on: date | None
    ended_on: date | None
    nonce: str | None

    def is_current(self, on: date) -> bool:
        return Held(expires_on=self.expires_on, ended_on=self.ended_on).is_current(on)

    @property
    def is_answered(self) -> bool:
        """Whether its holder has said something since they were last asked."""
        return self.answered_on is not None and (self.asked_on is None or self.answered_on >= self.asked_on)


async def asked_tool(ref: str) -> AskedTool | None:
    """The accreditation of a reference; whose it is, is for the caller to prove."""
    found = await rows(
        "SELECT a.id, a.ref, a.person_id, p.name, c.title AS course_title, a.asked_on, a.answer, a.answered_on, a.expires_on, a.ended_on,"
        " a.nonce FROM record_accreditation a JOIN people_person p ON p.id = a.person_id JOIN programme_course c ON c.id = a.course_id"
        " WHERE a.ref = ?",
        ref,
        dates=("asked_on", "answered_on", "expires_on", "ended_on"),
    )
    return AskedTool(**found[0]) if found else None
