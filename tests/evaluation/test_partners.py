"""Surveys that the partnership asks once: sent as a whole and once, and return rates that give no organisation's few away."""

import re
from collections.abc import Awaitable, Callable

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.evaluation.actions import ask_partners, asking, put_ready_surveys
from marstraining.evaluation.models import Instrument, Survey
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
_PAGE = "/desk/evaluation/partners"


async def _questions(clock: Clock) -> str:
    await put_ready_surveys(now=clock.now)
    return (await Instrument.get(kind="partnership")).ref


async def test_the_same_survey_sent_twice_is_one_with_one_letter_each(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    agency = await makers.make_agency("Isle Police", code="IPOL")
    for number in range(3):
        await makers.make_person(f"Officer {number}", agency=agency)
    desk = await sign_in_as(dee)
    form = {"title": "Training needs", "instrument": await _questions(clock), "whom": "everybody", "days": "14", "agencies": "IPOL"}
    number = re.findall(r'name="submission" value="([0-9a-f]{32})"', (await desk.get(_PAGE)).text)[0]
    sent = [await desk.post(_PAGE, {**form, "submission": number}) for _ in range(2)]
    assert {one.status_code for one in sent} == {303}
    assert sent[0].headers["location"] == sent[1].headers["location"]
    assert (await Survey.all().count(), await Message.filter(template="evaluation_asked").count()) == (1, 3)
    assert await Entry.filter(action="ask_partners").count() == 1
    # From a page without a number too; what was changed, or begun anew, is another survey.
    for fields in (form, form, {**form, "submission": number, "title": "Other needs"}, {**form, "submission": "f" * 32}):
        await desk.post(_PAGE, fields)
    assert await Survey.all().count() == 4
    # What was typed and not taken keeps its number.
    wrong = await desk.post(_PAGE, {**form, "submission": number, "days": "1"})
    assert (wrong.status_code, f'name="submission" value="{number}"' in wrong.text) == (422, True)


async def test_a_survey_goes_out_with_all_its_letters_or_not_at_all(
    db: TortoiseContext, clock: Clock, dee: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = await makers.make_agency("Isle Police", code="IPOL")
    await makers.make_person("Officer", agency=agency)
    instrument = await _questions(clock)

    async def fails(*_: object, **__: object) -> None:
        message = "the letters are lost"
        raise OSError(message)

    async def ask() -> str:
        return await ask_partners(
            "Needs", instrument, agencies=["IPOL"], sectors=[], leads_only=False, days=14, submission_id="one",
            by=makers.as_desk(dee), now=clock.now,
        )  # fmt: skip

    with monkeypatch.context() as broken:
        broken.setattr(asking, "queue_letters", fails)
        with pytest.raises(OSError, match="are lost"):
            await ask()
    assert await rows("SELECT id FROM evaluation_survey") == await rows("SELECT id FROM evaluation_invitation") == []
    assert await ask() == await ask()
    assert (await Survey.all().count(), await Message.filter(template="evaluation_asked").count()) == (1, 1)
