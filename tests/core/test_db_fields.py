"""Instants through objects and filters, on both databases, in summer."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tortoise.context import TortoiseContext

from marstraining.history.models import Entry

AT = datetime(2026, 7, 1, 9, 30, tzinfo=ZoneInfo("Europe/London"))


def entry(at: datetime) -> Entry:
    return Entry(at=at, actor_role="desk", action="x", subject_kind="x")


async def test_a_summer_time_in_london_finds_itself(db: TortoiseContext) -> None:
    await entry(AT).save()
    await Entry.bulk_create([entry(AT)])
    counts = [
        await Entry.filter(at=AT).count(),
        await Entry.filter(at__gte=AT).count(),
        await Entry.filter(at__lte=AT).count(),
        await Entry.filter(at__in=[AT]).count(),
        await Entry.filter(at__range=(AT, AT)).count(),
        await Entry.filter(at__gt=AT).count(),
        await Entry.filter(at__lt=AT).count(),
    ]
    assert counts == [2, 2, 2, 2, 2, 0, 0]


async def test_it_comes_back_as_the_instant_in_utc(db: TortoiseContext) -> None:
    made = await Entry.create(at=AT, actor_role="desk", action="x", subject_kind="x")
    await Entry.filter(id=made.id).update(at=AT.replace(hour=10))
    found = await Entry.get(id=made.id)
    assert found.at == datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    assert found.at.utcoffset() == datetime(2026, 7, 1, tzinfo=UTC).utcoffset()
    assert (await Entry.all().values("at")) == [{"at": found.at}]


async def test_a_time_without_a_zone_is_refused_when_written_and_when_sought(db: TortoiseContext) -> None:
    naive = datetime(2026, 7, 1, 9, 30)  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="at: a time needs its zone"):
        await entry(naive).save()
    with pytest.raises(ValueError, match="at: a time needs its zone"):
        await Entry.filter(at=naive).count()
