"""A snapshot with all that belongs to it."""

from collections.abc import Mapping, Sequence

from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.reports.queries.board_actions import ListedAction, actions_of
from marstraining.reports.queries.meetings import BoardMeeting, meeting_of_report
from marstraining.reports.queries.snapshots import Frozen, snapshot_before, snapshot_of
from marstraining.reports.queries.wordings import Signature, last_written, signature_of, wordings_of
from marstraining.reports.rules import Change, changes


@frozen
class Report:
    """A snapshot, what people wrote, who signed it, and what came out otherwise than in the one before it.

    A paper is held against the last that was signed. `meeting` is the board's whose paper it is, `actions` what it names, `written` up to
    which number its words go.
    """

    frozen: Frozen
    wordings: Mapping[str, str]
    signature: Signature | None
    changed: Sequence[Change] = ()
    meeting: BoardMeeting | None = None
    actions: Sequence[ListedAction] = ()
    written: int = 0


async def report_of(ref: str, *, viewer: Viewer) -> Report | None:
    """The report of that reference, None where there is none that the viewer may read."""
    frozen = await snapshot_of(ref, viewer=viewer)
    if frozen is None:
        return None
    meeting = await meeting_of_report(ref)
    # A draft taken to look ahead was not reported to anybody.
    before = await snapshot_before(frozen, is_signed=meeting is not None)
    changed = changes(before.figures, frozen.figures) if before else ()
    return Report(
        frozen,
        await wordings_of(ref),
        await signature_of(ref),
        changed,
        meeting,
        await actions_of(ref),
        (await last_written(ref)).number,
    )
