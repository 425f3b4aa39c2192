"""Filters of tables: made when they are asked for, the same as Tortoise's own."""

from functools import partial

import pytest
from tortoise import Tortoise
from tortoise.filters import get_filters_for_field
from tortoise.models import Model

from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import STANDING_NOW


def every_model() -> list[type[Model]]:
    return [model for models in (Tortoise.apps or {}).values() for model in models.values()]


def told(operator: object) -> object:
    """What an operator is; a partial is made anew each time it is asked for."""
    return (operator.func, operator.keywords) if isinstance(operator, partial) else operator


@pytest.mark.whole
@pytest.mark.usefixtures("db")
async def test_every_column_can_be_filtered_by_as_tortoise_has_it() -> None:
    asked = 0
    for model in every_model():
        meta = model._meta  # noqa: SLF001 - Tortoise's own name for it
        for name, field in meta.fields_map.items():
            if not field.has_db_field:
                continue
            for key, expected in get_filters_for_field(name, field, field.source_field or name).items():
                ours = meta.get_filter(key)
                assert key in meta.filters
                assert {**ours, "operator": None} == {**expected, "operator": None}
                operator = meta.db.executor_class.get_overridden_filter_func(filter_func=expected["operator"], filter_info=expected)
                assert told(ours["operator"]) == told(operator or expected["operator"])
                asked += 1
    assert asked > 10_000


@pytest.mark.usefixtures("db")
async def test_what_is_no_column_is_no_filter_and_relations_are() -> None:
    filters = Person._meta.filters  # noqa: SLF001 - as above
    assert "nonsense" not in filters
    assert "name__nonsense" not in filters
    with pytest.raises(KeyError):
        filters["nonsense__in"]
    assert "pk__in" in filters
    assert "survey_invitations" in filters
    course = await makers.make_course()
    session = await makers.make_session(course=course, now=STANDING_NOW)
    assert await Session.filter(pk=session.id, course__code=course.code).count() == 1
    assert await Session.filter(ref__icontains=session.ref.upper(), course_id__in=[session.course_id]).count() == 1
