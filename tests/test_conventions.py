"""What every part of the service keeps to, checked over all of them at once."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest
from jinja2 import Environment, StrictUndefined

from marstraining.app import all_routes
from marstraining.core.config import SECRETS, VARIABLES
from marstraining.core.paths import TEMPLATES
from marstraining.core.web import Files, PageRoute, route_table
from marstraining.core.web.render import environment
from marstraining.messages.rules import LETTER_KINDS, LetterKind

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src" / "marstraining").rglob("*.py"))
LETTERS = sorted(folder for folder in (TEMPLATES / "messages").iterdir() if folder.is_dir())
PAGE_TEMPLATES = sorted(path for path in TEMPLATES.rglob("*.html") if "messages" not in path.parts)


def test_every_route_says_who_may_use_it() -> None:
    undeclared = [row.path for row in route_table(all_routes()) if row.who == "undeclared"]
    assert undeclared == []


def test_personal_addresses_need_a_sign_in_and_desk_addresses_a_role() -> None:
    wrong = [
        row.path
        for row in route_table(all_routes())
        if ((row.path == "/me" or row.path.startswith(("/me/", "/bookings/"))) and row.who == "anyone")
        or (row.path.startswith("/desk") and row.who in {"anyone", "signed in"})
    ]
    assert wrong == []


def test_no_page_that_is_read_changes_anything_but_by_post() -> None:
    writing = [route.path for route in all_routes() if isinstance(route, PageRoute) and (route.methods or set()) - {"GET", "HEAD", "POST"}]
    assert writing == []


def test_whatever_is_not_sent_by_post_is_a_look() -> None:
    # A page that asked for GET alone would take HEAD, which mail scanners send, for a form.
    asking = [path.name for path in SOURCES if re.search(r'method (==|!=) "GET"', path.read_text(encoding="utf-8"))]
    assert asking == []


CONFIRMED = {
    "/agency/bookings", "/agency/check/file", "/agency/due", "/agency/ledger", "/agency/staff", "/desk/agencies",
    "/desk/agencies/{code}/merge",
    "/desk/coverage", "/desk/exports", "/desk/exports/scheduled", "/desk/exports/scheduled/{export}/stop", "/desk/history", "/desk/ledger",
    "/desk/letters", "/desk/people", "/desk/people/{ref}/bookings", "/desk/people/{ref}/merge", "/desk/people/{ref}/record/record.csv",
    "/desk/people/{ref}/record/record.pdf", "/desk/people/{ref}/{verb}", "/desk/rules/new", "/desk/rules/{code}", "/desk/sessions/{ref}",
    "/desk/venues", "/me/account/email", "/me/account/email/remove", "/teaching/{ref}/export",
}  # fmt: skip
_MAKES_FILE = {"record_export", "check_export", "export_response", "csv_response", "xlsx_response", "streamed_response", "pdf_response"}


def test_addresses_roles_settings_merging_and_files_about_people_want_a_confirmation() -> None:
    assert {route.path for route in all_routes() if route.confirms} == CONFIRMED


def test_every_route_that_hands_out_files_says_whom_they_are_about() -> None:
    silent = [route.path for route in all_routes() if route.files is None and _MAKES_FILE & _called(route.endpoint)]
    assert silent == []
    assert {route.path for route in all_routes() if route.files is Files.SHEET} == {
        "/teaching/{ref}/print/{kind}",
        "/desk/sessions/{ref}/print/{kind}",
    }


def _called(function: Callable[..., object], seen: set[CodeType] | None = None) -> set[str]:
    """The names that a handler uses, with those of every function of ours that it reaches."""
    seen = set() if seen is None else seen
    names: set[str] = set()
    code = getattr(function, "__code__", None)
    if code is None or code in seen or not function.__module__.startswith("marstraining"):
        return names
    seen.add(code)
    codes = [code]
    while codes:
        one = codes.pop()
        names.update(one.co_names)
        codes += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    space = getattr(function, "__globals__", {})
    for found in [*held, *(space[name] for name in set(names) if name in space)]:
        if callable(found):
            names |= _called(found, seen)
    return names


def test_no_two_routes_share_an_address_and_a_method() -> None:
    pairs = [(method, row.path) for row in route_table(all_routes()) for method in row.methods]
    assert sorted({pair for pair in pairs if pairs.count(pair) > 1}) == []


@pytest.mark.parametrize("folder", LETTERS, ids=lambda folder: folder.name)
def test_every_letter_has_all_its_parts(folder: Path) -> None:
    assert {"subject.txt", "body.txt", "body.html", "telegram.txt", "sample.json"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("folder", LETTERS, ids=lambda folder: folder.name)
def test_every_letter_is_of_one_kind_so_that_its_reader_can_choose_where_it_reaches_them(folder: Path) -> None:
    assert [kind for kind, templates in LETTER_KINDS.items() if folder.name in templates] in [[kind] for kind in LetterKind]


def test_every_letter_an_action_names_has_a_folder() -> None:
    named = {
        name
        for path in SOURCES
        if path.parent.name in {"actions", "bookings", "programme", "people", "bulletins"} or path.name == "actions.py"
        for name in re.findall(r'template="([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert sorted(named - {folder.name for folder in LETTERS}) == []


def test_templates_render_strictly() -> None:
    made: Environment = environment()
    assert made.undefined is StrictUndefined
    assert made.autoescape is True or callable(made.autoescape)


@pytest.mark.parametrize("path", PAGE_TEMPLATES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_template_compiles_and_holds_no_inline_script_or_style(path: Path) -> None:
    name = str(path.relative_to(TEMPLATES))
    assert environment().get_template(name).name == name
    # A report that is saved as a file has no address to take its styles from, and no policy to break.
    text = "" if name == "reports/standalone.html" else path.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*(?:src=|application/ld\+json))", text) == []


@pytest.mark.parametrize("path", PAGE_TEMPLATES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_form_that_posts_carries_its_token(path: Path) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert [form[:80] for form in forms if "csrf" not in form] == []


def test_every_setting_is_documented() -> None:
    example = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    assert sorted(name for name in VARIABLES if name not in example) == []
    assert SECRETS <= VARIABLES


def test_files_keep_to_their_size() -> None:
    files = [*SOURCES, *(path for folder in ("bots", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))]
    long = {str(path.relative_to(ROOT)): lines for path in files if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}


def test_statements_name_tables_of_slices_below_their_own_but_for_three() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one.get("exhaustive"))["layers"]
    # The highest first; those beside each other do not know each other either.
    rung = {name: number for number, layer in enumerate(layers) for name in re.findall(r"\w+", layer)}
    named = {
        (path.relative_to(ROOT / "src" / "marstraining").parts[0], table)
        for path in SOURCES
        for table in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) ([a-z]+(?:_[a-z]+)+)", path.read_text(encoding="utf-8"))
    }
    upwards = {
        (asking, table)
        for asking, table in named
        for owner in rung.keys() - {asking}
        if asking in rung and table.startswith(f"{owner}_") and rung[owner] <= rung[asking]
    }
    assert upwards == {("programme", "bookings_booking"), ("programme", "record_accreditation"), ("programme", "coverage_rule")}


def test_states_a_change_of_a_booking_is_never_overwritten() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert re.findall(r"(?:UPDATE|DELETE FROM) bookings_transition|Transition\.filter\([^)]*\)\.(?:update|delete)", text) == []
