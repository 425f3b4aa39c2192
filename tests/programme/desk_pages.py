"""What tests of the training team's pages of the programme share."""

import re
from collections.abc import Awaitable, Callable

from marstraining.people.models import Person
from tests.conftest import Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


SESSION = {
    "day1": "2026-06-09", "starts1": "09:30", "ends1": "12:30", "delivery": "in person", "capacity": "20", "is_list_open": "yes",
    "is_promotion_on": "yes", "arrangement": "none", "do": "save",
}  # fmt: skip


COURSE = {"code": "neg", "title": "Neglect", "kind": "course", "delivery": "either", "access": "public", "audience_codes": "schools"}


def error_of(page: str, name: str) -> str:
    found = re.search(rf'id="{name}-error" class="govuk-error-message">(.*?)</p>', page)
    return re.sub(r"<[^>]+>", "", found[1]).removeprefix("Error: ") if found else ""
