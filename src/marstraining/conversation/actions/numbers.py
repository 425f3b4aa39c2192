"""The desk makes sure that a number is right."""

from datetime import datetime

from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import execute, transaction
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record


async def confirm_number(code: str, *, number: str, by: Viewer, now: datetime) -> None:
    """Note that somebody made sure of a contact's number today: rang it, or looked a national one up on its own website.

    `number` is what they had before them: NotFound when the partnership's file says another by now, so that no number is confirmed unseen.
    """
    contact = next((one for one in config.current().partnership.contacts if one.code == code and one.number == number), None)
    if contact is None or by.person_id is None:
        raise NotFound
    async with transaction():
        await execute(
            "INSERT INTO conversation_contact_check (code, number, checked_on, checked_by_id, at) VALUES (?, ?, ?, ?, ?)",
            code, number, today_of(now), by.person_id, now,
        )  # fmt: skip
        await record("confirm_number", by=by, now=now, subject_kind="contact", subject_id=None, detail={"code": code, "number": number})
