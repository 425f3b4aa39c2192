"""Papers as tagged PDF files (PDF/UA-1), set by typst from a template of ours and plain data."""

import asyncio
import json
import re
from collections.abc import Mapping

from marstraining.core import paths

# What typst 0.15 says of a character that no font here has; PDF/UA allows none without a shape.
_NO_SHAPE = re.compile(r"the text `\"(.+?)\"` could not be displayed", re.DOTALL)
# Shown in its place: an empty box, which every font embedded in typst has.
_BOX = "\u25a1"
# What would join with the box: skin tones, joiners, selectors of a variant, combining marks.
_JOINED = re.compile(f"{_BOX}[\U0001f3fb-\U0001f3ff\u200d\ufe0e\ufe0f\u0300-\u036f]+")
# Each costs a try of a hundredth of a second.
_MOST_BOXES = 200


async def typeset(name: str, data: Mapping[str, object]) -> bytes:
    """The PDF of `templates/papers/<name>.typ` with `data`, off the event loop.

    The template reads the data as JSON, so that what people typed stays text whatever it looks like. Fonts of the machine are
    used where typst's own lack a character; one that no font has becomes a box, since PDF/UA wants a shape for each.
    """
    return await asyncio.to_thread(_typeset, name, json.dumps(data, ensure_ascii=False))


def _typeset(name: str, data: str) -> bytes:
    import typst  # noqa: PLC0415 - it takes a while to load, and few requests need it

    folder = paths.TEMPLATES / "papers"
    for _ in range(_MOST_BOXES):
        try:
            made: bytes = typst.compile(
                str(folder / f"{name}.typ"),
                root=str(folder),
                format="pdf",
                sys_inputs={"data": data},
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            missing = _NO_SHAPE.search(str(error))
            if missing is None or missing[1] not in data:
                raise
            data = _JOINED.sub(_BOX, data.replace(missing[1], _BOX))
        else:
            return made
    raise ValueError(f"{name}: too many characters that no font here can show")
