"""Verifying a code that somebody typed or scanned."""

from datetime import datetime, timedelta

from marstraining.certificates.queries import Verified, verified
from marstraining.certificates.rules import VERIFIED_A_MINUTE, read_code
from marstraining.core.clock import today_of
from marstraining.people.actions.limits import check_and_count


async def verify_code(typed: str, *, network: str, now: datetime) -> Verified | None:
    """What a typed code tells, None where it is no code of ours. TooFast over 30 a minute from one network (security.md 5).

    A code that cannot be one is counted too, so that its answer tells no more than that of an unknown one.
    """
    await check_and_count(
        "verify",
        network,
        most=VERIFIED_A_MINUTE,
        within=timedelta(minutes=1),
        sentence="Your network has checked many certificates in the last minute. Wait a minute, then try again.",
        now=now,
    )
    code = read_code(typed)
    return None if code is None else await verified(code, on=today_of(now))
