"""Surveys that the partnership asks once: sent as a whole and once, and return rates that give no organisation's few away."""

import re
from collections.abc import Awaitable, Callable, Sequence

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.core.viewer import Role
from marstraining.evaluation.actions import answer_by_link, ask_partners, asking, close_surveys, enter_from_paper, put_ready_surveys
from marstraining.evaluation.models import Instrument, Summary, Survey
from marstraining.evaluation.queries.returns import return_rates
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_by_ref
from marstraining.evaluation.rules.answers import Given
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person, Position, RoleGrant
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import links_of

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
    checked = await desk.post(_PAGE, form)
    assert (checked.status_code, "<strong>3 people</strong> will be asked" in checked.text, await Survey.all().count()) == (200, True, 0)
    of_sector = await desk.post(_PAGE, {**form, "agencies": "", "sectors": agency.sector})
    assert "<strong>3 people</strong> will be asked" in of_sector.text
    changed = await desk.post(_PAGE, {**form, "do": "change"})
    assert ("Isle Police" in changed.text, 'value="IPOL" checked' in changed.text, 'value="Training needs"' in changed.text) == (True,) * 3
    form["do"] = "send"
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


async def _asked(clock: Clock, dee: Person, agencies: dict[str, int], *, sectors: Sequence[str] = ()) -> SurveyFacts:
    """A survey to everybody of so many people of each organisation; the first of each also work at a school that nobody asked."""
    school = await makers.make_agency("Never asked school", code="NEVER")
    for name, number in agencies.items():
        agency = await makers.make_agency(name, code=name.upper(), sector="Police")
        for place in range(number):
            person = await makers.make_person(f"{name} {place}", agency=agency)
            if place < 6:
                await Position.create(person=person, agency=school, job_role="governor", starts_on=makers.LONG_AGO.date())
    codes = [] if sectors else [name.upper() for name in agencies]
    ref = await ask_partners(
        "Needs", await _questions(clock), agencies=codes, sectors=sectors, leads_only=False, days=14, submission_id="one",
        by=makers.as_desk(dee), now=clock.now,
    )  # fmt: skip
    survey = await survey_by_ref(ref)
    assert survey is not None
    return survey


async def _answer(survey: SurveyFacts, clock: Clock, **agencies: int) -> None:
    links = await links_of(survey.id)
    for name, number in agencies.items():
        for person in await Person.filter(name__startswith=f"{name} ").order_by("id").limit(number):
            await answer_by_link(links[person.id], Given({"confident": 7}), f"{survey.id}-{person.id}", now=clock.now)


async def _rates(survey: SurveyFacts) -> dict[str, str | None]:
    closed = await survey_by_ref(survey.ref)
    assert closed is not None
    return {one.name: one.gate.words if one.gate else None for one in await return_rates(closed)}


async def test_return_rates_pass_the_gate_and_tell_of_nobody_before_closing(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    pytest.importorskip("scipy")
    survey = await _asked(clock, dee, {"Isle": 8})
    await _answer(survey, clock, Isle=2)
    desk = await sign_in_as(dee)
    returns = f"{_PAGE}/{survey.ref}"
    assert "2 of 8 so far" in (await desk.get(_PAGE)).text
    assert "2 of 8 have answered so far" in (await desk.get(returns)).text
    assert await _rates(survey) == {}
    assert '<th scope="row"' not in (await desk.get(returns)).text
    await close_surveys(now=clock.forward(days=20))
    desk = await sign_in_as(dee)
    for page in (_PAGE, returns):
        text = (await desk.get(page)).text
        assert ("ewer than 5 responses" in text, re.findall(r"\d+ of \d+", text)) == (True, [])
    # Somebody's other organisation was not asked.
    assert await _rates(survey) == {"Isle": None}


@pytest.mark.parametrize(
    ("answered", "shown"),
    [
        ({"Isle": 8, "Moor": 6}, {"Isle": "8 of 12 (67%)", "Moor": "6 of 7 (86%)", "Wold": None}),
        ({"Isle": 8, "Moor": 6, "Wold": 4}, {"Isle": "8 of 12 (67%)", "Moor": None, "Wold": None}),
        ({"Isle": 8, "Wold": 4}, {"Isle": None, "Moor": None, "Wold": None}),
        ({"Isle": 8}, {"Isle": "8 of 12 (67%)", "Moor": None, "Wold": None}),
    ],
)
@pytest.mark.parametrize("sectors", [[], ["Police"]])
async def test_an_organisations_rate_does_not_give_a_smaller_one_away(
    db: TortoiseContext, clock: Clock, dee: Person, answered: dict[str, int], shown: dict[str, str | None], sectors: list[str]
) -> None:
    pytest.importorskip("scipy")
    survey = await _asked(clock, dee, {"Isle": 12, "Moor": 7, "Wold": 5}, sectors=sectors)
    await _answer(survey, clock, **answered)
    await close_surveys(now=clock.forward(days=20))
    assert await _rates(survey) == shown
    # What may not be shown is not kept either.
    kept = (await Summary.get(survey_id=survey.id)).measures["returns"]
    assert {one["name"]: one["answered"] is None for one in kept} == {name: words is None for name, words in shown.items()}


async def test_whoever_changes_their_post_after_closing_moves_no_rate(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    pytest.importorskip("scipy")
    survey = await _asked(clock, dee, {"Isle": 12, "Moor": 7})
    await _answer(survey, clock, Isle=8, Moor=6)
    await close_surveys(now=clock.forward(days=20))
    before = await _rates(survey)
    assert before == {"Isle": "8 of 12 (67%)", "Moor": "6 of 7 (86%)"}
    moor = (await Position.get(person__name="Moor 0", agency__name="Moor")).agency_id
    # One who answered leaves, one who did not goes to the others, and everybody of the others leaves.
    await Position.filter(person__name="Isle 0").update(ends_on=clock.now.date())
    await Position.filter(person__name="Isle 11").update(agency_id=moor)
    assert await _rates(survey) == before
    await Position.filter(person__name__startswith="Moor").update(ends_on=clock.now.date())
    closed = await survey_by_ref(survey.ref)
    assert closed is not None
    for number in range(5):
        await enter_from_paper(closed, Given({"confident": 7}), f"paper-{number}", by=makers.as_desk(dee), now=clock.now)
    await close_surveys(now=clock.now)
    assert (await Summary.filter(survey_id=survey.id).order_by("-step"))[0].step == 2
    assert await _rates(survey) == before


async def test_leads_who_were_asked_are_of_the_organisations_that_they_lead(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    agency, own = await makers.make_agency("Isle", code="ISLE"), await makers.make_agency("Trust")
    for number in range(6):
        lead = await makers.make_person(f"Lead {number}", agency=own)
        await RoleGrant.create(person=lead, role=Role.AGENCY_LEAD, agency=agency, granted_at=makers.LONG_AGO)
    ref = await ask_partners(
        "Needs", await _questions(clock), agencies=["ISLE"], sectors=[], leads_only=True, days=14, submission_id="one",
        by=makers.as_desk(dee), now=clock.now,
    )  # fmt: skip
    survey = await survey_by_ref(ref)
    assert survey is not None
    await _answer(survey, clock, Lead=5)
    await close_surveys(now=clock.forward(days=20))
    assert await _rates(survey) == {"Isle": "5 of 6 (83%)"}
