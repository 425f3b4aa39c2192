"""One picture of a page: where it is, who looks, what is typed; and the roles whose links the demo gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOBODY, LEARNER, TRAINER, AGENCY_LEAD, DESK, ADMINISTRATOR, BOARD = (
    "", "learner", "trainer", "agency_lead", "desk", "administrator", "board_reader",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One picture: its file's name, the address, who looks, and what is typed by field before a button is pressed.

    Words in braces in an address are references found in the demo, see `REFERENCES`, or links of letters. In the button's name `|` stands
    between two that it may have. `then` is one to press on the page that comes. `sends` is a file to choose: its field, its name and what
    it holds. `status` is what the address answers.
    """

    name: str
    address: str
    by: str = NOBODY
    typed: Mapping[str, str] = field(default_factory=dict)
    press: str = ""
    then: str = ""
    status: int = 200
    sends: tuple[str, str, str] | None = None
