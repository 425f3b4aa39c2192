"""Where the bars at the top of a page lead, by who is looking."""

from collections.abc import Callable, Sequence

from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer


@frozen
class NavItem:
    """A link in a bar; it is shown as the present place on addresses that begin with `href` or one of `also`.

    `roles` are those who find a page there, where not everybody who sees the bar does.
    """

    text: str
    href: str
    also: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()

    def is_here(self, path: str) -> bool:
        return any(path == start or path.startswith(start + "/") for start in (self.href, *self.also))


PUBLIC = (
    NavItem("Find training", "/programme", ("/courses", "/sessions", "/me/programme", "/me/sessions", "/me/courses")),
    NavItem("Resources", "/resources", ("/topics", "/me/resources")),
    NavItem("Search", "/search"),
    NavItem("Calendar", "/calendar"),
    NavItem("My training", "/me", ("/bookings", "/teaching", "/certificates")),
    NavItem("Ask about training", "/chat"),
    NavItem("Help", "/help"),
)
_RUNS_SESSIONS = (Role.DESK, Role.PARTNER_ORGANISER)
_STAFF = (Role.DESK, Role.ADMINISTRATOR)
DESK = (
    NavItem("Today", "/desk", ("/desk/contacts",)),
    NavItem("Sessions", "/desk/sessions", ("/desk/series", "/desk/roll-forward"), roles=_RUNS_SESSIONS),
    NavItem("Courses", "/desk/courses", roles=_RUNS_SESSIONS),
    NavItem("Venues", "/desk/venues", roles=(Role.DESK,)),
    NavItem("Resources", "/desk/resources", roles=(Role.DESK,)),
    NavItem("Lexicon", "/desk/lexicon", roles=(Role.DESK,)),
    NavItem("People", "/desk/people", roles=_STAFF),
    NavItem("Coverage", "/desk/coverage", ("/desk/rules",), roles=(Role.DESK,)),
    NavItem("Feedback", "/desk/evaluation", roles=_RUNS_SESSIONS),
    NavItem("Reports", "/board", roles=_STAFF),
    NavItem("Organisations", "/desk/agencies", roles=_STAFF),
    NavItem("Exports", "/desk/exports", roles=_RUNS_SESSIONS),
    NavItem("Letters", "/desk/letters", roles=_STAFF),
    NavItem("Late and absent", "/desk/ledger", roles=(Role.DESK,)),
    NavItem("History", "/desk/history", roles=_STAFF),
)
AGENCY = (
    NavItem("Your organisation", "/agency"),
    NavItem("Staff", "/agency/staff"),
    NavItem("Bookings", "/agency/bookings", ("/agency/sessions",)),
    NavItem("Who is due", "/agency/due"),
    NavItem("Late and absent", "/agency/ledger"),
    NavItem("Who has done it?", "/agency/check"),
    NavItem("For an inspector", "/agency/inspection"),
)
_DESK_ROLES = (Role.DESK, Role.ADMINISTRATOR, Role.PARTNER_ORGANISER)


def _main_bar(viewer: Viewer) -> Sequence[NavItem]:
    items = list(PUBLIC)
    if viewer.has_any(Role.AGENCY_LEAD):
        items.append(NavItem("Your organisation", "/agency"))
    if viewer.has_any(*_DESK_ROLES):
        items.append(NavItem("Training team", "/desk", ("/board",)))
    elif viewer.has_any(Role.BOARD_READER):
        items.append(NavItem("Board reports", "/board"))
    return items


def _desk_bar(viewer: Viewer) -> Sequence[NavItem]:
    if not viewer.has_any(*_DESK_ROLES):
        return ()
    return [item for item in DESK if not item.roles or viewer.has_any(*item.roles)]


def _agency_bar(viewer: Viewer) -> Sequence[NavItem]:
    return AGENCY if viewer.has_any(Role.AGENCY_LEAD) else ()


_bars: dict[str, Callable[[Viewer], Sequence[NavItem]]] = {"main": _main_bar, "desk": _desk_bar, "agency": _agency_bar}


def use_navigation(
    *, main: Callable[[Viewer], Sequence[NavItem]] | None = None, desk: Callable[[Viewer], Sequence[NavItem]] | None = None
) -> None:
    """Put other links into the bars; called once, by whoever knows every page (`portal`)."""
    _bars["main"] = main or _bars["main"]
    _bars["desk"] = desk or _bars["desk"]


def bar(name: str, viewer: Viewer, path: str) -> list[tuple[NavItem, bool]]:
    """The links of a bar, each with whether it is the present place: the one whose address fits longest."""
    items = _bars[name](viewer)
    here = max((item for item in items if item.is_here(path)), key=lambda item: len(item.href), default=None)
    return [(item, item is here) for item in items]
