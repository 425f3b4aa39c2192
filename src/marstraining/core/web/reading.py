"""Reading what a request brings: forms checked for their sender, JSON checked for its type."""

import json
from json import JSONDecodeError
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from marstraining.core.web.csrf import TOKEN_FIELD, is_token_right
from marstraining.core.web.forms import Form

# Where a request notes the files it opened, for its route to close.
UPLOADS = "marstraining.uploads"

MAX_FIELDS = 200
MAX_FILES = 20
# Above the longest text any field takes, so that the field itself says what is too long; the body limit still holds.
_MAX_FIELD_BYTES = 1024 * 1024


class StaleForm(Exception):  # noqa: N818 - an ordinary answer: a page that lets one send again
    """A form from before the present sign-in; `fields` are what was typed, to be sent again with a fresh token."""

    def __init__(self, fields: list[tuple[str, str]], *, had_files: bool) -> None:
        super().__init__()
        self.fields = fields
        self.had_files = had_files


async def read_fields(request: Request) -> tuple[list[tuple[str, str]], list[tuple[str, UploadFile]]]:
    """Text fields and files of a form; 400 for one that is broken or has too many of either."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return _url_encoded(await request.body()), []
    form = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES)
    pairs = form.multi_items()
    request.scope[UPLOADS] = [value for _, value in pairs if isinstance(value, UploadFile)]
    texts = [(name, value) for name, value in pairs if isinstance(value, str)]
    return texts, [(name, value) for name, value in pairs if isinstance(value, UploadFile)]


def _url_encoded(body: bytes) -> list[tuple[str, str]]:
    # By Python's own reader: Starlette's asks a parser of streams to call back for each name and value, five times as long.
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as fault:
        raise HTTPException(400, f"Too many fields. The most is {MAX_FIELDS}.") from fault
    if any(len(value) > _MAX_FIELD_BYTES for pair in pairs for value in pair):
        raise HTTPException(400, "A field is too long.")
    return pairs


async def read_form(request: Request) -> Form:
    """The form of a POST, url-encoded or multipart.

    That it comes from our own pages was checked before the page was reached; here the token of the sign-in is. A wrong
    or missing one raises StaleForm, answered by a page with everything typed and one button.
    """
    texts, files = await read_fields(request)
    token = next((value for name, value in texts if name == TOKEN_FIELD), "")
    fields = [(name, value) for name, value in texts if name != TOKEN_FIELD]
    if not is_token_right(request, token):
        raise StaleForm(fields, had_files=bool(files))
    return Form(fields, files=files)


async def read_json(request: Request) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The JSON body of a request; 415 for another type (which a foreign form could send), 400 when it cannot be read."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send application/json.")
    try:
        return json.loads(await request.body())
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise HTTPException(400, "The JSON cannot be read.") from fault
