"""R4, the mail server: while it is down bookings go on and pages say that mail may be late; up again, every letter leaves, once."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from tests import makers
from tests.faults.processes import Running, figure, serving, until, working
from tests.faults.signed_in import signed_in
from tests.messages.letters import states
from tests.messages.smtp_server import mail_server
from tests.races.crowd import free_port, people

pytestmark = pytest.mark.faults

LATE = "Email is slow at the moment"
WAITS = 'mars_letters{class="confirmation",state="waiting"}'
OLDEST = 'mars_oldest_waiting_letter_seconds{class="confirmation"}'


async def test_r4_mail_down_bookings_go_on_and_say_so_and_every_letter_leaves_once_when_it_is_back(
    db: TortoiseContext, settings: Settings
) -> None:
    now = datetime.now(UTC)
    learners = await people(12, now=now)
    session = await makers.make_session(now=now, capacity=20)
    port = free_port()
    settings = replace(settings, smtp_url=f"smtp://127.0.0.1:{port}")
    async with serving(settings) as web, working(settings, module="tests.faults.hurried") as worker:
        for person in learners:
            async with signed_in(web, person) as browser:
                assert (await browser.book(session.ref)).status == 303
        await worker.said("letter not sent")
        down_since = datetime.now(UTC)
        async with signed_in(web, learners[0]) as browser:
            await until(lambda: _says_late(web), seconds=10)
            booking = re.search(r"/bookings/\w+", (await browser.get("/me")).text)
            assert booking is not None
            page = await browser.get(f"{booking[0]}?done=booked")
            assert (LATE in page.text, "Calendar file (.ics)" in page.text) == (True, True)
        # However often a letter was tried, it is as old as it is.
        await worker.said("letter not sent", times=4)
        oldest = await figure(web, OLDEST)
        assert oldest is not None
        assert oldest > (datetime.now(UTC) - down_since).total_seconds() - 1

        async with mail_server(port=port) as mail:
            await until(_all_sent, seconds=30)
            assert await figure(web, OLDEST) is None
            worker.tell()
            assert await worker.ended() == 0
    ids = [message["Message-ID"] for message in mail.messages]
    assert (len(ids), len(set(ids)), len({to for [to] in mail.recipients})) == (12, 12, 12)


async def _says_late(web: Running) -> bool:
    async with web.http() as anybody:
        return LATE in (await anybody.get("/sign-in")).text


async def _all_sent() -> bool:
    return set((await states()).values()) == {"sent"}
