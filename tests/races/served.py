"""The application as a web process serves it; with MARS_RACE_LOCK_OFF the hold on a session and the transaction are taken away."""

import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from tortoise.models import Model

from marstraining.app import create_app
from marstraining.bookings.actions import booking, looking
from marstraining.bookings.queries import Relooked, look_again
from marstraining.core.config import load_settings
from marstraining.core.db import together
from marstraining.core.db.sql import RowOf, SeenRow

if os.environ.get("MARS_RACE_LOCK_OFF"):

    async def no_hold(model: type[Model], pk: int, *, and_then: RowOf | None = None) -> bool:
        _ = model, pk, and_then
        return True

    async def no_hold_unseen(model: type[Model], pk: int, *, and_then: RowOf) -> None:
        _ = model, pk, and_then

    @asynccontextmanager
    async def moved_or_not(*, unmoved: Sequence[SeenRow] = ()) -> AsyncIterator[None]:
        _ = unmoved
        async with together():
            yield

    @asynccontextmanager
    async def no_transaction() -> AsyncIterator[None]:
        yield

    async def numbered_at_random(session_id: int, learner_id: int, *, now: datetime) -> Relooked | None:
        # On SQLite two who see the same next number cannot both write, which would hide that they see the same free place.
        seen = await look_again(session_id, learner_id, now=now)
        return seen and replace(seen, next_id=random.randrange(10**6, 10**9))

    @asynccontextmanager
    async def no_turn(session_id: int, *, wants: object) -> AsyncIterator[bool]:
        # Those of one process would wait for each other without any lock in the database.
        _ = session_id, wants
        yield False

    # By name, since all are imported there: the point of this process is that it is wrong.
    setattr(looking, "hold", no_hold)  # noqa: B010
    setattr(looking, "hold_unseen", no_hold_unseen)  # noqa: B010
    setattr(looking, "look_again", numbered_at_random)  # noqa: B010
    setattr(booking, "transaction", no_transaction)  # noqa: B010
    setattr(booking, "together", moved_or_not)  # noqa: B010
    setattr(booking, "turn", no_turn)  # noqa: B010

app = create_app(load_settings())
