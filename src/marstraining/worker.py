"""The clock: jobs by how often they look for work, and lanes that send letters."""

import asyncio
import os
import secrets
import signal
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from marstraining.attendance.actions import ask_for_registers, tell_missed
from marstraining.attendance.actions.scheduling import send_due_exports
from marstraining.bookings.actions import compare_places, erase_what_served, send_reminders, settle_sessions, tell_changes
from marstraining.bulletins import actions as bulletins
from marstraining.bulletins.queries import told_until
from marstraining.bulletins.rules import NewResource
from marstraining.certificates.actions import (
    end_corrected_accreditations,
    grant_owed_accreditations,
    issue_owed_certificates,
    remind_of_accreditations,
    withdraw_unfounded_certificates,
)
from marstraining.colleagues.actions import release_allocations, settle_invitations, settle_requests
from marstraining.conversation.actions import forget_old_conversations, probe_gate
from marstraining.core import clock, config
from marstraining.core.config import Settings, load_settings
from marstraining.core.db import connect, is_unavailable
from marstraining.core.logs import configure_logs
from marstraining.coverage.actions import ask_about_use
from marstraining.digests.actions import write_digests
from marstraining.evaluation.actions import (
    ask_after_sessions,
    ask_beforehand,
    ask_follow_ups,
    ask_managers,
    close_surveys,
    erase_old_answers,
    remind_of_surveys,
)
from marstraining.history.actions import note_job_ended, note_job_failed
from marstraining.messages.actions import erase_old_bodies, lease
from marstraining.messages.delivery import PostRoom, send_due_letters
from marstraining.messages.rules import Priority
from marstraining.people.actions import ask_settings_of_bounced, forget_sign_in_traces, note_sent_letters, part_from_gone_chats
from marstraining.programme.actions import publish_due_sessions
from marstraining.reported_marks.actions.lists import forget_left_lists
from marstraining.reports.actions import remind_of_papers, take_due_papers
from marstraining.resources.actions.checking import check_links, forget_old_checks
from marstraining.resources.queries import resources_added
from marstraining.search.actions import forget_unheard_words
from marstraining.uploads.actions import hold_back_unscanned, scan_waiting_files


class Job(Protocol):
    """Finds its own work from rows, is safe to run twice and in many workers, and ends in a moment."""

    __name__: str

    def __call__(self, *, now: datetime) -> Awaitable[object]: ...


async def tell_daily_news(*, now: datetime) -> int:
    """The daily letters; resources stand beside bulletins on the ladder, so what is new there is asked here and handed over."""
    return await bulletins.tell_daily_news(resources=await _new_resources(now=now), now=now)


async def tell_news_at_once(*, now: datetime) -> int:
    """The same for those who want to know at once."""
    return await bulletins.tell_news_at_once(resources=await _new_resources(now=now), now=now)


async def _new_resources(*, now: datetime) -> list[NewResource]:
    since = await told_until()
    if since is None:
        return []
    added = await resources_added(since=since, until=now)
    return [NewResource(title=one.title, path=one.path, kind=one.kind, topics=one.topics, added_at=one.added_at) for one in added]


# How many seconds after its end a job looks again.
JOBS: tuple[tuple[float, Job], ...] = (
    (10, lease.mark_missed_letters),
    (5, publish_due_sessions),
    (5, settle_sessions),
    (5, scan_waiting_files),
    (300, hold_back_unscanned),
    (10, tell_changes),
    (30, settle_invitations),
    (30, settle_requests),
    (60, release_allocations),
    (60, send_reminders),
    (300, compare_places),
    (300, tell_daily_news),
    (60, tell_news_at_once),
    (3600, bulletins.forget_topic_requests),
    (300, write_digests),
    (300, ask_settings_of_bounced),
    (5, note_sent_letters),
    (10, part_from_gone_chats),
    (60, withdraw_unfounded_certificates),
    (60, issue_owed_certificates),
    (60, end_corrected_accreditations),
    (60, grant_owed_accreditations),
    (3600, remind_of_accreditations),
    (3600, ask_about_use),
    (300, ask_for_registers),
    (300, tell_missed),
    (300, send_due_exports),
    (10, check_links),
    (3600, forget_old_checks),
    (600, forget_left_lists),
    (60, ask_after_sessions),
    (300, ask_beforehand),
    (3600, ask_follow_ups),
    (3600, ask_managers),
    (300, remind_of_surveys),
    (60, close_surveys),
    (60, take_due_papers),
    (300, remind_of_papers),
    (3600, forget_sign_in_traces),
    (3600, forget_old_conversations),
    (3600, probe_gate),
    (3600, erase_old_bodies),
    (3600, forget_unheard_words),
    (3600, erase_what_served),
    (3600, erase_old_answers),
)
# Each lane is one connection to the mail server; the first takes nothing but sign-in letters, so it is always free for one.
LANES = (Priority.SIGN_IN, Priority.BULLETIN, Priority.BULLETIN)

