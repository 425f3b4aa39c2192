"""Long lists in pages."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request

from marstraining.core.values import frozen


@frozen
class Pager:
    """One page of a list of `total` rows; `link` makes the address of another page."""

    page: int
    total: int
    link: Callable[[int], str]
    per_page: int = 50

    @classmethod
    def of(cls, request: Request, total: int, per_page: int = 50) -> "Pager":
        """The page that `?page=` asks for, other parameters kept; the nearest one when there is none such."""
        others = [(name, value) for name, value in request.query_params.multi_items() if name not in {"page", "done"} and value]

        def link(number: int) -> str:
            query = urlencode([*others, *([("page", str(number))] if number > 1 else [])])
            return request.url.path + (f"?{query}" if query else "")

        return cls(page_number(request.query_params.get("page", "")), total, link, per_page).within()

    def within(self) -> "Pager":
        return Pager(min(self.page, self.pages), self.total, self.link, self.per_page)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def first(self) -> int:
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        return min(self.offset + self.per_page, self.total)

    @property
    def numbers(self) -> list[int | None]:
        """First, last and neighbouring pages; None where some are left out."""
        wanted = sorted({1, self.pages, *range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)})
        shown: list[int | None] = []
        for number in wanted:
            previous = shown[-1] if shown else None
            if previous is not None and number - previous == 2:
                shown.append(number - 1)
            elif previous is not None and number - previous > 2:
                shown.append(None)
            shown.append(number)
        return shown


def page_number(text: str) -> int:
    """A page number as typed into an address; 1 for anything else."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
