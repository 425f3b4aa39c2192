"""`report quarterly` and `report annual`: each ending by its name, refusals in a sentence."""

import asyncio
import shutil
from pathlib import Path

import pytest

from marstraining.commands import reporting
from marstraining.core.db import connect
from marstraining.core.errors import Refused
from tests.conftest import SECRET_KEY, STANDING_NOW, make_settings
from tests.reports.quarters import a_quarter


@pytest.fixture
def filled(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose database holds a quarter, named in the environment as an administrator would."""
    url = f"sqlite://{tmp_path / 'reports.sqlite3'}"
    settings = make_settings(tmp_path, url)

    async def fill() -> None:
        async with connect(settings):
            await a_quarter(STANDING_NOW)

    shutil.copyfile(sqlite_template, tmp_path / "reports.sqlite3")
    asyncio.run(fill())
    for name, value in {"MARS_DATA_DIR": str(tmp_path), "MARS_DATABASE_URL": url, "MARS_SECRET_KEY": SECRET_KEY}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_each_ending_is_written_and_progress_is_said_apart(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begins = {".html": b"<!DOCTYPE html>", ".pdf": b"%PDF-", ".docx": b"PK", ".json": b"{"}
    for ending, start in begins.items():
        reporting.quarterly("2025/26", "3", filled / f"quarter{ending}", "", "", "")
        reporting.annual("2025/26", filled / f"year{ending}")
        assert [(filled / f"{name}{ending}").read_bytes().startswith(start) for name in ("quarter", "year")] == [True, True]
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == f"Report of quarter 3 of 2025/26 written to {filled / 'quarter.html'}."
    assert said.err.splitlines()[:2] == ["Sessions and attendance", "The quarter before and a year ago"]
    page = (filled / "quarter.html").read_text(encoding="utf-8")
    assert ("35" in page, "<script" in page, "http" in page.replace("http://www.w3.org/2000/svg", "")) == (True, False, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("2025/26", "5", "a.pdf", "", "", ""), "“5” is not a quarter"),
        (("2025/26", "", "a.pdf", "", "", ""), "“” is not a quarter"),
        (("2025/27", "3", "a.pdf", "", "", ""), "is not a financial year"),
        (("2025/26", "3", "a.txt", "", "", ""), "must end in .html, .pdf, .docx or .json"),
        (("2025/26", "3", "a.pdf", "NIX", "", ""), "“NIX” is no course here"),
        (("2025/26", "3", "a.pdf", "", "NIX", ""), "“NIX” is no organisation here"),
        (("2025/26", "3", "a.pdf", "", "", "Nix"), "“Nix” is no area of that quarter here"),
        (("2025/26", "3", "a.pdf", "CP", "IPOL", ""), "give only one of"),
        (("2199/00", "3", "a.pdf", "", "", ""), "has not begun yet"),
        (("2025/26", "3", "no/such/a.pdf", "", "", ""), "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(filled: Path, given: tuple[str, ...], said: str) -> None:
    year, quarter, name, course, agency, area = given
    with pytest.raises(Refused, match=said):
        reporting.quarterly(year, quarter, filled / name, course, agency, area)
