"""Verbs of files that are sent in: noting them, having them scanned, looking into what was found."""

from marstraining.uploads.actions.noting import forget_upload, look_into, note_upload
from marstraining.uploads.actions.reading import check_at_once
from marstraining.uploads.actions.scanning import hold_back_unscanned, scan_waiting_files

__all__ = ["check_at_once", "forget_upload", "hold_back_unscanned", "look_into", "note_upload", "scan_waiting_files"]
