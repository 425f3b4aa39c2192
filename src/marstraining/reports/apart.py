"""Taking a report in a process of its own: statistics load libraries that neither the worker nor a web process should hold."""

import json
import os
from collections.abc import Mapping
from typing import Any

from marstraining.core import config
from marstraining.core.apart import run_apart
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer

DEADLINE_SECONDS = 300.0
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
    # Of our own settings it is told the database and the partnership, and no other secret.
    told = {"MARS_DATABASE_URL": settings.database_url, "MARS_DATA_DIR": str(settings.data_dir), "MARS_BASE_URL": settings.base_url}
    if partnership := os.environ.get("MARS_PARTNERSHIP_FILE"):
        told["MARS_PARTNERSHIP_FILE"] = partnership
    code, answer, complaint = await run_apart("-m", _CHILD, given=json.dumps(question).encode(), deadline=deadline, settings=told)
    if code:
        raise RuntimeError(f"the report's process failed ({code}): {complaint.decode(errors='replace').strip()[-2000:]}")
    said: Mapping[str, Any] = json.loads(answer)
    if "refused" in said:
        code, message, field = said["refused"]
        raise Refused(message, code=code, field=field)
    if "missing" in said:
        raise NotFound
    return said
