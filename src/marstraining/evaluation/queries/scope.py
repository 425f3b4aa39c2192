"""Whose surveys a viewer runs."""

from marstraining.core.viewer import Viewer
from marstraining.programme.queries.desk import owned_by


def runs(viewer: Viewer) -> tuple[str, tuple[object, ...]]:
    """A condition on courses `c`, and its values: everything for the desk, surveys without a course too; else as courses are owned."""
    return ("1 = 1", ()) if viewer.is_desk else owned_by(viewer)