_LANE_SECONDS = 0.5
_CHAT_SECONDS = 1.0
_LEASE_SECONDS = 15.0
_LEFT_SECONDS = 5.0
# How often it is written down that a job works.
_NOTED_SECONDS = 60.0
GRACE_SECONDS = 20.0

_log = structlog.get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; then finish what is in hand, for 20 seconds at most, and give back what was claimed."""
    config.use(settings)
    room = PostRoom(settings, name=f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}", stop=stop)
    failures: Counter[str] = Counter()

    in_hand, chat_lane = _chat_lane(room)

    async def keep_leases(*, now: datetime) -> int:
        return await lease.keep_leases(room.in_hand | in_hand, by=room.name, now=now)

    async def take_up_left_letters(*, now: datetime) -> int:
        # Ours first: when the clock has jumped ahead, what is in hand would look left.
        await keep_leases(now=now)
        return await lease.take_up_left_letters(now=now)

    def lane(up_to: Priority) -> Job:
        async def send_letters(*, now: datetime) -> int:  # noqa: ARG001 - each letter has its own moment
            return await send_due_letters(room, up_to_priority=up_to)

        return send_letters

    async with connect(settings):
        _log.info("worker started", name=room.name)
        ours: list[tuple[float, Job]] = [(_LEASE_SECONDS, keep_leases), (_LEFT_SECONDS, take_up_left_letters)]
        every = [*JOBS, *ours, *((_LANE_SECONDS, lane(up_to)) for up_to in LANES), chat_lane]
        tasks = [asyncio.create_task(repeat(job, seconds, stop, failures)) for seconds, job in every]
        await stop.wait()
        _, unfinished = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        released = await _release(room)
        _log.info("worker stopped", name=room.name, released=released, unfinished=len(unfinished))


def _chat_lane(room: PostRoom) -> tuple[set[int], tuple[float, Job]]:
    """The letters in hand of the lane that sends by Telegram, and the lane; where no bot is set up it sends nothing and lets mail do it."""
    if not room.settings.telegram_token:
        return set(), (60.0, lease.leave_all_chats)
    # Loaded where it is used: its client takes as long to load and as much room as a third of the worker.
    from marstraining.messages.delivery.chat import ChatRoom, send_due_notes  # noqa: PLC0415

    chat = ChatRoom(room.settings, name=room.name, stop=room.stop)

    async def send_notes(*, now: datetime) -> int:  # noqa: ARG001 - each letter has its own moment
        return await send_due_notes(chat)

    return chat.in_hand, (_CHAT_SECONDS, send_notes)


async def _release(room: PostRoom) -> int | None:
    """Give back what is still claimed; None where the database is away, and each lease then ends by itself."""
    try:
        return await lease.release_letters(by=room.name)
    except Exception as error:
        if not is_unavailable(error):
            raise
        return None


def run_worker(settings: Settings, *, ends_with_stdin: bool = False) -> None:
    """Run in this process until SIGTERM or SIGINT; with `ends_with_stdin` also until stdin is closed, as a parent's death does."""
    configure_logs(settings)
    asyncio.run(_until_told(settings, ends_with_stdin=ends_with_stdin))


async def repeat(job: Job, every: float, stop: asyncio.Event, failures: Counter[str]) -> None:
    """Run one job again and again; what goes wrong in it is logged and counted, and stops neither it nor the others."""
    noted_at: float | None = None
    is_away = False
    while not stop.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await job(now=clock.now())
            is_away = False
            if noted_at is None or began - noted_at >= _NOTED_SECONDS:
                now = clock.now()
                await note_job_ended(job.__name__, due_at=now + timedelta(seconds=every + _NOTED_SECONDS), now=now)
                noted_at = began
        except Exception as error:  # noqa: BLE001 - the one place where a fault must not stop the rest
            noted_at = None
            failures[job.__name__] += 1
            if not is_unavailable(error):
                await _tell_failure(job.__name__, failures[job.__name__])
            elif not is_away:
                # Once for each time that it is away; the job itself looks again as often as ever.
                _log.warning("job waits for the database", job=job.__name__, error=type(error).__name__)
                is_away = True
        try:
            await asyncio.wait_for(stop.wait(), timeout=every)
        except TimeoutError:
            continue


async def _tell_failure(name: str, failures: int) -> None:
    """Log the fault that is being handled, and note it where the collector of figures looks."""
    _log.exception("job failed", job=name, failures=failures)
    try:
        await note_job_failed(name, now=clock.now())
    except Exception:  # noqa: BLE001 - as above: the next failure notes it
        _log.warning("failure not noted", job=name)


async def _until_told(settings: Settings, *, ends_with_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if ends_with_stdin:
        watcher = threading.Thread(target=_wait_for_parent, args=(lambda: loop.call_soon_threadsafe(stop.set),), daemon=True)
        watcher.start()
    await run(settings, stop)


def _wait_for_parent(tell: Callable[[], object]) -> None:
    while os.read(0, 1024):
        pass
    tell()


if __name__ == "__main__":
    run_worker(load_settings(), ends_with_stdin=True)
