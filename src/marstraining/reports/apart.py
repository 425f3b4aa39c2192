"""Taking a report in a process of its own: statistics load libraries that neither the worker nor a web process should hold."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from typing import Any

from marstraining.core import config
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer

DEADLINE_SECONDS = 300.0
# What the process may know of its surroundings; of our own settings it is told the database and the partnership, and no other secret.
_ENVIRONMENT = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "PYTHONTZPATH",
    "LANG",
    "LC_ALL",
    "MARS_PARTNERSHIP_FILE",
)
_CHILD = "marstraining.commands.taking"


def asked_by(viewer: Viewer) -> Mapping[str, object]:
    """Somebody as a question names them."""
    return {"person_id": viewer.person_id, "roles": sorted(role.value for role in viewer.roles)}


async def take_apart(question: Mapping[str, object], *, deadline: float = DEADLINE_SECONDS) -> Mapping[str, Any]:
    """What the process answers to a question, both plain values: `{"ref": …}` of the report that it took.

    Refusals are raised here as there; a fault of the process raises RuntimeError. After `deadline` seconds, or with a task that is
    cancelled, it is killed; what it had not written down whole is then not written at all.
    """
    settings = config.current()
    environment = {name: value for name in _ENVIRONMENT if (value := os.environ.get(name)) is not None}
    environment |= {"MARS_DATABASE_URL": settings.database_url, "MARS_DATA_DIR": str(settings.data_dir), "MARS_BASE_URL": settings.base_url}
    # In a session of its own, so that Ctrl-C at a terminal reaches the one who started it and not this.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _CHILD, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
    )
    try:
        answer, complaint = await asyncio.wait_for(process.communicate(json.dumps(question).encode()), deadline)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the report's process failed ({process.returncode}): {complaint.decode(errors='replace').strip()[-2000:]}")
    said: Mapping[str, Any] = json.loads(answer)
    if "refused" in said:
        code, message, field = said["refused"]
        raise Refused(message, code=code, field=field)
    if "missing" in said:
        raise NotFound
    return said
