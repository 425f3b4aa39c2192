"""What every part of the service keeps to, checked over all of them at once."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from marstraining.app import all_routes
from marstraining.core.config import SECRETS, VARIABLES
from marstraining.core.paths import TEMPLATES
from marstraining.core.web import PageRoute, route_table
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
    text = path.read_text(encoding="utf-8")
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
    long = {str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}


def test_states_a_change_of_a_booking_is_never_overwritten() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert re.findall(r"(?:UPDATE|DELETE FROM) bookings_transition|Transition\.filter\([^)]*\)\.(?:update|delete)", text) == []
