"""Markdown written at the desk, turned into the little HTML that we allow."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Headings begin at h3: the page around the text owns h1 and h2. No images: they would have to come from other hosts.
_TAGS = {
    "p", "br", "hr", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SHIFTED = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_CLASSES = {
    "p": "govuk-body", "ul": "govuk-list govuk-list--bullet", "ol": "govuk-list govuk-list--number", "a": "govuk-link",
    "h3": "govuk-heading-m", "h4": "govuk-heading-s", "table": "govuk-table", "th": "govuk-table__header", "td": "govuk-table__cell",
}  # fmt: skip


@cache
def _parser() -> "MarkdownIt":
    # Loaded with the first text that needs it: 80 modules, which the first page of a new process should not wait for.
    parser: MarkdownIt = import_module("markdown_it").MarkdownIt("commonmark", {"html": False})
    return parser.enable("table")


def markdown(text: str) -> Markup:
    """Safe HTML of a Markdown text: raw HTML is shown as typed, links are https or mailto only, images fall away."""
    tokens = _parser().parse(text)
    for token in tokens:
        token.tag = _SHIFTED.get(token.tag, token.tag)
        for inner in [token, *(token.children or ())]:
            if inner.nesting >= 0 and inner.tag in _CLASSES:
                inner.attrSet("class", _CLASSES[inner.tag])
    rendered = str(_parser().renderer.render(tokens, _parser().options, {}))
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer",
        allowed_classes={tag: set(names.split()) for tag, names in _CLASSES.items()},
    )
    return Markup(clean)  # noqa: S704 - cleaned by nh3 in the line above
