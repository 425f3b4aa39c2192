"""The few ways in which a request is turned down; each carries a finished sentence for the person asking."""

from collections.abc import Mapping


class Refused(Exception):  # noqa: N818 - a refusal is an ordinary answer, not a fault
    """What was asked cannot be done; `message` says why and what to do next.

    `code` is a stable word for callers that branch on the kind of refusal ("full", "closed", "clash"); `facts` holds
    plain values a page needs to offer the way on (a ref, a date); `field` names the form field at fault, if one is.
    """

    def __init__(self, message: str, *, code: str = "refused", field: str | None = None, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field
        self.facts: Mapping[str, object] = facts or {}


class NotFound(Exception):  # noqa: N818
    """There is no such thing, or none that the person asking may know of: both answer 404 alike."""


class UnknownLink(NotFound):
    """The same for a link that was sent to somebody by email: most likely a part of it was lost on the way.

    `message` says what else may have become of it, where such a link works once or for a while.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(Exception):  # noqa: N818
    """The person may see the thing but not do this to it; `message` says who may."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooFast(Exception):  # noqa: N818
    """A rate limit was reached; `retry_after` is the number of seconds until it is worth asking again."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
