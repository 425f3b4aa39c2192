"""Following a topic for its new dates and resources: signed in, or by confirming an address; and stopping it."""

from datetime import datetime, timedelta

from marstraining.bulletins.actions.links import write_topic_hash
from marstraining.bulletins.queries import OWN_TOPICS
from marstraining.bulletins.rules import CONFIRMING_LASTS, Pace
from marstraining.core import config
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import derive_token, hash_token, new_nonce, new_ref
from marstraining.core.viewer import Viewer
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.actions.limits import check_and_count
from marstraining.people.rules import normal_address
from marstraining.programme.actions import put_topic

CONFIRM_PURPOSE = "confirm-topic"
_ADDRESS_AN_HOUR, _NETWORK_AN_HOUR = 5, 60
_OFTEN = "You have asked for this several times. Look for our email, or wait an hour before you ask again."


async def subscribe_to_topic(slug: str, *, pace: Pace = Pace.DAILY, by: Viewer, now: datetime) -> bool:
    """Tell the person asking about dates and resources on a topic that are published from now on.

    False when they follow it already; the pace is then as given. NotFound for who is not signed in and for an unknown topic.
    """
    if by.person_id is None:
        raise NotFound
    async with transaction():
        topic_id = await put_topic(slug)
        return await _subscribe(topic_id, person_id=by.person_id, address=None, pace=pace, now=now)


async def stop_topic(slug: str, *, by: Viewer, now: datetime) -> bool:
    """Stop telling the person asking about a topic. False when there was nothing to stop."""
    ended = await execute(
        "UPDATE bulletins_topic_subscription SET ended_at = ? WHERE ended_at IS NULL"
        f" AND topic_id IN (SELECT id FROM programme_topic WHERE slug = ?) AND {OWN_TOPICS}",
        now, slug, *[by.person_id] * 3,
    )  # fmt: skip
    return ended > 0


async def ask_to_subscribe(slug: str, typed: str, *, pace: Pace, network: str, now: datetime) -> None:
    """Send a letter to an address that nobody has signed in with: it follows the topic once its button is pressed.

    Refuses what is no address; NotFound for an unknown topic. Known or not, the address gets the same letter. TooFast over a
    few an hour for an address, and more for a network, which may be a council.
    """
    address = normal_address(typed)
    async with transaction():
        topic_id = await put_topic(slug)
        await check_and_count("topic-asked", address, most=_ADDRESS_AN_HOUR, within=timedelta(hours=1), sentence=_OFTEN, now=now)
        await check_and_count("topic-network", network, most=_NETWORK_AN_HOUR, within=timedelta(hours=1), sentence=_OFTEN, now=now)
        ref, nonce = new_ref(), new_nonce()
        token = derive_token(config.current().secret_key, CONFIRM_PURPOSE, ref, nonce)
        await execute(
            "INSERT INTO bulletins_topic_request (address, topic_id, is_at_once, nonce, token_hash, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            address, topic_id, pace is Pace.AT_ONCE, nonce, hash_token(token), now, now + CONFIRMING_LASTS,
        )  # fmt: skip
        label = (await rows("SELECT label FROM programme_topic WHERE id = ?", topic_id))[0]["label"]
        await queue_letter(
            Letter(
                key=f"confirm-topic-{ref}",
                template="confirm_topic",
                to=Recipient(address=address, name=""),
                priority=Priority.SIGN_IN,
                context={"topic": label, "days": CONFIRMING_LASTS.days},
                tokens={"confirm": (CONFIRM_PURPOSE, ref, nonce)},
                expires_at=now + CONFIRMING_LASTS,
            ),
            now=now,
        )


async def confirm_topic(token: str, *, now: datetime) -> str:
    """Follow the topic that an address asked for, once; the topic's name. Refuses a link that ran out or never was ("spent").

    Where the address belongs to an account by now, the account follows it. Pressed twice, it is confirmed once and no error.
    """
    async with transaction():
        taken = await rows(
            "UPDATE bulletins_topic_request SET used_at = coalesce(used_at, ?) WHERE token_hash = ? AND expires_at > ?"
            " RETURNING address, topic_id, is_at_once, used_at",
            now, hash_token(token), now, instants=("used_at",),
        )  # fmt: skip
        if not taken:
            raise Refused("This link has run out. Open the topic again and ask for another.", code="spent")
        asked = taken[0]
        if asked["used_at"] == now:
            owners = await rows(
                "SELECT id FROM people_person WHERE (email = ? OR second_email = ?) AND state IN ('active', 'left')",
                asked["address"], asked["address"],
            )  # fmt: skip
            await _subscribe(
                asked["topic_id"],
                person_id=owners[0]["id"] if owners else None,
                address=None if owners else asked["address"],
                pace=Pace.AT_ONCE if asked["is_at_once"] else Pace.DAILY,
                now=now,
            )
        label: str = (await rows("SELECT label FROM programme_topic WHERE id = ?", asked["topic_id"]))[0]["label"]
        return label


async def forget_topic_requests(*, now: datetime) -> int:
    """Forget the addresses that asked and never confirmed, and who stopped without an account: a day and a month after."""
    forgotten = await execute("DELETE FROM bulletins_topic_request WHERE expires_at < ?", now - timedelta(days=1))
    return forgotten + await execute(
        "DELETE FROM bulletins_topic_subscription WHERE person_id IS NULL AND ended_at < ?", now - timedelta(days=30)
    )


async def _subscribe(topic_id: int, *, person_id: int | None, address: str | None, pace: Pace, now: datetime) -> bool:
    made = await rows(
        "INSERT INTO bulletins_topic_subscription (person_id, address, topic_id, is_at_once, nonce, told_until, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id, nonce",
        person_id, address, topic_id, pace is Pace.AT_ONCE, new_nonce(), now, now,
    )  # fmt: skip
    for row in made:
        await write_topic_hash(row["id"], row["nonce"])
    if not made:
        whose, value = ("person_id", person_id) if person_id is not None else ("address", address)
        await execute(
            f"UPDATE bulletins_topic_subscription SET is_at_once = ? WHERE ended_at IS NULL AND topic_id = ? AND {whose} = ?",
            pace is Pace.AT_ONCE, topic_id, value,
        )  # fmt: skip
    return bool(made)
