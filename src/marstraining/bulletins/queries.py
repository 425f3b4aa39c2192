"""Which courses and topics somebody follows."""

from datetime import datetime

from marstraining.bulletins.rules import Pace
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, UnknownLink
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.programme.queries import topic_by_slug


@frozen
class Followed:
    """A course whose new dates somebody is told of."""

    course_id: int
    code: str
    title: str


@frozen
class FollowedTopic:
    """A topic of whose new dates and resources somebody is told."""

    topic_id: int
    slug: str
    label: str
    pace: Pace


@frozen
class Subscriptions:
    """All that somebody is told of."""

    courses: tuple[Followed, ...]
    topics: tuple[FollowedTopic, ...]

    def __bool__(self) -> bool:
        return bool(self.courses or self.topics)


@frozen
class Owner:
    """Who a letter with a link to stop it went to: a person, or an address without an account."""

    person_id: int | None
    address: str | None


@frozen
class OpenRequest:
    """What an address asked for and has not confirmed yet."""

    label: str
    pace: Pace


_FOLLOWED = (
    "SELECT c.id AS course_id, c.code, c.title FROM bulletins_subscription b JOIN programme_course c ON c.id = b.course_id "
    "WHERE b.ended_at IS NULL AND b.person_id = ? ORDER BY c.title, c.id"
)
# What an address confirmed before its owner had an account is theirs too; the person's number stands in it three times.
OWN_TOPICS = (
    "(person_id = ? OR address IN (SELECT email FROM people_person WHERE id = ?"
    " UNION ALL SELECT second_email FROM people_person WHERE id = ?))"
)
_TOPICS = (
    "SELECT DISTINCT t.id AS topic_id, t.slug, t.label, b.is_at_once FROM bulletins_topic_subscription b"
    f" JOIN programme_topic t ON t.id = b.topic_id WHERE b.ended_at IS NULL AND (address = ? OR {OWN_TOPICS}) ORDER BY t.label, t.id"
)


async def followed_courses(person_id: int) -> list[Followed]:
    """The courses that a person follows, by title."""
    return [Followed(**row) for row in await rows(_FOLLOWED, person_id)]


async def my_subscriptions(person_id: int) -> Subscriptions:
    """All that a person is told of, by name; in two statements."""
    return await _subscriptions(Owner(person_id, None))


async def subscriptions_by_token(token: str) -> Subscriptions:
    """All that whoever got this link is told of; UnknownLink for a link that never was."""
    return await _subscriptions(await owner_of_token(token))


async def owner_of_token(token: str) -> Owner:
    """Who got the letter with this link; UnknownLink for a link that never was."""
    digest = hash_token(token)
    found = await rows(
        "SELECT person_id, CAST(NULL AS varchar(254)) AS address FROM bulletins_subscription WHERE token_hash = ?"
        " UNION ALL SELECT person_id, address FROM bulletins_topic_subscription WHERE token_hash = ?",
        digest, digest,
    )  # fmt: skip
    if not found:
        raise UnknownLink
    return Owner(found[0]["person_id"], found[0]["address"])


async def followed_topic(slug: str, person_id: int) -> FollowedTopic | None:
    """How a person follows a topic, None where they do not."""
    mine = await my_subscriptions(person_id)
    return next((topic for topic in mine.topics if topic.slug == slug), None)


async def open_request(token: str, *, now: datetime) -> OpenRequest | None:
    """What the link of a letter to a new address would confirm; None when it was confirmed, ran out or never was."""
    found = await rows(
        "SELECT t.label, r.is_at_once FROM bulletins_topic_request r JOIN programme_topic t ON t.id = r.topic_id"
        " WHERE r.token_hash = ? AND r.used_at IS NULL AND r.expires_at > ?",
        hash_token(token), now,
    )  # fmt: skip
    return OpenRequest(found[0]["label"], _pace(found[0]["is_at_once"])) if found else None


async def told_until() -> datetime | None:
    """The earliest moment from which somebody who follows a topic has not been told; None where nobody follows one."""
    found = await rows("SELECT min(told_until) AS told FROM bulletins_topic_subscription WHERE ended_at IS NULL", instants=("told",))
    told: datetime | None = found[0]["told"]
    return told


async def topic_label(slug: str) -> str:
    """A topic's name; NotFound where there is no such topic."""
    found = await topic_by_slug(slug)
    if found is None:
        raise NotFound
    return found.label


async def _subscriptions(owner: Owner) -> Subscriptions:
    courses = await followed_courses(owner.person_id) if owner.person_id is not None else []
    topics = await rows(_TOPICS, owner.address, *[owner.person_id] * 3)
    one_each = {row["topic_id"]: FollowedTopic(row["topic_id"], row["slug"], row["label"], _pace(row["is_at_once"])) for row in topics}
    return Subscriptions(tuple(courses), tuple(one_each.values()))


def _pace(is_at_once: object) -> Pace:
    return Pace.AT_ONCE if is_at_once else Pace.DAILY
