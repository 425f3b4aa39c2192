"""Changing the addresses that an account is reached and opened by."""

from datetime import datetime, timedelta

from marstraining.core import config, db
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.tokens import derive_token, hash_token, new_nonce, new_ref
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people import rules
from marstraining.people.actions.signing_in import drop_sign_ins
from marstraining.people.models import Person

PURPOSE = "confirm_address"
_CHANGES_AN_HOUR = 5


async def ask_address_change(person_id: int, address: str, *, replaces_first: bool, by: Viewer, now: datetime) -> None:
    """Send a letter to a new address of one's own; nothing changes until its button is pressed while signed in.

    Refuses what is no address, a shared mailbox and one's own present addresses. An address that somebody else has gets no
    letter, and the answer is the same, so that accounts cannot be found out this way.
    """
    if person_id != by.person_id:
        raise NotFound
    rules.check_confirmed(by)
    address = rules.normal_address(address)
    rules.check_own_mailbox(address)
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        asked = await db.rows(
            "SELECT id FROM people_address_change WHERE person_id = ? AND created_at > ?", person_id, now - timedelta(hours=1)
        )
        if len(asked) >= _CHANGES_AN_HOUR:
            raise TooFast("You have asked to change your email address several times. Wait an hour.", retry_after=3600)
        owners = await db.rows("SELECT id, name FROM people_person WHERE email = ? OR second_email = ?", address, address)
        if any(owner["id"] == person_id for owner in owners):
            raise Refused("This is already one of your email addresses.", code="same", field="email")
        ref, nonce = new_ref(), new_nonce()
        token = derive_token(config.current().secret_key, PURPOSE, ref, nonce)
        await db.execute(
            "INSERT INTO people_address_change (person_id, address, replaces_first, nonce, token_hash, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            person_id,
            address,
            replaces_first,
            nonce,
            hash_token(token),
            now,
            now + rules.ADDRESS_CHANGE_LASTS,
        )
        if not owners:
            await queue_letter(
                Letter(
                    key=f"confirm-address-{ref}",
                    template="confirm_address",
                    to=Recipient(address=address, name=by.name, person_id=person_id),
                    priority=Priority.SIGN_IN,
                    context={"name": by.name, "replaces_first": replaces_first},
                    tokens={"confirm_token": (PURPOSE, ref, nonce)},
                    expires_at=now + rules.ADDRESS_CHANGE_LASTS,
                ),
                now=now,
            )
        await record("ask_address_change", by=by, now=now, subject_kind="person", subject_id=person_id)


async def confirm_address(token: str, *, by: Viewer, now: datetime) -> None:
    """Take the new address into use, once. NotFound for anybody but the person who asked, and for a spent token."""
    async with db.transaction():
        taken = await db.rows(
            "UPDATE people_address_change SET used_at = ? WHERE token_hash = ? AND person_id = ? AND used_at IS NULL AND expires_at > ?"
            " RETURNING address, replaces_first",
            now,
            hash_token(token),
            by.person_id or 0,
            now,
        )
        if not taken or by.person_id is None:
            raise NotFound
        address = taken[0]["address"]
        await _check_free(address, but=by.person_id)
        if taken[0]["replaces_first"]:
            await _put_email(by.person_id, address, by=by, now=now)
        else:
            await db.execute("UPDATE people_person SET second_email = ?, revision = revision + 1 WHERE id = ?", address, by.person_id)
            await record("confirm_second_email", by=by, now=now, subject_kind="person", subject_id=by.person_id)


async def change_email(person_id: int, address: str, *, by: Viewer, now: datetime, allows_shared: bool = False) -> None:
    """The desk puts a person's address right; the old one is told, and the person signs in again.

    An account with a strong role is an administrator's to change, since its mail opens it (NotAllowed).
    """
    if not rules.keeps_records(by):
        raise NotFound
    rules.check_confirmed(by)
    address = rules.normal_address(address)
    if not allows_shared:
        rules.check_own_mailbox(address)
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        rules.check_may_take_over(person_id, await roles_of(person_id), by=by)
        await _check_free(address, but=person_id)
        await _put_email(person_id, address, by=by, now=now)


async def remove_second_email(person_id: int, *, by: Viewer, now: datetime) -> None:
    """Forget one's second address."""
    if person_id != by.person_id and not rules.keeps_records(by):
        raise NotFound
    rules.check_confirmed(by)
    async with db.transaction():
        await db.execute("UPDATE people_person SET second_email = NULL, revision = revision + 1 WHERE id = ?", person_id)
        await record("remove_second_email", by=by, now=now, subject_kind="person", subject_id=person_id)


async def roles_of(person_id: int) -> frozenset[Role]:
    """The roles granted to a person now."""
    held = await db.rows("SELECT role FROM people_role_grant WHERE person_id = ? AND ended_at IS NULL", person_id)
    return frozenset(Role(row["role"]) for row in held)


async def _check_free(address: str, *, but: int) -> None:
    if await db.rows("SELECT id FROM people_person WHERE (email = ? OR second_email = ?) AND id <> ?", address, address, but):
        raise Refused("Somebody else has this email address. If it is the same person, merge the two records.", code="taken", field="email")


async def _put_email(person_id: int, address: str, *, by: Viewer, now: datetime) -> None:
    before = (await db.rows("SELECT name, email, second_email FROM people_person WHERE id = ?", person_id))[0]
    if before["email"] == address:
        return
    await db.execute(
        "UPDATE people_person SET email = ?, managed_by_id = NULL,"
        " second_email = CASE WHEN second_email = ? THEN NULL ELSE second_email END, revision = revision + 1 WHERE id = ?",
        address,
        address,
        person_id,
    )
    await drop_sign_ins(person_id, now=now, but=by.sign_in_id if by.person_id == person_id else None)
    if before["email"]:
        await queue_letter(
            Letter(
                key=f"email-changed-{new_ref()}",
                template="email_changed",
                to=Recipient(address=before["email"], name=before["name"], person_id=person_id),
                priority=Priority.CHANGE,
                context={"name": before["name"], "masked": rules.masked(address), "by_desk": by.person_id != person_id},
            ),
            now=now,
        )
    await record("change_email", by=by, now=now, subject_kind="person", subject_id=person_id)
