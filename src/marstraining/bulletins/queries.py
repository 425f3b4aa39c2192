"""Which courses somebody follows."""

from dataclasses import dataclass

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.tokens import hash_token


@dataclass(frozen=True, slots=True)
class Followed:
    """A course whose new dates somebody is told of."""

    course_id: int
    code: str
    title: str


_FOLLOWED = (
    "SELECT c.id AS course_id, c.code, c.title FROM bulletins_subscription b JOIN programme_course c ON c.id = b.course_id "
    "WHERE b.ended_at IS NULL AND b.person_id = "
)


async def followed_courses(person_id: int) -> list[Followed]:
    """The courses that a person follows, by title."""
    return [Followed(**row) for row in await rows(f"{_FOLLOWED}? ORDER BY c.title, c.id", person_id)]


async def followed_by_token(token: str) -> list[Followed]:
    """The courses still followed by whoever got this link; NotFound for a link that never was."""
    digest = hash_token(token)
    if not await rows("SELECT id FROM bulletins_subscription WHERE token_hash = ?", digest):
        raise NotFound
    owner = "(SELECT o.person_id FROM bulletins_subscription o WHERE o.token_hash = ?)"
    return [Followed(**row) for row in await rows(f"{_FOLLOWED}{owner} ORDER BY c.title, c.id", digest)]
