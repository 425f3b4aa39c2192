"""The demo's folder: its key, its settings, whether it is filled and still fresh, and its sign-in links."""

import json
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from marstraining.core import clock, config, files
from marstraining.core.config import Settings, load_settings
from marstraining.core.db import connect, migrate
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM
from marstraining.demo.filling import Report, fill
from marstraining.demo.invent import content
from marstraining.people.actions import mint_sign_in_link
from marstraining.people.models import Person

# The programme is counted from the day it is made: after a week its first sessions are over.
FRESH_FOR = timedelta(days=7)
_LINKS_LAST = timedelta(days=30)
_KEY, _MADE, _LINKS, _DATABASE, _MAIL = "secret.key", "made.json", "demo.json", "marstraining.sqlite3", "mail"
# Where a role has a first page of its own, its link leads there.
_FIRST_PAGES = {"agency_lead": "/agency", "desk": "/desk", "administrator": "/desk", "board_reader": "/board"}
# What a demo does not take from the environment: it has a database, a mail folder and a key of its own.
_OWN = ("MARS_DATABASE_URL", "MARS_SECRET_KEY", "MARS_SMTP_URL", "MARS_TELEGRAM_TOKEN", "MARS_TELEGRAM_WEBHOOK_URL")


@frozen
class Demo:
    """A demo that is ready to be served: its environment, its settings, a sign-in link for each role."""

    environment: Mapping[str, str]
    settings: Settings
    sign_in: Mapping[str, str]


def demo_environment(folder: Path, base_url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables under which the demo's processes run; the key is made once and kept in the folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = folder / _KEY
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_hex(32), encoding="ascii")
    kept = {
        name: value
        for name, value in environ.items()
        if name.startswith("MARS_") and name not in _OWN and name.removesuffix("_FILE") not in _OWN
    }
    # The terminal belongs to the links; whoever wants to see the logs sets MARS_LOG_LEVEL.
    return (
        {"MARS_LOG_LEVEL": "WARNING"}
        | kept
        | {
            "MARS_DATA_DIR": str(folder),
            "MARS_DATABASE_URL": f"sqlite://{folder / _DATABASE}",
            "MARS_BASE_URL": base_url,
            "MARS_SECRET_KEY": key.read_text(encoding="ascii"),
            "MARS_SMTP_URL": f"file://{folder / _MAIL}",
            "MARS_SHOW_MAIL": "yes",
        }
    )


async def prepare(folder: Path, base_url: str, environ: Mapping[str, str], *, is_fresh: bool, report: Report) -> Demo:
    """Fill the folder's database unless it is filled and no older than a week, and mint the sign-in links.

    `folder` is an absolute path. Refuses a folder whose database is not a demo's.
    """
    now = clock.now()
    made_at = _made_at(folder)
    if made_at is None and (folder / _DATABASE).exists() and not (folder / _KEY).exists():
        raise Refused(f"{folder} holds a database that is not a demo's. Choose another folder with --data-dir.")
    environment = demo_environment(folder, base_url, environ)
    settings = load_settings(environment)
    config.use(settings)
    if made_at is not None and now - made_at > FRESH_FOR:
        report("This demo's programme was made more than 7 days ago: making it again, counted from today")
        is_fresh = True
    if is_fresh or made_at is None:
        _empty(folder)
        await migrate(settings)
        async with connect(settings):
            await fill(now=now, report=report)
        (folder / _MADE).write_text(json.dumps({"made_at": now.isoformat()}), encoding="utf-8")
    else:
        await migrate(settings)
    async with connect(settings):
        sign_in = await _links(now)
    (folder / _LINKS).write_text(json.dumps({"base_url": base_url, "sign_in": sign_in}, indent=2) + "\n", encoding="utf-8")
    return Demo(environment, settings, sign_in)


def _made_at(folder: Path) -> datetime | None:
    """When the demo in this folder was completed; None where there is none, or one that was interrupted."""
    try:
        made = json.loads((folder / _MADE).read_text(encoding="utf-8"))
        return datetime.fromisoformat(made["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _empty(folder: Path) -> None:
    """Take away what a demo made, and nothing else."""
    (folder / _MADE).unlink(missing_ok=True)
    for path in folder.glob(f"{_DATABASE}*"):
        path.unlink()
    for name in (_MAIL, files.FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)


async def _links(now: datetime) -> dict[str, str]:
    names = {one["name"]: one["as"] for one in content("people")["sign_in"]}
    found = await Person.filter(name__in=list(names)).order_by("id").values("name", "email")
    addresses = {names[row["name"]]: row["email"] for row in reversed(found)}
    return {
        role: await mint_sign_in_link(
            addresses[role], by=SYSTEM, now=now, is_reusable=True, lasts=_LINKS_LAST, next_path=_FIRST_PAGES.get(role, "")
        )
        for role in ("learner", "trainer", "agency_lead", "desk", "administrator", "board_reader")
    }
