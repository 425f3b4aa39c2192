"""Handing out files: to save, never to be shown by us, since a file may hold anything (security.md 5)."""

from starlette.responses import FileResponse

from marstraining.core import config, files
from marstraining.core.errors import NotFound


def file_response(stored_as: str, name: str, content_type: str, *, is_public: bool) -> FileResponse:
    """A stored file as an attachment that no browser opens as a page of ours; NotFound where there is none (any more)."""
    path = files.path_of(config.current().data_dir, stored_as)
    if not stored_as or not path.is_file():
        raise NotFound
    return FileResponse(
        path,
        media_type=content_type,
        filename=name,
        content_disposition_type="attachment",
        headers={
            "Cache-Control": "no-cache" if is_public else "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
