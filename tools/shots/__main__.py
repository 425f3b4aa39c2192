"""`make shots`: serve a demo, sign in as each role, and take a picture of every page at 1280 and 390 pixels."""

import argparse
import asyncio
import json
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import uvicorn
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, ViewportSize, async_playwright
from starlette.requests import Request
from starlette.responses import Response

from marstraining.app import all_routes
from marstraining.core import config
from marstraining.core.config import load_settings
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.core.web import ANYONE, assemble, page, route_table
from marstraining.core.web.errors import error_response
from tools.shots.pages import ERRORS, EVERY_PAGE, NOT_TO_LOOK_AT, README
from tools.shots.references import FIRST, FIRST_WITHOUT_LETTER, LINKS, PAGE_LINKS, REFERENCES
from tools.shots.shown import Shown

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "shots"
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = (1280, 390)
HEIGHT = 900
LARGEST_PICTURE = 150 * 1024
_STARTS_WITHIN = 120.0
_LETTERS_WITHIN = 20.0
_CONFIRMED_FOR = 480.0
_SHOWS_WITHIN = 10_000  # milliseconds, as the browser counts


class Demo:
    """A demo that is served: its address, links and folder."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
        self.folder = folder
        self.base_url: str = told["base_url"]
        self.sign_in: Mapping[str, str] = told["sign_in"]

    def references(self) -> dict[str, str]:
        """What each name of `REFERENCES` stands for here; names that nothing fits are missing."""
        database = sqlite3.connect(f"file:{self.folder / 'marstraining.sqlite3'}?mode=ro", uri=True)
        try:
            found = {name: database.execute(sql).fetchone() for name, sql in REFERENCES.items()}
        finally:
            database.close()
        return {name: str(row[0]) for name, row in found.items() if row}

    def letters(self) -> list[Path]:
        """Every letter sent, oldest first."""
        return sorted((self.folder / "mail").glob("*.eml"))

    def links(self) -> dict[str, str]:
        """The addresses of `LINKS` from the letters that were sent, the latest of each."""
        texts = [_text(path) for path in self.letters()]
        found = {name: [link for text in texts for link in re.findall(pattern, text)] for name, pattern in LINKS.items()}
        newest = {"demo_letter": self.letters()[-1].name} if self.letters() else {}
        return newest | self._unsent() | {name: links[-1] for name, links in found.items() if links}

    def _unsent(self) -> dict[str, str]:
        """The link of a letter that leaves at half past seven: made here too, so that pictures can be taken at any time."""
        with closing(sqlite3.connect(f"file:{self.folder / 'marstraining.sqlite3'}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT context, tokens FROM messages_letter WHERE template = 'still_using' ORDER BY id").fetchone()
        if row is None:
            return {}
        key = (self.folder / "secret.key").read_text(encoding="ascii").strip()
        return {"use_link": f"/accreditations/{json.loads(row[0])['ref']}/{derive_token(key, *json.loads(row[1])['use'])}"}


def _text(path: Path) -> str:
    part = message_from_bytes(path.read_bytes(), policy=default).get_body(("plain",))
    return str(part.get_content()) if part else ""


@contextmanager
def served_demo() -> Iterator[Demo]:
    """A fresh demo in a folder of its own, ended with it."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        folder = Path(name) / "demo"
        words = [sys.executable, "-m", "marstraining", "demo", "--data-dir", str(folder), "--port", str(port)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
        try:
            _wait_for(port, process)
            yield Demo(folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The demo did not start.")


class Camera:
    """Takes the pictures and notes what was not as it should be."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self.browser = browser
        self.demo = demo
        self.names = demo.references()
        self.states: dict[str, Path] = {}
        self.faults: list[str] = []
        self.taken: list[Path] = []

    async def sign_in(self) -> None:
        """Follow each role's link once and keep its cookies."""
        for role in self.demo.sign_in:
            context = await self.browser.new_context()
            await self._follow_link(context, role)
            self.states[role] = self.demo.folder / f"shots-{role}.json"
            await context.storage_state(path=self.states[role])
            await context.close()

    async def _follow_link(self, context: BrowserContext, role: str) -> None:
        opened = await context.new_page()
        await opened.goto(self.demo.sign_in[role])
        async with opened.expect_navigation():
            await opened.get_by_role("button", name="Sign in").click()
        await opened.close()

    async def prepare(self) -> None:
        """Do what puts letters into the folder, and take their links."""
        before = len(self.demo.letters())
        for shown in (*FIRST, *FIRST_WITHOUT_LETTER):
            async with _closing(await self._context(shown.by, WIDTHS[0])) as context:
                await self._open(await context.new_page(), shown)
        until = time.monotonic() + _LETTERS_WITHIN
        while len(self.demo.letters()) < before + len(FIRST) and time.monotonic() < until:  # noqa: ASYNC110 - files of another process
            await asyncio.sleep(0.5)
        self.names |= self.demo.references() | self.demo.links()
        for name, (address, by, pattern) in PAGE_LINKS.items():
            async with _closing(await self._context(by, WIDTHS[0])) as context:
                opened = await context.new_page()
                await self._open(opened, Shown("", address, by))
                found = re.search(pattern, await opened.content())
                self.names |= {name: found[0]} if found else {}

    async def take(self, pages: Sequence[Shown], width: int) -> None:
        for by in sorted({shown.by for shown in pages}):
            async with _closing(await self._context(by, width)) as context:
                signed_in = 0.0
                for shown in (one for one in pages if one.by == by):
                    # Some pages ask again who it is, ten minutes after signing in.
                    if by in self.demo.sign_in and time.monotonic() - signed_in > _CONFIRMED_FOR:
                        await self._follow_link(context, by)
                        signed_in = time.monotonic()
                    await self._take(context, shown, width)

    async def picture(self, name: str, shown: Shown, width: int, height: int) -> None:
        """A picture for the README: the first view only, small enough to be kept."""
        async with _closing(await self._context(shown.by, width, height)) as context:
            opened = await context.new_page()
            await self._open(opened, shown)
            path = PICTURES / f"{name}.png"
            await opened.screenshot(path=path)
            if path.stat().st_size > LARGEST_PICTURE:
                self.faults.append(f"{path.name}: {path.stat().st_size // 1024} KB")

    async def _take(self, context: BrowserContext, shown: Shown, width: int) -> None:
        name = f"{shown.name}-{width}"
        opened = await context.new_page()
        try:
            await self._open(opened, shown)
            path = FOLDER / f"{name}.png"
            # The browser paints a letter's frame only once it has been in sight.
            for frame in await opened.query_selector_all("iframe"):
                await frame.scroll_into_view_if_needed()
            await opened.screenshot(path=path, full_page=True)
            self.taken.append(path)
            if await opened.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                self.faults.append(f"{name}: runs over the edge")
        except (KeyError, LookupError) as missing:
            self.faults.append(f"{name}: nothing in the demo for {missing}")
        except Exception as fault:  # noqa: BLE001 - one page that fails must not cost the others their picture
            self.faults.append(f"{name}: {str(fault).splitlines()[0]}")
        finally:
            await opened.close()

    async def _open(self, opened: Page, shown: Shown) -> None:
        answer = await opened.goto(self.demo.base_url + shown.address.format_map(self.names))
        if answer is not None and answer.status not in {shown.status, 304}:
            self.faults.append(f"{shown.name}: answered {answer.status}")
        for name, words in shown.typed.items():
            text = words.format_map(self.names)
            control = opened.locator(f"main [name={name}]").first
            kind = await control.evaluate("it => it.type")
            if kind in {"radio", "checkbox"}:
                await opened.locator(f"main [name={name}][value={json.dumps(text)}]").check()
            elif kind.startswith("select"):
                await control.select_option(text)
            else:
                await control.fill(text)
        if shown.sends:
            field, name, holds = shown.sends
            sent = FilePayload(name=name, mimeType="text/csv", buffer=holds.format_map(self.names).encode())
            await opened.locator(f"main [name={field}]").set_input_files(sent)
        for button in filter(None, (shown.press, shown.then)):
            await opened.locator("main").get_by_role("button", name=re.compile(f"^(?:{button})$")).first.click()
            await opened.wait_for_load_state()
            # What a script asks for comes after the page: it says so while it waits.
            await opened.locator("[aria-busy]").first.wait_for(state="detached")

    async def _context(self, by: str, width: int, height: int = HEIGHT) -> BrowserContext:
        # Still: a picture taken while something slides in shows neither state.
        view = ViewportSize(width=width, height=height)
        context = await self.browser.new_context(viewport=view, locale="en-GB", reduced_motion="reduce", storage_state=self.states.get(by))
        context.set_default_timeout(_SHOWS_WITHIN)
        return context


class _closing:  # noqa: N801 - reads like contextlib's
    def __init__(self, context: BrowserContext) -> None:
        self.context = context

    async def __aenter__(self) -> BrowserContext:
        return self.context

    async def __aexit__(self, *_: object) -> None:
        await self.context.close()


async def _nobody(_request: Request) -> Viewer:
    return ANYBODY


async def take_errors(camera: Camera) -> None:
    """Pictures of the error pages that cannot be brought about, from a small application that answers with each."""

    async def error(request: Request) -> Response:
        status = int(request.path_params["status"])
        said = {409: "This session is full.", 422: "The end time must be after the start time."}.get(status, "")
        return error_response(request, status, said, retry_after=90, request_id="4f1c")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base_url = f"http://127.0.0.1:{port}"
    app = assemble([page("/answer/{status}", error, who=ANYONE)], base_url=base_url, resolve=_nobody)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag, no event
        await asyncio.sleep(0.02)
    for width in WIDTHS:
        async with _closing(await camera.browser.new_context(viewport=ViewportSize(width=width, height=HEIGHT))) as context:
            for status in ERRORS:
                opened = await context.new_page()
                await opened.goto(f"{base_url}/answer/{status}")
                camera.taken.append(FOLDER / f"error-{status}-{width}.png")
                await opened.screenshot(path=camera.taken[-1], full_page=True)
                await opened.close()
    server.should_exit = True
    await serving


def without_picture() -> list[str]:
    """Addresses of pages that nothing here shows."""
    # A link stands for what its pattern begins with, and has as many parts.
    patterns = LINKS | {name: pattern for name, (_, _, pattern) in PAGE_LINKS.items()}
    links = {name: re.sub(r"\[[^/]*\]\+", "x", pattern.replace("[^/", "[^").partition("(?=")[0]) for name, pattern in patterns.items()}
    shown = [re.sub(r"\?.*", "", re.sub(r"^\{(\w+)\}", lambda name: links.get(name[1], name[0]), one.address)) for one in EVERY_PAGE]
    # A fixed word of an address is no reference: the first route that fits is the one that answers.
    routes = [
        (row.path, re.compile(re.sub(r"\\\{[^}]*\}", "[^/]+", re.escape(row.path)) + r"\Z"))
        for row in route_table(all_routes())
        if "GET" in row.methods
    ]
    answering = {next((path for path, pattern in routes if pattern.match(address)), "") for address in shown}
    return [path for path, _ in routes if path not in answering and path not in NOT_TO_LOOK_AT]


async def shoot(demo: Demo, only: str) -> int:
    """Every picture whose name holds `only`; how many faults were found."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    chosen = [shown for shown in EVERY_PAGE if only in shown.name]
    async with async_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--lang=en-GB"]  # dates in their boxes as a council's browser writes them
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=words)
        camera = Camera(browser, demo)
        await camera.sign_in()
        if not only:
            for name, (address, by, width, height) in README.items():
                await camera.picture(name, Shown(name, address, by), width, height)
        await camera.prepare()
        for width in WIDTHS:
            await camera.take(chosen, width)
        if only in "error":
            await take_errors(camera)
        await browser.close()
    for path in camera.taken:
        print(path.relative_to(ROOT))
    faults = camera.faults + [f"no picture shows {path}" for path in without_picture()]
    for fault in faults:
        print(f"! {fault}")
    return len(faults)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.shots", description=__doc__)
    parser.add_argument("--demo", type=Path, help="folder of a demo that runs already, such as var/demo")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    asked = parser.parse_args()
    config.use(load_settings({"MARS_SECRET_KEY": secrets.token_hex(32), "MARS_DATA_DIR": tempfile.gettempdir()}))
    if asked.demo:
        faults = asyncio.run(shoot(Demo(asked.demo), asked.only))
    else:
        with served_demo() as demo:
            faults = asyncio.run(shoot(demo, asked.only))
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
