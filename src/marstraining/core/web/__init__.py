"""The web below every page: routes with guards, rendering, forms, lists, error pages, headers, kept pages."""

from marstraining.core.web.assembly import assemble
from marstraining.core.web.confirming import Files, always, verbs
from marstraining.core.web.exports import csv_response, document_response, export_response, pdf_response, xlsx_response
from marstraining.core.web.forms import Form
from marstraining.core.web.guards import ANYONE, SIGNED_IN, PageRoute, Who, page, roles, route_table, safe_next, see_other
from marstraining.core.web.identity import ViewerMiddleware, identify, viewer_of
from marstraining.core.web.kept import conditional
from marstraining.core.web.navigation import NavItem, use_navigation
from marstraining.core.web.pager import Pager
from marstraining.core.web.reading import read_form, read_json
from marstraining.core.web.render import NO_REFERRER, render, render_text
from marstraining.core.web.static import static_url
from marstraining.core.web.tables import Column, Link, TableView, Tag, nearest_page

__all__ = [
    "ANYONE",
    "NO_REFERRER",
    "SIGNED_IN",
    "Column",
    "Files",
    "Form",
    "Link",
    "NavItem",
    "PageRoute",
    "Pager",
    "TableView",
    "Tag",
    "ViewerMiddleware",
    "Who",
    "always",
    "assemble",
    "conditional",
    "csv_response",
    "document_response",
    "export_response",
    "identify",
    "nearest_page",
    "page",
    "pdf_response",
    "read_form",
    "read_json",
    "render",
    "render_text",
    "roles",
    "route_table",
    "safe_next",
    "see_other",
    "static_url",
    "use_navigation",
    "verbs",
    "viewer_of",
    "xlsx_response",
]
