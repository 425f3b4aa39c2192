"""Files that are read at once and not kept: shown to the scanner first."""

import io
from datetime import datetime

from marstraining.core import config
from marstraining.core.errors import Refused
from marstraining.core.scanner import CannotScan, ScannerAway, scan
from marstraining.core.viewer import Viewer
from marstraining.uploads.actions.noting import note_infected
from marstraining.uploads.rules import Purpose

# Somebody waits for the page.
_SECONDS = 20.0


async def check_at_once(data: bytes, file_name: str, purpose: Purpose, *, by: Viewer, now: datetime) -> None:
    """Let a file be read that the scanner finds clean; without a scanner every file is.

    Refused where it holds a virus, of which the training team is told, and where nothing is known of it. Call it outside of
    any transaction.
    """
    url = config.current().scan_url
    if not url:
        return
    try:
        threat = await scan(url, io.BytesIO(data), deadline=_SECONDS)
    except ScannerAway as away:
        raise Refused(
            f"“{file_name}” was not read. Files are checked for viruses first, and the scanner does not answer: try again in a few"
            " minutes.",
            code="scanner",
        ) from away
    except CannotScan as unable:
        raise Refused(
            f"“{file_name}” was not read. Files are checked for viruses first, and the scanner does not take this one:"
            " tell the training team.",
            code="scanner",
        ) from unable
    if threat:
        await note_infected(file_name, purpose, size=len(data), threat=threat, by=by, now=now)
        raise Refused(
            f"“{file_name}” holds a virus ({threat}). It was not read and nothing of it is kept. Do not open it, and tell your IT support.",
            code="infected",
        )
