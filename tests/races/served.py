"""The application as a web process serves it; with MARS_RACE_LOCK_OFF the hold on a session and the transaction are taken away."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.models import Model

from marstraining.app import create_app
from marstraining.bookings.actions import booking, looking
from marstraining.core.config import load_settings

if os.environ.get("MARS_RACE_LOCK_OFF"):

    async def no_hold(model: type[Model], pk: int) -> bool:
        _ = model, pk
        return True

    @asynccontextmanager
    async def no_transaction() -> AsyncIterator[None]:
        yield

    # By name, since both are imported there: the point of this process is that it is wrong.
    setattr(looking, "hold", no_hold)  # noqa: B010
    setattr(booking, "transaction", no_transaction)  # noqa: B010

app = create_app(load_settings())
