"""Who sent a file and what for, so that they and the training team can be told when it holds a virus."""

from datetime import datetime
from typing import Any

from marstraining.core import config
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.uploads.rules import PURPOSE_WORDS, FileState, Purpose

_INSERT = (
    "INSERT INTO uploads_file (ref, stored_as, file_name, purpose, size, state, threat, person_id, at, waiting_since, scanned_at, tries,"
    " last_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')"
)


async def note_upload(
    stored_as: str, file_name: str, purpose: Purpose, *, size: int, is_clean: bool = False, by: Viewer, now: datetime
) -> None:
    """Write down a stored file, inside the transaction of what it is for; `is_clean` where it was scanned before it was stored."""
    is_scanned = bool(config.current().scan_url)
    state = FileState.UNSCANNED if not is_scanned else FileState.CLEAN if is_clean else FileState.WAITING
    waiting_since, scanned_at = (now if state == wanted else None for wanted in (FileState.WAITING, FileState.CLEAN))
    await execute(
        _INSERT,
        new_ref(), stored_as, file_name[:200], purpose.value, size, state.value, "", by.person_id, now, waiting_since, scanned_at,
    )  # fmt: skip


async def note_unknown(stored_as: str, *, size: int, now: datetime) -> None:
    """Write down a waiting file of which no row tells: it came before files were written down, or with an entry that was never made."""
    await execute(
        f"{_INSERT} ON CONFLICT (stored_as) DO NOTHING",
        new_ref(), stored_as, "A file without a name", Purpose.UNKNOWN.value, size, FileState.WAITING.value, "", None, now, now, None,
    )  # fmt: skip


async def note_infected(file_name: str, purpose: Purpose, *, size: int, threat: str, by: Viewer, now: datetime) -> None:
    """Write down a file that was read at once, or would have been; the training team is told, who sent it has just been."""
    name = file_name[:200]
    async with transaction():
        again = await rows(
            "SELECT id FROM uploads_file WHERE state = 'infected' AND seen_at IS NULL AND person_id = ? AND file_name = ? AND threat = ?",
            by.person_id,
            name,
            threat,
        )
        if again:
            return
        values = (new_ref(), None, name, purpose.value, size, FileState.INFECTED.value, threat, by.person_id, now, None, now)
        [made] = await rows(f"{_INSERT} RETURNING id", *values)
        await tell(made["id"], tells_sender=False, now=now)


async def forget_upload(stored_as: str) -> None:
    """Forget a stored file that is taken away with its entry, inside the transaction of that."""
    await execute("DELETE FROM uploads_file WHERE stored_as = ?", stored_as)


async def look_into(ref: str, *, by: Viewer, now: datetime) -> None:
    """Take a file with a virus off the training team's list; once more changes nothing. NotFound for any other file."""
    async with transaction():
        found = await rows(
            "UPDATE uploads_file SET seen_at = ?, seen_by_id = ? WHERE ref = ? AND state = 'infected' AND seen_at IS NULL RETURNING id",
            now,
            by.person_id,
            ref,
        )
        if found:
            await record("look_into_file", by=by, now=now, subject_kind="file", subject_id=found[0]["id"])
        elif not await rows("SELECT id FROM uploads_file WHERE ref = ? AND state = 'infected'", ref):
            raise NotFound


async def tell(file_id: int, *, tells_sender: bool, now: datetime) -> None:
    """Write to the training team, and to who sent it, that a file held a virus; inside the transaction that notes it."""
    [file] = await rows(
        "SELECT u.id, u.file_name, u.purpose, u.threat, u.at, u.stored_as, p.id AS person_id, coalesce(p.name, '') AS name, p.email"
        " FROM uploads_file u LEFT JOIN people_person p ON p.id = u.person_id WHERE u.id = ?",
        file_id,
        instants=("at",),
    )
    partnership = config.current().partnership
    desk = Recipient(address=partnership.reply_to, name=partnership.from_name)
    letters = [_letter(file, "file_infected_desk", desk)]
    if tells_sender and file["email"]:
        letters.append(_letter(file, "file_infected", Recipient(address=file["email"], name=file["name"], person_id=file["person_id"])))
    await queue_letters(letters, now=now)


def _letter(file: dict[str, Any], template: str, to: Recipient) -> Letter:
    return Letter(
        key=f"{template}-{file['id']}",
        template=template,
        to=to,
        priority=Priority.CHANGE,
        context={
            "name": to.name,
            "sender": file["name"],
            "file_name": file["file_name"],
            "what": PURPOSE_WORDS[Purpose(file["purpose"])],
            "threat": file["threat"],
            "was_kept": file["stored_as"] is not None,
        },
    )
