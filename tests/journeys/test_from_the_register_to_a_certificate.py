"""From the register in the room to the certificate in the learner's hand, and back: over HTTP and a real mail server."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from marstraining.attendance.models import Mark
from marstraining.bookings.models import LedgerEntry
from marstraining.certificates.actions import issue_owed_certificates, withdraw_unfounded_certificates
from marstraining.certificates.models import Certificate
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.viewer import Role
from marstraining.history.models import Entry
from marstraining.messages.delivery import PostRoom, send_due_letters
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor
from tests.messages.smtp_server import mail_server

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def _said(client: Visitor, code: str) -> str:
    shown = (await client.get(f"/verify?code={code}")).text
    return str(re.findall(r'govuk-tag--\w+">([^<]*)<', shown)[0])


async def _mark_everybody(held: Held, trainer: Visitor) -> None:
    absent, partial = held.learners[:2]
    for person, word in ((absent, "absent"), (partial, "partial")):
        assert (await trainer.post(held.teaching, {"mark": f"{person.ref}.{word}"})).status_code == 303
    assert (await trainer.post(held.teaching, {"mark": "rest.attended"})).status_code == 303


async def test_a_register_taken_and_locked_gives_certificates_and_a_correction_takes_one_back(
    settings: Settings, dee: Person, clock: Clock, client: Visitor, sign_in_as: SignInAs
) -> None:
    held = await a_held_session(clock.now, people=22, capacity=30)
    second = await makers.make_person("Tom Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=held.session, person=second, state="accepted", asked_at=clock.now)
    one, other = await sign_in_as(held.trainer), await sign_in_as(second)
    await _mark_everybody(held, one)

    # Two trainers touch the same person at once: one mark, and both stand in the history.
    asha = held.learners[2]
    await asyncio.gather(*(trainer.post(held.teaching, {"mark": f"{asha.ref}.attended"}) for trainer in (one, other)))
    assert await Mark.filter(session_id=held.session.id, person_id=asha.id, superseded_at__isnull=True).count() == 1
    told = await Entry.filter(action="mark_register", subject_id=asha.id).values("actor_id")
    assert {row["actor_id"] for row in told} == {held.trainer.id, second.id}

    clock.travel_to(held.session.ends_at + timedelta(minutes=5))
    locked = await one.post(f"{held.teaching}/lock", {})
    assert locked.headers["location"] == f"{held.teaching}?done=locked"
    assert await LedgerEntry.all().values("booking__learner_id", "kind") == [
        {"booking__learner_id": held.learners[0].id, "kind": "absence"}
    ]

    async with mail_server() as server:
        config.use(mailed := replace(settings, smtp_url=server.url))
        room = PostRoom(mailed, name="journey")
        for _ in range(2):
            await issue_owed_certificates(now=clock.now)
        await send_due_letters(room)
        made = {row.person_id: row for row in await Certificate.all()}
        assert set(made) == {person.id for person in held.learners[2:]}
        certified = [message["Subject"] for message in server.to(str(asha.email)) if "ertificate" in message["Subject"]]
        assert len(certified) == 1
        code = made[asha.id].code
        assert await _said(client, code) == "Valid"
        # The certificate as a file, for its owner alone.
        paper = await (await sign_in_as(asha)).get(f"/certificates/{made[asha.id].ref}/certificate.pdf")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
        assert (await other.get(f"/certificates/{made[asha.id].ref}")).status_code == 404

        desk = await sign_in_as(dee)
        fields = {"mark": "absent", "taken_as": "learner", "source": "manual", "why": "mistake"}
        assert (await desk.post(f"{held.desk}/people/{asha.ref}", fields)).status_code == 303
        await withdraw_unfounded_certificates(now=clock.now)
        await issue_owed_certificates(now=clock.now)
        await send_due_letters(room)
        assert (await _said(client, code), await Certificate.filter(withdrawn_at__isnull=True).count()) == ("Withdrawn", 19)
        assert len(server.to(str(asha.email))) > len(certified)
