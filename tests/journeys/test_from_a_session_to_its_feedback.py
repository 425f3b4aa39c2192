"""From the end of a session to what its trainer may see: letters by a real mail server, answers over HTTP, reminders to the others."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.evaluation.actions import ask_after_sessions, close_surveys, remind_of_surveys
from marstraining.evaluation.models import Comment
from marstraining.messages.delivery import PostRoom, send_due_letters
from marstraining.people.models import Person
from tests import makers
from tests.attendance.registers import a_held_session
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES
from tests.messages.smtp_server import MailServer, mail_server

SignInAs = Callable[[Person], Awaitable[Visitor]]


def _links(server: MailServer, person: Person) -> list[str]:
    """The links to the form in somebody's letters, in order; each letter has one."""
    bodies = [message.get_body(("plain",)) for message in server.to(str(person.email))]
    return [found for body in bodies if body for found in re.findall(r"/evaluation/[0-9a-f]{64}", body.get_content())]


async def _answer(client: Visitor, link: str, *, then: str, now: str, useful: str) -> int:
    page = await client.get(link)
    fields = dict(re.findall(r'type="hidden" name="(submission|began)" value="([^"]*)"', page.text))
    for number in range(3):
        fields |= {f"q-confidence-{number}-then": then, f"q-confidence-{number}-now": now}
    return (await client.post(link, {**fields, "q-useful": useful})).status_code


async def test_a_session_ends_and_its_trainer_reads_what_it_changed(
    settings: Settings, dee: Person, clock: Clock, client: Visitor, sign_in_as: SignInAs
) -> None:
    pytest.importorskip("scipy")
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    held = await a_held_session(clock.now, people=14, capacity=30, course=course)
    trainer = await sign_in_as(held.trainer)
    absent = held.learners[0]
    await trainer.post(held.teaching, {"mark": f"{absent.ref}.absent"})
    await trainer.post(held.teaching, {"mark": "rest.attended"})
    clock.travel_to(held.session.ends_at + timedelta(minutes=5))
    assert (await trainer.post(f"{held.teaching}/lock", {})).status_code == 303

    async with mail_server() as server:
        config.use(mailed := replace(settings, smtp_url=server.url))
        room = PostRoom(mailed, name="journey")
        assert await ask_after_sessions(now=clock.now) == 13
        await send_due_letters(room)
        assert _links(server, absent) == []
        quick, slow = held.learners[1:9], held.learners[9:]
        for number, learner in enumerate(quick):
            (link,) = _links(server, learner)
            assert await _answer(client, link, then="3", now=str(6 + number % 3), useful=f"Point {number}") == 303
        clock.forward(days=3, hours=1)
        assert await remind_of_surveys(now=clock.now) == 5
        await send_due_letters(room)
        assert [len(_links(server, learner)) for learner in (*quick, *slow)] == [1] * 8 + [2] * 5
        for learner in slow[:4]:
            first, second = _links(server, learner)
            assert first == second
            assert await _answer(client, second, then="5", now="5", useful="") == 303

    page = f"/teaching/{held.session.ref}/feedback"
    open_page = (await (await sign_in_as(held.trainer)).get(page)).text
    assert ("12 answers so far" in open_page, "Point 1" in open_page) == (True, False)
    clock.forward(days=12)
    await close_surveys(now=clock.now)
    desk = await sign_in_as(dee)
    queue = await desk.get("/desk/evaluation/comments")
    for number in re.findall(r"/desk/evaluation/comments/(\d+)", queue.text)[:2]:
        await desk.post(f"/desk/evaluation/comments/{number}", {"state": "shown"}, seen="/desk/evaluation/comments")
    assert await Comment.filter(state="shown").count() == 2
    seen = (await (await sign_in_as(held.trainer)).get(page)).text
    assert "12 of 13 (92%)" in seen
    assert "8 more confident, 4 the same, 0 less" in seen
    assert "3.7 to 6.2, change +2.6" in seen
    assert len(re.findall(r"Point \d", seen)) == 2
    file = await (await sign_in_as(held.trainer)).post(f"{page}/export", {"format": "csv"}, seen=page)
    assert "course score" in file.text
