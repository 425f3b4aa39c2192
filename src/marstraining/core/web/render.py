"""Templates into responses: one environment, strict about names, with everything escaped."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from marstraining.core import config, paths
from marstraining.core.partnership import Partnership
from marstraining.core.viewer import ANYBODY
from marstraining.core.web import dates
from marstraining.core.web.csrf import csrf_token
from marstraining.core.web.forms import Form
from marstraining.core.web.identity import viewer_of
from marstraining.core.web.markdown import markdown
from marstraining.core.web.navigation import bar
from marstraining.core.web.static import static_url
from marstraining.core.web.tables import cell

NO_REFERRER: Mapping[str, str] = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

# What would end a script element or be read as markup inside one.
_JSON_LD_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def _json_ld(value: object) -> Markup:
    return Markup(json.dumps(value, ensure_ascii=False).translate(_JSON_LD_ESCAPES))  # noqa: S704 - escaped in this line


@cache
def environment() -> Environment:
    """The one Jinja environment; templates are compiled once and kept compiled between starts."""
    env = Environment(
        loader=FileSystemLoader(paths.TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html", "xml"), default=False, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=FileSystemBytecodeCache(),
    )
    env.filters |= {
        "day": dates.day, "day_short": dates.day_short, "day_plain": dates.day_plain, "month": dates.month, "clock": dates.clock_time,
        "span": dates.span, "when": dates.when, "iso": dates.iso, "plural": dates.plural, "markdown": markdown, "json_ld": _json_ld,
        "cell": cell,
    }  # fmt: skip
    env.globals |= {"static_url": static_url, "head": _head, "footer": _footer}
    return env


@lru_cache(maxsize=8)
def _head(partnership: Partnership) -> Markup:
    """What the head of every page names, rendered once as the footer is."""
    return Markup(environment().get_template("parts/head.html").render(partnership=partnership))  # noqa: S704 - a template's escaped text


@lru_cache(maxsize=8)
def _footer(partnership: Partnership) -> Markup:
    """The same on every page whoever looks, so it is rendered once."""
    return Markup(environment().get_template("parts/footer.html").render(partnership=partnership))  # noqa: S704 - a template's escaped text


def render_text(template: str, **context: Any) -> str:  # noqa: ANN401 - a template takes whatever it names
    """A template without a request, as letters use it; `partnership` is always there."""
    return environment().get_template(template).render(partnership=config.current().partnership, **context)


def _second_bar(path: str) -> str:
    """Which bar stands below the first, "" for none."""
    return next((name for name in ("desk", "agency") if path == f"/{name}" or path.startswith(f"/{name}/")), "")


def _confirmation(request: Request, done: Mapping[str, str | tuple[str, str]] | None) -> tuple[str, str] | None:
    said = (done or {}).get(request.query_params.get("done", ""))
    return ("Success", said) if isinstance(said, str) else said


def render(
    request: Request,
    template: str,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    done: Mapping[str, str | tuple[str, str]] | None = None,
    **context: Any,  # noqa: ANN401 - a template takes whatever it names
) -> HTMLResponse:
    """A page.

    `done` gives the confirmation for each word that `?done=` may carry. With a `form` that has errors the status is 422
    unless `status` says otherwise. Beside the page's own context a template sees `request`, `path`, `viewer`,
    `partnership`, `csrf_token`, `form`, `confirmation`, `navigation` and `desk_navigation`.
    """
    viewer = viewer_of(request)
    path: str = request.scope["path"]
    form: Form | None = context.setdefault("form", None)
    values = {
        "request": request,
        "path": path,
        "viewer": viewer,
        "partnership": config.current().partnership,
        "csrf_token": csrf_token(request) if viewer is not ANYBODY else "",
        "confirmation": _confirmation(request, done) if done else None,
        "navigation": bar("main", viewer, path),
        "side_bar": _second_bar(path),
        "desk_navigation": bar(_second_bar(path), viewer, path) if _second_bar(path) else [],
    } | context
    text = environment().get_template(template).render(values)
    code = status or (422 if form is not None and form.errors else 200)
    return HTMLResponse(text, status_code=code, headers=headers)
