"""Lists of the training team: sorted, filtered and paged by their address, and taken away as CSV or XLSX."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.datastructures import QueryParams

from marstraining.core.values import frozen
from marstraining.core.web.dates import day_plain
from marstraining.core.web.pager import Pager, page_number

PER_PAGE = 50
_MAX_FILTER = 200
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


@frozen
class Column:
    """A column: the key of its value in a row, its heading, whether it sorts the list, holds numbers, or stays on one line."""

    key: str
    label: str
    sort: bool = False
    numeric: bool = False
    export_only: bool = False
    nowrap: bool = False


@frozen
class Link:
    """A cell that leads somewhere; exported as its text."""

    text: str
    href: str

    def __html__(self) -> str:
        return Markup('<a class="govuk-link" href="{}">{}</a>').format(self.href, self.text)

    def __str__(self) -> str:
        return self.text


@frozen
class Tag:
    """A cell with a coloured word; exported as its text."""

    text: str
    colour: str = "grey"

    def __html__(self) -> str:
        return Markup('<strong class="govuk-tag govuk-tag--{}">{}</strong>').format(self.colour, self.text)

    def __str__(self) -> str:
        return self.text


@frozen
class TableView:
    """What of a list is to be shown, read from the query; unknown columns and broken numbers fall back to the default."""

    path: str
    columns: Sequence[Column]
    sort: str
    descending: bool
    page: int
    filters: Mapping[str, str]
    export: str = ""
    total: int = 0
    default: str = ""
    limit: int = field(default=PER_PAGE)

    @classmethod
    def read(
        cls, query: QueryParams | Mapping[str, str], *, path: str, columns: Sequence[Column], default: str, filters: Sequence[str] = ()
    ) -> "TableView":
        """The view that a query asks for; `default` is a column's key, with "-" in front for downwards."""
        sortable = {column.key for column in columns if column.sort}
        asked = query.get("sort", "")
        chosen = asked if asked.removeprefix("-") in sortable else default
        kept = {name: " ".join(query.get(name, "").replace("\0", "").split())[:_MAX_FILTER] for name in filters}
        export = query.get("export", "")
        return cls(
            path=path,
            columns=columns,
            sort=chosen.removeprefix("-"),
            descending=chosen.startswith("-"),
            page=page_number(query.get("page", "")),
            filters=kept,
            export=export if export in {"csv", "xlsx"} else "",
            default=default,
        )

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit

    @property
    def is_filtered(self) -> bool:
        return any(self.filters.values())

    def without(self, *keys: str) -> "TableView":
        """The view with columns left out of the page; files keep them."""
        return replace(self, columns=[replace(one, export_only=one.export_only or one.key in keys) for one in self.columns])

    @property
    def shown(self) -> list[Column]:
        return [column for column in self.columns if not column.export_only]

    def order_by(self, expressions: Mapping[str, str], tie: str = "") -> str:
        """An ORDER BY list of the expressions that the page names for its columns; `tie` makes the order a full one."""
        order = f"{expressions[self.sort]} {'DESC' if self.descending else 'ASC'}"
        return f"{order}, {tie}" if tie else order

    def of(self, total: int) -> "TableView":
        """The view, told how many rows there are in all."""
        return replace(self, total=total)

    def on(self, page: int) -> "TableView":
        """The view of another page."""
        return replace(self, page=page)

    @property
    def pager(self) -> Pager:
        return Pager(self.page, self.total, lambda number: self.link(page=number), self.limit).within()

    def link(self, *, sort: str | None = None, page: int = 1, export: str = "") -> str:
        """The address of this list with something changed."""
        order = sort if sort is not None else ("-" if self.descending else "") + self.sort
        pairs = [(name, value) for name, value in self.filters.items() if value]
        pairs += [("sort", order)] if order != self.default else []
        pairs += [("page", str(page))] if page > 1 else []
        pairs += [("export", export)] if export else []
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def sort_link(self, column: Column) -> str:
        """The address that a column's heading leads to: its order, or the reverse of the present one."""
        return self.link(sort=f"-{column.key}" if column.key == self.sort and not self.descending else column.key)

    def aria_sort(self, column: Column) -> str:
        if column.key != self.sort:
            return "none"
        return "descending" if self.descending else "ascending"


class _Counted(Protocol):
    @property
    def total(self) -> int: ...


Found = TypeVar("Found", bound="_Counted | tuple[Any, int]")


async def nearest_page(view: TableView, read: Callable[..., Awaitable[Found]]) -> tuple[TableView, Found]:
    """The rows that a view shows, and the view with their total; past the end it shows the last page. A file gets all rows.

    `read` takes `limit` and `offset` and gives rows and their total, which may be 0 for want of rows on its page. Only a page past
    the end is read again.
    """
    if view.export:
        found = await read()
        return view.of(_total(found)), found
    found = await read(limit=view.limit, offset=view.offset)
    if view.page > 1 and view.offset >= _total(found):
        total = _total(found) or _total(await read(limit=1, offset=0))
        view = view.on(view.of(total).pager.page)
        found = await read(limit=view.limit, offset=view.offset)
    return view.of(_total(found)), found


def _total(found: "_Counted | tuple[Any, int]") -> int:
    return found[1] if isinstance(found, tuple) else found.total


def cell(value: object) -> Markup:
    """A value in a table: links and tags as such, a date in words, everything else escaped, nothing as a dash.

    An email address may break before its @, where it must on a phone.
    """
    if value is None or value == "":
        return Markup('<span aria-hidden="true">&ndash;</span><span class="govuk-visually-hidden">none</span>')
    if isinstance(value, date) and not isinstance(value, datetime):
        return Markup('<span class="mars-nowrap">{}</span>').format(day_plain(value))
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return Markup("{}<wbr>@{}").format(*value.split("@"))
    return escape(value)
