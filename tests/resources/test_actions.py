"""Adding, changing, looking over, withdrawing: on both databases, with the files that belong to it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from marstraining.core.config import Settings
from marstraining.core.errors import NotFound, Refused
from marstraining.core.files import path_of
from marstraining.core.viewer import SYSTEM
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.resources.actions import (
    bring_back,
    check_quality,
    draft_of_resource,
    look_again,
    save_resource,
    withdraw_resource,
    write_uses,
)
from marstraining.resources.models import QualityCheck, Resource, ResourceLink, ResourceUse, ResourceVersion
from marstraining.resources.queries import searchable_resources
from marstraining.resources.rules import QualityNote, Verdict
from marstraining.resources.uses import UNWRITTEN, Way
from tests import makers
from tests.conftest import Clock
from tests.resources.shelf import BRIEFING, a_file, on_the_shelf

pytestmark = pytest.mark.usefixtures("db")


async def actions_written() -> list[str]:
    return [entry.action for entry in await Entry.all().order_by("id")]


async def test_a_resource_is_added_with_its_topics_its_link_and_its_first_version(clock: Clock) -> None:
    await makers.make_course(code="CP")
    resource = await on_the_shelf(now=clock.now)
    assert await draft_of_resource("7MB-CSE") == replace(BRIEFING, topics=("Child sexual exploitation",))
    assert await ResourceVersion.filter(resource_id=resource.id).values_list("number", "url", "stored_as") == [(1, BRIEFING.url, "")]
    assert await ResourceLink.filter(resource_id=resource.id).values_list("url", "state") == [(BRIEFING.url, "waiting")]
    assert (resource.added_at, resource.changed_at, await actions_written()) == (clock.now, clock.now, ["create_resource"])


async def test_saving_what_is_there_changes_nothing(clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    clock.forward(days=1)
    _, is_changed = await save_resource(BRIEFING, code="7MB-CSE", by=SYSTEM, now=clock.now)
    again = await Resource.get(code="7MB-CSE")
    assert (is_changed, again.changed_at, await actions_written()) == (False, clock.now - timedelta(days=1), ["create_resource"])


async def test_a_new_file_and_a_new_address_are_new_versions_and_a_new_word_is_none(clock: Clock, settings: Settings) -> None:
    resource = await on_the_shelf(now=clock.now)
    draft = replace(BRIEFING, title="A better title")
    await save_resource(draft, code="7MB-CSE", by=SYSTEM, now=clock.now)
    first = a_file(settings.data_dir)
    await save_resource(draft, code="7MB-CSE", file=first, note="As a PDF", by=SYSTEM, now=clock.now)
    await save_resource(replace(draft, url="https://new.site.org/"), code="7MB-CSE", by=SYSTEM, now=clock.now)
    second = a_file(settings.data_dir, content=b"%PDF-1.7 second")
    await save_resource(replace(draft, url="https://new.site.org/"), code="7MB-CSE", file=second, by=SYSTEM, now=clock.now)
    found = await ResourceVersion.filter(resource_id=resource.id).order_by("number").values_list("number", "url", "stored_as", "note")
    assert found == [
        (1, BRIEFING.url, "", ""),
        (2, BRIEFING.url, first.stored.stored_as, "As a PDF"),
        (3, "https://new.site.org/", first.stored.stored_as, ""),
        (4, "https://new.site.org/", second.stored.stored_as, ""),
    ]
    assert path_of(settings.data_dir, first.stored.stored_as).is_file()
    assert await ResourceLink.filter(resource_id=resource.id).values_list("url") == [("https://new.site.org/",)]


async def test_a_link_that_stays_keeps_what_is_known_of_it(clock: Clock) -> None:
    resource = await on_the_shelf(now=clock.now)
    await ResourceLink.filter(resource_id=resource.id).update(state="ok", checked_at=clock.now)
    await save_resource(replace(BRIEFING, summary="And https://more.site.org/"), code="7MB-CSE", by=SYSTEM, now=clock.now)
    found = await ResourceLink.filter(resource_id=resource.id).order_by("id").values_list("url", "state")
    assert found == [(BRIEFING.url, "ok"), ("https://more.site.org/", "waiting")]


async def test_what_cannot_be_is_refused_and_nothing_is_left(clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    refused = {}
    for name, draft in {
        "the same code": BRIEFING,
        "neither file nor address": replace(BRIEFING, code="ONE", url=""),
        "no such course": replace(BRIEFING, code="TWO", requires="NOTHING"),
    }.items():
        with pytest.raises(Refused) as refusal:
            await save_resource(draft, code=None, by=SYSTEM, now=clock.now)
        refused[name] = refusal.value.field
    assert refused == {"the same code": "code", "neither file nor address": "url", "no such course": "requires"}
    assert await Resource.all().count() == 1
    with pytest.raises(NotFound):
        await save_resource(BRIEFING, code="NOT-THERE", by=SYSTEM, now=clock.now)


async def test_a_file_alone_is_enough_and_then_its_address_may_go(clock: Clock, settings: Settings) -> None:
    await on_the_shelf(now=clock.now, file=a_file(settings.data_dir))
    _, is_changed = await save_resource(replace(BRIEFING, url=""), code="7MB-CSE", by=SYSTEM, now=clock.now)
    assert (is_changed, await ResourceLink.all().count()) == (True, 0)


async def test_a_quality_check_is_noted_once_and_may_bring_a_review(clock: Clock, dee: Person) -> None:
    await on_the_shelf(now=clock.now)
    today, by = clock.now.date(), makers.as_desk(dee)
    note = QualityNote(today, "Named nurse", Verdict.GOOD, is_reviewed=True, review_by=today + timedelta(days=365))
    assert await check_quality("7MB-CSE", note, by=by, now=clock.now) is True
    assert await check_quality("7MB-CSE", note, by=by, now=clock.now) is False
    checks = await QualityCheck.all().values_list("checked_on", "role", "verdict", "by_id")
    resource = await Resource.get(code="7MB-CSE")
    assert checks == [(today, "Named nurse", "good", dee.id)]
    assert (resource.reviewed_on, resource.review_by) == (today, today + timedelta(days=365))
    assert await actions_written() == ["create_resource", "check_quality"]


async def test_withdrawing_keeps_the_row_and_bringing_back_undoes_it(clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    await on_the_shelf("7MB-CSE-2", now=clock.now)
    with pytest.raises(Refused):
        await withdraw_resource("7MB-CSE", reason=" ", by=SYSTEM, now=clock.now)
    with pytest.raises(Refused):
        await withdraw_resource("7MB-CSE", reason="Old", replaced_by="7MB-CSE", by=SYSTEM, now=clock.now)
    assert await withdraw_resource("7MB-CSE", reason="Old", replaced_by="7MB-CSE-2", by=SYSTEM, now=clock.now) is True
    assert await withdraw_resource("7MB-CSE", reason="Older", by=SYSTEM, now=clock.now) is False
    kept = await Resource.get(code="7MB-CSE")
    assert (kept.withdrawn_at, kept.withdrawn_reason) == (clock.now, "Old")
    assert [one.ref for one in await searchable_resources()] == ["7MB-CSE-2"]
    assert await bring_back("7MB-CSE", by=SYSTEM, now=clock.now) is True
    assert await bring_back("7MB-CSE", by=SYSTEM, now=clock.now) is False
    assert [one.ref for one in await searchable_resources()] == ["7MB-CSE", "7MB-CSE-2"]


async def test_looking_again_makes_links_due_and_nothing_twice(clock: Clock) -> None:
    resource = await on_the_shelf(now=clock.now)
    assert await look_again("7MB-CSE", by=SYSTEM, now=clock.now) == 0
    await ResourceLink.filter(resource_id=resource.id).update(check_at=clock.now + timedelta(days=5))
    assert await look_again("7MB-CSE", by=SYSTEM, now=clock.now) == 1
    assert (await ResourceLink.get(resource_id=resource.id)).check_at == clock.now


async def test_rows_for_an_index_say_what_is_restricted_and_where_it_is(clock: Clock) -> None:
    course = await makers.make_course("Graded Care Profile 2", code="GCP2")
    await on_the_shelf(now=clock.now)
    await on_the_shelf("KIT-GCP2", now=clock.now, title="GCP2 tools", kind="toolkit", requires="GCP2", topics=("GCP2", "neglect"))
    plain, restricted = await searchable_resources()
    assert (plain.ref, plain.path, plain.is_restricted, plain.updated) == ("7MB-CSE", "/resources/7MB-CSE", False, clock.now)
    assert (restricted.requires_id, restricted.is_restricted, restricted.own_path) == (course.id, True, "/me/resources/KIT-GCP2")
    assert restricted.topics == (("gcp2", "Graded Care Profile 2"), ("neglect", "Neglect"))


async def test_uses_add_up_by_resource_and_day_over_processes(clock: Clock) -> None:
    resource = await on_the_shelf(now=clock.now)
    day = clock.now.date()
    for _ in range(2):
        for way in (Way.OPENED, Way.OPENED, Way.PACKED):
            UNWRITTEN.note(resource.id, way, day=day)
        UNWRITTEN.note(999_999, Way.OPENED, day=day)
        assert await write_uses() == 2
    assert await write_uses() == 0
    assert await ResourceUse.all().values_list("resource_id", "day", "opened", "packed") == [(resource.id, day, 4, 2)]


async def test_two_who_add_the_same_code_at_once_are_one_resource_and_one_refusal(clock: Clock) -> None:
    tries = await asyncio.gather(*(save_resource(BRIEFING, code=None, by=SYSTEM, now=clock.now) for _ in range(2)), return_exceptions=True)
    assert (sorted(type(one).__name__ for one in tries), await Resource.all().count()) == (["Refused", "tuple"], 1)
