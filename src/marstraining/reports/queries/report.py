"""A snapshot with all that belongs to it."""

from collections.abc import Mapping, Sequence

from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.reports.queries.snapshots import Frozen, snapshot_before, snapshot_of
from marstraining.reports.queries.wordings import Signature, signature_of, wordings_of
from marstraining.reports.rules import Change, changes


@frozen
class Report:
    """A snapshot, what people wrote, who signed it, and what came out otherwise than in the snapshot before it."""

    frozen: Frozen
    wordings: Mapping[str, str]
    signature: Signature | None
    changed: Sequence[Change] = ()


async def report_of(ref: str, *, viewer: Viewer) -> Report | None:
    """The report of that reference, None where there is none that the viewer may read."""
    frozen = await snapshot_of(ref, viewer=viewer)
    if frozen is None:
        return None
    before = await snapshot_before(frozen)
    changed = changes(before.figures, frozen.figures) if before else ()
    return Report(frozen, await wordings_of(ref), await signature_of(ref), changed)
