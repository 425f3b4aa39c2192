"""The library as an Atom feed (RFC 4287), last changed first."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from marstraining.resources.queries import ResourceRow
from marstraining.resources.rules import KIND_LABELS, ResourceKind

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
# What stands in for the moment of the last change while nothing is there; a feed must have one.
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
# Characters that no XML document may hold, however written (XML 1.0, 2.2).
_NOT_IN_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])


def atom_feed(found: Iterable[ResourceRow], *, title: str, author: str, address: str, page: str, base_url: str) -> bytes:
    """The feed of some resources: `address` is its own, `page` that of the list it follows."""
    resources = list(found)
    updated = max((row.changed_at for row in resources), default=_NEVER)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">',
        f"<title>{_text(title)}</title>",
        f"<id>{_text(address)}</id>",
        f'<link rel="self" type="application/atom+xml" href={_attribute(address)}/>',
        f'<link rel="alternate" type="text/html" href={_attribute(page)}/>',
        f"<updated>{_moment(updated)}</updated>",
        f"<author><name>{_text(author)}</name></author>",
        *(line for row in resources for line in _entry(row, base_url)),
        "</feed>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _entry(row: ResourceRow, base_url: str) -> list[str]:
    address = f"{base_url}/resources/{row.code}"
    kind = KIND_LABELS[ResourceKind(row.kind)]
    said = f"{kind}. For: {row.audience or 'all practitioners'}."
    summary = f"{said}\n{row.summary}" if row.summary else said
    categories = {row.kind: kind, **dict(row.topics)}
    return [
        "<entry>",
        f"<title>{_text(f'{kind}: {row.title}')}</title>",
        f"<id>{_text(address)}</id>",
        f'<link rel="alternate" type="text/html" href={_attribute(address)}/>',
        f"<published>{_moment(row.added_at)}</published>",
        f"<updated>{_moment(row.changed_at)}</updated>",
        f'<summary type="text">{_text(summary)}</summary>',
        *_categories(categories),
        "</entry>",
    ]


def _categories(categories: Mapping[str, str]) -> list[str]:
    return [f"<category term={_attribute(term)} label={_attribute(label)}/>" for term, label in categories.items()]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _text(value: str) -> str:
    return escape(value.translate(_NOT_IN_XML))


def _attribute(value: str) -> str:
    return quoteattr(value.translate(_NOT_IN_XML))
