"""Confirm it is you: what only those may do who showed lately that it is them, files about people before all (security.md 1)."""

from collections.abc import Callable
from enum import StrEnum

from starlette.requests import Request

from marstraining.core.web.identity import viewer_of
from marstraining.core.web.reading import StaleForm

ADDRESS = "/confirm"
# Fields of the confirming page's own begin so; all others of its form are those of the form that was interrupted.
OWN_FIELDS = "confirm-"

Asks = Callable[[Request], bool]


class Files(StrEnum):
    """Whom the files that a route hands out are about."""

    PEOPLE = "people"  # others than the person asking: only for who has confirmed lately
    OWN = "own"  # the person asking
    NOBODY = "nobody"
    SHEET = "sheet"  # paper for the room, with the names that the register's page shows


class Unconfirmed(StaleForm):
    """A form sent by somebody who has not confirmed lately; `way` says where they go on afterwards."""

    def __init__(self, fields: list[tuple[str, str]], *, had_files: bool, address: str, back: str, is_file: bool) -> None:
        super().__init__(fields, had_files=had_files)
        self.address = address
        self.back = back
        self.is_file = is_file


def always(_request: Request) -> bool:
    """For routes where everything is for who has confirmed, looking too."""
    return True


def verbs(*words: str) -> Asks:
    """For some of the verbs of a route that ends in `{verb}`."""
    return lambda request: request.path_params["verb"] in words


def is_for_file(request: Request) -> bool:
    """Whether a request to a route with files asks for one: a list by `?export=`, an address that names a file, any form."""
    return request.method == "POST" or "export" in request.query_params or "." in request.url.path.rpartition("/")[2]


def check_export(request: Request) -> None:
    """The last line before a file leaves: its route says whom it is about, and a file about people is for who has confirmed.

    RuntimeError where a route does not say, so that no new one can forget.
    """
    route = request.scope["marstraining.route"]
    if route.files is None:
        raise RuntimeError(f"{route.path} hands out files and does not say whom they are about: page(…, files=Files.…)")
    if route.files is Files.PEOPLE and not viewer_of(request).is_stepped_up:
        raise RuntimeError(f"{route.path} hands out a file about people without having asked for a confirmation")
