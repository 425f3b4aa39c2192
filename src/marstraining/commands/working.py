"""`worker`: the process that sends letters and does what falls due."""

import asyncio

from marstraining.commands.serving import check_database
from marstraining.core.config import load_settings
from marstraining.worker import run_worker


def work() -> None:
    settings = load_settings()
    asyncio.run(check_database(settings))
    run_worker(settings)
