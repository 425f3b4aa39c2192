"""What the desk's page says of all courses together: only where it is true of all published, with the others named."""

from collections.abc import Awaitable, Callable

import pytest

from marstraining.evaluation.actions import close_surveys
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES, a_form, an_asked_session, answer

pytest.importorskip("scipy")

SignInAs = Callable[[Person], Awaitable[Visitor]]
_ALL = "Confidence improved after all 2 courses with enough answers."
_UP, _DOWN = a_form(), a_form((7, 7, 7), (4, 4, 4))


@pytest.mark.parametrize(
    ("directions", "said"),
    [
        ({"One": "up", "Two": "up", "Small": "few"}, f"{_ALL} 1 more has too few answers to be published: Small."),
        ({"One": "up", "Two": "up", "Three": "down"}, ""),
        ({"One": "up", "Two": "across"}, ""),
        ({"One": "up", "Small": "few"}, ""),
    ],
)
async def test_all_courses_improved_is_said_only_of_all(
    clock: Clock, dee: Person, sign_in_as: SignInAs, directions: dict[str, str], said: str
) -> None:
    for title, way in directions.items():
        course = await makers.make_course(title, outcomes=OUTCOMES)
        taught, survey = await an_asked_session(clock.now, people=12, course=course)
        forms = {"up": [_UP] * 12, "down": [_DOWN] * 12, "across": [_UP, _DOWN] * 6, "few": [_UP] * 9}[way]
        await answer(survey, taught.learners[: len(forms)], now=clock.now, forms=forms)
    await close_surveys(now=clock.forward(days=16))
    page = (await (await sign_in_as(dee)).get("/desk/evaluation")).text
    assert ("Confidence improved after all" in page, said in page) == (bool(said), True)
    words = {"up": "Improved", "down": "Fell", "across": "No clear change", "few": ""}
    for title, way in directions.items():
        row = page.partition(f">{title}</a>")[2].partition("</tr>")[0]
        assert [word for word in ("Improved", "Fell", "No clear change") if word in row] == ([words[way]] if words[way] else [])
