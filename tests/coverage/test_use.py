"""Licensed tools: asked about once a year, answered by a button, flagged after long without use."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.certificates.actions import grant_owed_accreditations
from marstraining.core.clock import from_wall, local
from marstraining.core.config import Settings
from marstraining.core.errors import Refused
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import Role
from marstraining.coverage import actions
from marstraining.coverage.actions.use import PURPOSE
from marstraining.coverage.defaults import DEFAULT_RULES
from marstraining.coverage.queries import refresher_rules
from marstraining.coverage.queries.use import asked_tool
from marstraining.coverage.rules import Rule, RuleChange, RuleKind
from marstraining.coverage.use import Holding, is_to_be_asked, is_without_use, rule_of_use
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Course
from marstraining.record.models import Accreditation
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
GCP2 = frozenset({"GCP2-P"})
[RULE] = [rule for rule in DEFAULT_RULES if rule.kind == RuleKind.USE]
LEARNT = date(2024, 3, 1)


def held(**known: date | bool) -> Holding:
    return Holding(GCP2, LEARNT, **known)  # type: ignore[arg-type]  # days and whether somebody can be asked


@pytest.mark.parametrize(
    ("holding", "on", "is_asked"),
    [
        (held(), date(2025, 2, 28), False),
        (held(), date(2025, 3, 1), True),
        (held(asked_on=date(2025, 3, 1)), date(2026, 2, 28), False),
        (held(asked_on=date(2025, 3, 1)), date(2026, 3, 1), True),
        (held(asked_on=date(2025, 3, 1), answered_on=date(2025, 4, 9)), date(2026, 3, 1), False),
        (held(can_be_asked=False), date(2030, 1, 1), False),
    ],
)
def test_a_holder_is_asked_a_year_after_the_course_the_last_letter_and_the_last_answer(holding: Holding, on: date, is_asked: bool) -> None:  # noqa: FBT001
    assert is_to_be_asked(holding, RULE, on) == is_asked


@pytest.mark.parametrize(
    ("holding", "on", "is_flagged"),
    [
        (held(asked_on=date(2025, 3, 1)), date(2026, 2, 28), False),
        (held(asked_on=date(2025, 3, 1)), date(2026, 3, 1), True),
        (held(asked_on=date(2025, 3, 1), used_on=date(2025, 3, 5), answered_on=date(2025, 3, 5)), date(2027, 3, 4), False),
        (held(asked_on=date(2026, 3, 5), used_on=date(2025, 3, 5), answered_on=date(2025, 3, 5)), date(2027, 3, 5), True),
        # The first letters go out to holders of long standing: they have the days of grace to answer in, unless they say no.
        (held(), date(2026, 6, 1), False),
        (held(asked_on=date(2026, 6, 1)), date(2026, 6, 28), False),
        (held(asked_on=date(2026, 6, 1)), date(2026, 6, 29), True),
        (held(asked_on=date(2026, 6, 1), answered_on=date(2026, 6, 2)), date(2026, 6, 2), True),
        (held(asked_on=date(2026, 6, 1), is_flagged=True), date(2026, 6, 2), True),
        (held(asked_on=date(2026, 6, 1), used_on=date(2025, 6, 1), is_flagged=True), date(2026, 6, 2), False),
        (held(can_be_asked=False), date(2026, 3, 1), True),
    ],
)
def test_a_tool_is_flagged_two_years_after_the_last_use_known_but_not_before_its_holder_could_answer(
    holding: Holding,
    on: date,
    is_flagged: bool,  # noqa: FBT001
) -> None:
    assert is_without_use(holding, RULE, on) == is_flagged


def test_the_rule_is_that_of_the_day_and_of_the_course() -> None:
    earlier = Rule("GCP2-USE", "", RuleKind.USE, frozenset(), GCP2, date(2022, 4, 1), date(2026, 3, 31), months=12, flag_months=24)
    later = Rule("GCP2-USE", "", RuleKind.USE, frozenset(), GCP2, date(2026, 4, 1), months=6, flag_months=18)
    for on, months in ((date(2026, 3, 31), 12), (date(2026, 4, 1), 6)):
        found = rule_of_use([earlier, later], GCP2 | {"GCP2"}, on)
        assert found is not None
        assert found.months == months
    assert rule_of_use([earlier, later], frozenset({"CP"}), date(2026, 4, 1)) is None


def change(**values: object) -> RuleChange:
    said: dict[str, object] = {
        "title": "Still in use", "kind": RuleKind.USE, "job_roles": (), "counts_as": ("GCP2-P",), "applies_from": date(2026, 5, 1),
        "months": 6, "minutes": None, "participatory_share": 0.0, "grace_days": 14, "family": "", "rank": 0, "source": "The board",
        "confidence": "local", "flag_months": 18,
    }  # fmt: skip
    return RuleChange(**{**said, **values})  # type: ignore[arg-type]  # one value of many kinds


@pytest.mark.parametrize("values", [{"flag_months": None}, {"flag_months": 5}, {"months": None}, {"counts_as": ()}])
def test_a_rule_of_use_needs_its_numbers_and_its_courses(values: dict[str, object]) -> None:
    with pytest.raises(Refused):
        change(**values)


# ---- on a database ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def gcp2(db: TortoiseContext, clock: Clock) -> Course:
    await actions.seed_rules(now=clock.now)
    return await makers.make_course("Graded Care Profile 2", code="GCP2", counts_as="GCP2-P", grants_accreditation=True)


async def holds(person: Person, course: Course, clock: Clock, *, since: date = LEARNT) -> Accreditation:
    await makers.complete(person, course, on=since)
    await grant_owed_accreditations(now=clock.now)
    return await Accreditation.get(person_id=person.id, course_id=course.id, granted_on=since)


async def run(clock: Clock, day: date) -> int:
    """The job at half past midnight of that day, by three workers at once."""
    clock.travel_to(from_wall(day, time(0, 30)))
    return sum(await asyncio.gather(*(actions.ask_about_use(now=clock.now) for _ in range(3))))


async def the_link(settings: Settings, accreditation: Accreditation) -> str:
    fresh = await Accreditation.get(id=accreditation.id)
    return f"/accreditations/{fresh.ref}/{derive_token(settings.secret_key, PURPOSE, fresh.id, fresh.nonce or '')}"


@pytest.mark.whole
async def test_from_the_course_over_letters_nobody_answers_to_a_flag_and_a_yes_that_takes_it_away(
    gcp2: Course, asha: Person, clock: Clock
) -> None:
    await holds(asha, gcp2, clock)
    asked = [day for day in (LEARNT + timedelta(days=n) for n in range(300, 800)) if await run(clock, day)]
    assert asked == [date(2025, 3, 1), date(2026, 3, 1)]
    letters = await Message.filter(template="still_using").order_by("id")
    assert [(one.address, one.context["since"], one.context["flag_months"]) for one in letters] == [
        ("asha@stlukes.example", "1 March 2024", 24)
    ] * 2
    assert [(local(one.not_before).date(), local(one.not_before).time()) for one in letters if one.not_before] == [
        (day, time(7, 30)) for day in asked
    ]
    kept = await Accreditation.get()
    assert (kept.flagged_on, kept.used_on) == (date(2026, 3, 1), None)
    assert await Entry.filter(action="flag_without_use").count() == 1
    tool = await asked_tool(kept.ref)
    assert tool is not None
    clock.travel_to(from_wall(date(2026, 5, 10), time(9)))
    for _ in range(2):
        await actions.answer_use(tool, is_used=True, by=makers.as_learner(asha), now=clock.now)
    kept = await Accreditation.get()
    assert (kept.flagged_on, kept.used_on, kept.answer, kept.answered_on) == (None, date(2026, 5, 10), "yes", date(2026, 5, 10))
    assert await Entry.filter(action="answer_use").values_list("actor_id", "subject_id") == [(asha.id, asha.id)]
    assert [await run(clock, day) for day in (date(2027, 5, 9), date(2027, 5, 10))] == [0, 1]


async def test_a_yes_by_mistake_is_taken_back_whole(gcp2: Course, asha: Person, clock: Clock) -> None:
    kept = await holds(asha, gcp2, clock)
    await Accreditation.filter(id=kept.id).update(used_on=date(2025, 2, 1))
    tool = await asked_tool((await Accreditation.get()).ref)
    assert tool is not None
    for is_used, used_on in ((True, clock.now.date()), (False, date(2025, 2, 1)), (False, date(2025, 2, 1))):
        await actions.answer_use(tool, is_used=is_used, by=makers.as_learner(asha), now=clock.now)
        assert (await Accreditation.get()).used_on == used_on


async def test_who_left_or_whose_accreditation_ended_is_not_asked_and_the_contact_of_who_has_no_mailbox_is(
    gcp2: Course, asha: Person, ben: Person, clock: Clock
) -> None:
    school = await Agency.get(code="STLUKES")
    await Agency.filter(id=school.id).update(contact_email="office@stlukes.example")
    dan = await makers.make_person("Dan Reed", email=None, agency=school, managed_by=school)
    eve = await makers.make_person("Eve Hall")
    for person in (asha, ben, dan, eve):
        await holds(person, gcp2, clock)
    await Person.filter(id=asha.id).update(state="left")
    await Accreditation.filter(person_id=ben.id).update(ended_on=date(2026, 1, 1), ended_reason="Licence given up")
    await Accreditation.filter(person_id=eve.id).update(expires_on=date(2026, 2, 28))
    assert await run(clock, date(2026, 3, 9)) == 1
    assert await Message.filter(template="still_using").values_list("name", "address") == [("Dan Reed", "office@stlukes.example")]


async def test_a_newer_course_begins_anew_and_another_course_is_not_asked_about(gcp2: Course, asha: Person, clock: Clock) -> None:
    old = await holds(asha, gcp2, clock)
    await Accreditation.filter(id=old.id).update(flagged_on=date(2026, 3, 1))
    await holds(asha, await makers.make_course("Other tool", grants_accreditation=True), clock)
    await holds(asha, gcp2, clock, since=date(2026, 3, 1))
    assert await Accreditation.filter(flagged_on__isnull=False).count() == 0
    assert await run(clock, date(2026, 3, 9)) == 0
    assert await run(clock, date(2027, 3, 1)) == 1


async def test_the_desk_changes_how_often_and_after_how_long_from_a_day_on_and_what_was_flagged_follows(
    gcp2: Course, asha: Person, dee: Person, clock: Clock
) -> None:
    await holds(asha, gcp2, clock, since=date(2024, 11, 1))
    assert await run(clock, date(2026, 3, 9)) == 1
    assert await run(clock, date(2026, 4, 30)) == 0
    await actions.change_rule("GCP2-USE", change(), by=makers.as_desk(dee), now=clock.now)
    assert await run(clock, date(2026, 5, 1)) == 0
    assert (await Accreditation.get()).flagged_on == date(2026, 5, 1)
    assert await run(clock, date(2026, 9, 9)) == 1
    await actions.change_rule("GCP2-USE", change(applies_from=date(2026, 10, 1), is_on=False), by=makers.as_desk(dee), now=clock.now)
    assert await run(clock, date(2026, 10, 1)) == 0
    assert (await Accreditation.get()).flagged_on is None


# ---- pages ------------------------------------------------------------------------------------------------------------


def said(text: str) -> str:
    main = text[text.index("<main") : text.index("</main")]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


async def test_the_link_of_the_letter_shows_buttons_and_only_pressing_one_answers(
    gcp2: Course, asha: Person, settings: Settings, client: Visitor, clock: Clock
) -> None:
    kept = await holds(asha, gcp2, clock)
    assert (await client.get(f"/accreditations/{(await Accreditation.get()).ref}/{'0' * 64}")).status_code == 404
    await run(clock, date(2026, 3, 9))
    link = await the_link(settings, kept)
    for address in (link, f"{link}?say=yes", f"{link}?say=no"):
        shown = await client.get(address)
        assert (shown.status_code, shown.headers["referrer-policy"]) == (200, "no-referrer")
        await client.http.head(address)
    assert [one.strip() for one in re.findall(r'name="answer"[^>]*>([^<]*)<', shown.text)] == ["No, not lately", "Yes, I have used it"]
    assert (await Accreditation.get()).answered_on is None
    assert (await client.post(link, {"answer": "maybe"})).status_code == 422
    assert (await client.post(link, {"answer": "yes"})).headers["location"] == f"{link}?done=use-yes"
    assert (await Accreditation.get()).used_on == date(2026, 3, 9)
    assert "You have used it: we noted this on 9 March 2026." in said((await client.get(f"{link}?done=use-yes")).text)
    await client.post(link, {"answer": "no"})
    kept = await Accreditation.get()
    assert (kept.answer, kept.used_on) == ("no", None)
    for wrong in (f"/accreditations/{kept.ref}/{'0' * 64}", f"/accreditations/{'0' * 10}/{link.rpartition('/')[2]}"):
        assert [(await client.get(wrong)).status_code, (await client.http.post(wrong, data={"answer": "yes"})).status_code] == [404, 404]
    await Accreditation.filter(id=kept.id).update(ended_on=date(2026, 3, 9))
    assert "nothing to answer any more" in (await client.get(link)).text
    assert (await client.post(link, {"answer": "yes"})).status_code == 422
    assert (await Accreditation.get()).answer == "no"


async def test_the_record_says_that_there_is_no_use_and_takes_the_answer_of_its_owner_alone(
    gcp2: Course, asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    kept = await holds(asha, gcp2, clock)
    await Accreditation.filter(id=kept.id).update(flagged_on=date(2026, 3, 1))
    ref = (await Accreditation.get()).ref
    owner, other = await sign_in_as(asha), await sign_in_as(ben)
    assert "No use is on record since 1 March 2024." in said((await owner.get("/me/record")).text)
    answer = await other.post(f"/me/record/accreditations/{ref}", {"answer": "yes"}, seen="/me/record/external")
    assert answer.status_code == 404
    answer = await owner.post(f"/me/record/accreditations/{ref}", {"answer": "yes"}, seen="/me/record")
    assert answer.headers["location"] == "/me/record?done=use-yes#accreditations"
    shown = said((await owner.get("/me/record")).text)
    assert ("No use is on record" in shown, "Used, as said on 9 March 2026" in shown) == (False, True)


async def test_the_lead_of_the_holders_agency_sees_it_and_no_other_lead(
    gcp2: Course, asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    kept = await holds(asha, gcp2, clock)
    await Accreditation.filter(id=kept.id).update(flagged_on=date(2026, 3, 1))
    for code, sees in (("STLUKES", True), ("POL", False)):
        lead = await makers.make_person(f"Lead of {code}", agency=await Agency.get(code=code), roles=(Role.AGENCY_LEAD,))
        visitor = await sign_in_as(lead)
        page = (await visitor.get("/agency/due")).text
        assert ("No use on record since 1 March 2024" in page, "Graded Care Profile 2" in page) == (sees, sees)
        colleague = await visitor.get(f"/agency/staff/{asha.ref}")
        assert (colleague.status_code, "Not used lately" in colleague.text) == ((200, True) if sees else (404, False))


async def test_the_desk_notes_that_a_tool_is_used_and_nobody_else_may(
    gcp2: Course, asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    kept = await holds(asha, gcp2, clock)
    await Accreditation.filter(id=kept.id).update(flagged_on=date(2026, 3, 1))
    ref, root = (await Accreditation.get()).ref, f"/desk/people/{asha.ref}/record"
    desk, learner = await sign_in_as(dee), await sign_in_as(asha)
    assert (await learner.post(f"{root}/used", {"accreditation": ref}, seen="/me/record")).status_code == 404
    assert (await desk.post(f"/desk/people/{ben.ref}/record/used", {"accreditation": ref}, seen=root)).status_code == 404
    assert (await desk.post(f"{root}/used", {"accreditation": ref}, seen=root)).headers["location"] == f"{root}?done=used"
    assert (await Accreditation.get()).flagged_on is None
    assert [entry.actor_id for entry in await Entry.filter(action="answer_use")] == [dee.id]


async def test_the_rule_stands_among_the_others_and_asks_nothing_of_a_job_role(
    gcp2: Course, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    desk = await sign_in_as(dee)
    shown = said((await desk.get("/desk/rules")).text)
    assert "Asks every 12 months whether it is used, flags it after 24 months without use Whoever holds it" in shown
    fields = {
        "applies_from-day": "1", "applies_from-month": "5", "applies_from-year": "2026", "title": "Still in use", "kind": "use",
        "months": "6", "flag_months": "3", "grace_days": "14", "counts_as": "gcp2-p", "job_roles": "dsl", "source": "The board",
        "confidence": "local", "is_on": "yes",
    }  # fmt: skip
    refused = await desk.post("/desk/rules/GCP2-USE", fields)
    assert (refused.status_code, "no fewer than between two letters" in refused.text) == (422, True)
    assert (await desk.post("/desk/rules/GCP2-USE", {**fields, "flag_months": "18"})).status_code == 303
    [changed] = [rule for rule in await refresher_rules() if rule.kind == RuleKind.USE and rule.applies_until is None]
    assert (changed.months, changed.flag_months, changed.job_roles, changed.applies_from) == (6, 18, frozenset(), date(2026, 5, 1))
    assert 'value="18"' in (await desk.get("/desk/rules/GCP2-USE")).text
    assert "GCP2-USE" not in (await desk.get("/desk/coverage")).text
