"""What a look at a link found, and what follows: when it counts as broken, and when to look again."""

from datetime import datetime, timedelta
from enum import StrEnum

from marstraining.core.values import frozen


class LinkState(StrEnum):
    """How a link stands; `failing` is one that went wrong and is tried again before it is called broken."""

    WAITING = "waiting"
    OK = "ok"
    FAILING = "failing"
    BROKEN = "broken"
    UNCHECKED = "unchecked"


class Outcome(StrEnum):
    """What one look found."""

    WORKS = "works"
    MOVED = "moved"
    GONE = "gone"
    ERROR = "error"
    NO_NAME = "no_name"
    NO_ANSWER = "no_answer"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    REDIRECTS = "redirects"
    REFUSED = "refused"
    BUSY = "busy"
    INSIDE = "inside"
    UNFIT = "unfit"


OUTCOME_WORDS = {
    Outcome.WORKS: "It works",
    Outcome.MOVED: "It works, at a new address",
    Outcome.GONE: "The page is not there",
    Outcome.ERROR: "The website has a fault",
    Outcome.NO_NAME: "There is no such website",
    Outcome.NO_ANSWER: "The website does not answer",
    Outcome.TIMEOUT: "The website takes too long",
    Outcome.CERTIFICATE: "The website's security certificate is not valid",
    Outcome.REDIRECTS: "The website sends us round in circles",
    Outcome.REFUSED: "The website does not let our service look",
    Outcome.BUSY: "The website asked our service to come back later",
    Outcome.INSIDE: "It leads into a private network",
    Outcome.UNFIT: "It leads to an address that our service does not open",
}
_WORKING = frozenset({Outcome.WORKS, Outcome.MOVED})
# What tells nothing of whether a reader can open it: a person has to look.
_TELLS_NOTHING = frozenset({Outcome.REFUSED, Outcome.BUSY, Outcome.INSIDE, Outcome.UNFIT})

LOOK_EVERY = timedelta(days=7)
LOOK_AGAIN = timedelta(days=1)
# A website may be away over a weekend's works; a broken link is one that failed on three days.
BROKEN_FAILURES = 3
BROKEN_AFTER = timedelta(days=2)
# Later than this a link that stays broken is looked at as rarely as one that works.
_LONG_BROKEN = timedelta(days=14)
_LATEST = timedelta(days=7)
# What looks are made together find no website at all: then it is our own line that is down.
OUTAGE_HOSTS = 5
AFTER_OUTAGE = timedelta(minutes=15)
CHECKS_KEPT = timedelta(days=400)


@frozen
class Look:
    """One look: what it found, the last status if a website answered at all, and where a lasting redirect ended."""

    outcome: Outcome
    status: int | None = None
    leads_to: str = ""
    retry_after: timedelta | None = None

    @property
    def is_answered(self) -> bool:
        return self.status is not None


@frozen
class Standing:
    """How a link stands after a look, and when to look again."""

    state: LinkState
    failures: int
    failing_since: datetime | None
    check_at: datetime


def outcome_of(status: int) -> Outcome:
    """What a status means that is no redirect. 404 and 410 are gone, 5xx a fault; other refusals may be meant for machines alone."""
    if status < 400:
        return Outcome.WORKS
    if status in {404, 410}:
        return Outcome.GONE
    if status == 429:
        return Outcome.BUSY
    return Outcome.REFUSED if status < 500 else Outcome.ERROR


def standing_after(look: Look, *, failures: int, failing_since: datetime | None, now: datetime) -> Standing:
    """What follows from a look, given how often and since when the ones before failed in a row.

    The first failure is not yet broken: a link is once it has failed on three days, over at least two.
    """
    if look.outcome in _WORKING:
        return Standing(LinkState.OK, 0, None, now + LOOK_EVERY)
    if look.outcome in _TELLS_NOTHING:
        wait = LOOK_EVERY if look.outcome != Outcome.BUSY else min(max(look.retry_after or LOOK_AGAIN, LOOK_AGAIN), _LATEST)
        return Standing(LinkState.UNCHECKED, 0, None, now + wait)
    failures, since = failures + 1, failing_since or now
    is_broken = failures >= BROKEN_FAILURES and now - since >= BROKEN_AFTER
    wait = LOOK_EVERY if now - since >= _LONG_BROKEN else LOOK_AGAIN
    return Standing(LinkState.BROKEN if is_broken else LinkState.FAILING, failures, since, now + wait)


def is_own_outage(looks: dict[str, Look]) -> bool:
    """Whether looks, by host, say more of our own line than of the websites: several hosts, and not one that answered."""
    unreached = {Outcome.NO_NAME, Outcome.NO_ANSWER, Outcome.TIMEOUT}
    return len(looks) >= OUTAGE_HOSTS and all(look.outcome in unreached for look in looks.values())
