"""What people send in, and what lies and is told afterwards."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from marstraining.attendance.models import CourseFile
from marstraining.core.config import Settings
from marstraining.messages.models import Message
from marstraining.record.models import ExternalLearning
from marstraining.uploads.models import UploadedFile
from tests.attendance.registers import Held
from tests.conftest import Visitor
from tests.scanners import EICAR

PDF = b"%PDF-1.7\n%" + b"x" * 100
BAD = PDF + EICAR
DESK = "safeguarding.training@northlincs.example"


async def upload(visitor: Visitor, path: str, data: bytes, name: str = "a.pdf", **fields: str) -> httpx2.Response:
    page = (await visitor.get(path)).text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    sent = {"csrf_token": token[1] if token else "", **fields}
    field = "files" if path.endswith("/reports") else "file"
    files = {field: (name, data, "application/octet-stream")}
    return await visitor.http.post(path, data=sent, files=files, headers={"Sec-Fetch-Site": "same-origin"})


async def a_pack_file(visitor: Visitor, session: Held, data: bytes, title: str = "Slides") -> CourseFile:
    path = f"/teaching/{session.session.ref}/files"
    answer = await upload(visitor, path, data, title=title, kind="slides")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=checking")
    return await CourseFile.get(title=title, replaced_at=None)


WEBINAR = {"title": "Webinar", "provider": "NSPCC", "completed_on-day": "3", "completed_on-month": "2", "completed_on-year": "2026"}


async def some_evidence(visitor: Visitor, data: bytes) -> ExternalLearning:
    answer = await upload(visitor, "/me/record/external", data, "certificate.pdf", **WEBINAR)
    assert answer.status_code == 303
    found = await ExternalLearning.all().order_by("-id").first()
    assert found
    return found


async def files() -> list[tuple[Any, ...]]:
    return [(one.file_name, one.purpose, one.state, one.threat, one.person_id) for one in await UploadedFile.all().order_by("id")]


async def letters() -> list[tuple[str, str]]:
    return [(one.template, one.address) for one in await Message.filter(template__startswith="file_").order_by("id")]


def lying(settings: Settings) -> list[str]:
    """What lies in the folder of files, quarantine included."""
    root = settings.data_dir / "files"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def aged(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))
