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

    looking.hold = no_hold
    booking.transaction = no_transaction  # type: ignore[assignment]  # the point of this process is that it is wrong

app = create_app(load_settings())
