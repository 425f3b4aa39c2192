"""The letters that tell of news: one a day of all that somebody follows, or at once of a topic."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marstraining.bulletins.actions.links import PURPOSE, TOPIC_PURPOSE, write_course_hash, write_topic_hash
from marstraining.bulletins.rules import Heading, NewDate, NewResource, last_morning, left_out, without_repeats
from marstraining.core.clock import local
from marstraining.core.db import rows, transaction
from marstraining.core.tokens import hash_token
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Channel, Letter, Priority, Recipient, is_quiet
from marstraining.people.queries import TelegramChat, telegram_chats_of

_DATES = "c.title AS course, s.ref, s.starts_at, s.delivery, v.name AS venue"
_SESSIONS = "JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
_IS_NEWS = (
    "b.ended_at IS NULL AND b.told_until < ? AND s.published_at > b.told_until AND s.published_at <= ? AND s.starts_at > ?"
    " AND s.state = 'published' AND CASE WHEN s.access = '' THEN c.access ELSE s.access END = 'public'"
)
_COURSE_NEWS = (
    f"SELECT b.id, b.person_id, b.nonce, c.title AS heading, {_DATES} FROM bulletins_subscription b"
    f" JOIN programme_session s ON s.course_id = b.course_id {_SESSIONS} WHERE {_IS_NEWS} ORDER BY c.title, s.starts_at, s.id"
)
_TOPIC_NEWS = (
    f"SELECT b.id, {_DATES} FROM bulletins_topic_subscription b JOIN programme_course_topic x ON x.topic_id = b.topic_id"
    f" JOIN programme_session s ON s.course_id = x.course_id {_SESSIONS} WHERE b.is_at_once = ? AND {_IS_NEWS}"
    " ORDER BY s.starts_at, s.id"
)
_TOPICS = (
    "SELECT b.id, b.person_id, b.address, b.nonce, b.told_until, t.slug, t.label AS heading FROM bulletins_topic_subscription b"
    " JOIN programme_topic t ON t.id = b.topic_id WHERE b.ended_at IS NULL AND b.is_at_once = ? AND b.told_until < ?"
    " ORDER BY t.label, b.id"
)


@dataclass(slots=True)
class _News:
    """What one reader is to be told: by number of a subscription, its nonce and what is new under its heading."""

    courses: dict[int, tuple[str, Heading]] = field(default_factory=dict)
    topics: dict[int, tuple[str, Heading]] = field(default_factory=dict)


# A reader is a person, or an address without an account.
_Reader = tuple[int | None, str | None]


async def tell_daily_news(*, resources: Sequence[NewResource] = (), now: datetime) -> int:
    """Write the daily letter to everyone whose courses or topics got new public dates or resources; how many letters it wrote.

    What was published until the last 8am counts; safe to run twice and in many workers, and made up for after a stop. `resources` are
    those added since `queries.told_until`, which the caller asks from where they are kept.
    """
    due = last_morning(now)
    news: dict[_Reader, _News] = defaultdict(_News)
    courses = await rows(_COURSE_NEWS, due, due, now, instants=("starts_at",))
    for heading_of in _grouped(courses, "id").values():
        first = heading_of[0]
        heading = Heading(first["heading"], tuple(_date(row) for row in heading_of), is_course=True)
        news[first["person_id"], None].courses[first["id"]] = first["nonce"], heading
    await _add_topics(news, resources, is_at_once=False, due=due, now=now)
    return await _tell_all(news, key=f"{local(due):%Y-%m-%d}", due=due, now=now)


async def tell_news_at_once(*, resources: Sequence[NewResource] = (), now: datetime) -> int:
    """The same for topics that are followed at once; nothing from eight in the evening to half past seven. How many letters it wrote."""
    if is_quiet(now):
        return 0
    news: dict[_Reader, _News] = defaultdict(_News)
    await _add_topics(news, resources, is_at_once=True, due=now, now=now)
    return await _tell_all(news, key=f"{now:%Y-%m-%dT%H:%M:%S}", due=now, now=now)


async def _add_topics(
    news: dict[_Reader, _News], resources: Sequence[NewResource], *, is_at_once: bool, due: datetime, now: datetime
) -> None:
    subscriptions = await rows(_TOPICS, is_at_once, due, instants=("told_until",))
    if not subscriptions:
        return
    dates = _grouped(await rows(_TOPIC_NEWS, is_at_once, due, due, now, instants=("starts_at",)), "id")
    for one in subscriptions:
        fresh = tuple(item for item in resources if one["slug"] in item.topics and one["told_until"] < item.added_at <= due)
        heading = Heading(one["heading"], tuple(_date(row) for row in dates.get(one["id"], ())), fresh)
        if heading.dates or heading.resources:
            news[one["person_id"], one["address"]].topics[one["id"]] = one["nonce"], heading


def _grouped(found: Sequence[dict[str, Any]], column: str) -> dict[int, list[dict[str, Any]]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in found:
        groups.setdefault(row[column], []).append(row)
    return groups


def _date(row: Mapping[str, Any]) -> NewDate:
    place = "online" if row["delivery"] == "online" else row["venue"] or "venue to be confirmed"
    return NewDate(ref=row["ref"], course=row["course"], starts_at=row["starts_at"], place=place)


async def _tell_all(news: Mapping[_Reader, _News], *, key: str, due: datetime, now: datetime) -> int:
    readers = await _readers([person_id for person_id, _ in news if person_id is not None])
    written = 0
    for (person_id, address), told in news.items():
        to = readers.get(person_id) if person_id is not None else Recipient(address=address or "", name="")
        if to is not None:
            whom = person_id or hash_token(to.address)[:40]
            written += await _tell(to, told, key=f"new-dates-{whom}-{key}", due=due, now=now)
    return written


async def _readers(person_ids: Sequence[int]) -> dict[int, Recipient]:
    """Where people get their news: in their chat where they chose so, with their address to fall back on, else by mail."""
    if not person_ids:
        return {}
    chats: Mapping[int, TelegramChat] = await telegram_chats_of(person_ids)
    found = await rows(
        f"SELECT id, email, name FROM people_person WHERE id IN ({', '.join('?' * len(person_ids))}) AND state = 'active'"
        " AND email IS NOT NULL",
        *person_ids,
    )  # fmt: skip
    readers = {}
    for row in found:
        chat = chats.get(row["id"])
        readers[row["id"]] = (
            Recipient(str(chat.chat_id), row["name"], person_id=row["id"], channel=Channel.TELEGRAM, fallback=row["email"])
            if chat and chat.wishes.updates
            else Recipient(row["email"], row["name"], person_id=row["id"])
        )
    return readers


async def _tell(to: Recipient, told: _News, *, key: str, due: datetime, now: datetime) -> int:
    async with transaction():
        # Whoever moves `told_until` writes the letter; a second worker finds nothing left to move.
        courses = await _moved("bulletins_subscription", told.courses, due=due)
        topics = await _moved("bulletins_topic_subscription", told.topics, due=due)
        headings = [heading for _, heading in (*courses.values(), *topics.values())]
        kept = without_repeats(headings)
        if not kept:
            return 0
        more_dates, more_resources = left_out(headings, kept)
        await queue_letter(
            Letter(
                key=key,
                template="new_dates",
                to=to,
                priority=Priority.BULLETIN,
                context={
                    "name": to.name,
                    "courses": [_heading(heading) for heading in kept if heading.is_course],
                    "topics": [_heading(heading) for heading in kept if not heading.is_course],
                    "count": sum(len(heading.dates) for heading in kept),
                    "resources": sum(len(heading.resources) for heading in kept),
                    "more_dates": more_dates,
                    "more_resources": more_resources,
                },
                expires_at=_of_use_until(kept),
                unsubscribe=await _link(courses, topics),
            ),
            now=now,
        )
    return 1


async def _moved(table: str, news: Mapping[int, tuple[str, Heading]], *, due: datetime) -> dict[int, tuple[str, Heading]]:
    if not news:
        return {}
    moved = await rows(
        f"UPDATE {table} SET told_until = ? WHERE ended_at IS NULL AND told_until < ? AND id IN ({', '.join('?' * len(news))})"
        " RETURNING id",
        due, due, *news,
    )  # fmt: skip
    ours = {row["id"] for row in moved}
    return {subscription_id: one for subscription_id, one in news.items() if subscription_id in ours}


async def _link(courses: Mapping[int, tuple[str, Heading]], topics: Mapping[int, tuple[str, Heading]]) -> tuple[str, int | str, str]:
    """What the link that stops the letters is made of: any of the reader's subscriptions leads to them all."""
    purpose, of, write = (PURPOSE, courses, write_course_hash) if courses else (TOPIC_PURPOSE, topics, write_topic_hash)
    subscription_id, (nonce, _) = next(iter(of.items()))
    await write(subscription_id, nonce)
    return purpose, subscription_id, nonce


def _of_use_until(headings: Sequence[Heading]) -> datetime | None:
    """A letter of dates alone is of no use once they are past; a resource stays one."""
    if any(heading.resources for heading in headings):
        return None
    return max(date.starts_at for heading in headings for date in heading.dates)


def _heading(heading: Heading) -> dict[str, object]:
    return {
        "title": heading.title,
        "dates": [
            {"when": _when(date.starts_at), "course": date.course, "place": date.place, "path": f"/sessions/{date.ref}"}
            for date in heading.dates
        ],
        "resources": [{"title": item.title, "kind": item.kind, "path": item.path} for item in heading.resources],
    }


def _when(starts_at: datetime) -> str:
    at = local(starts_at)
    return f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M}"
