"""Why a letter did not go, in words for the training team, beside those of the mail server for whoever looks after it."""

import re

from marstraining.core.values import frozen
from marstraining.messages.rules import Stage, is_final

# What post.Fault writes: how far it came, then the server's code, its finer code (RFC 3463) where it gives one, and its words.
_FAULT = re.compile(
    r"(?P<before>.*?)(?P<stage>No connection to the mail server|The (?:sender|recipient|letter) was not accepted): "
    r"(?P<server>(?P<code>\d{3})?[ -]*(?P<finer>[45]\.\d{1,3}\.\d{1,3})?.*)",
    re.DOTALL,
)
_STAGES = {
    "No connection to the mail server": "No connection to the mail server",
    "The sender was not accepted": "The mail server did not accept our own address",
    "The letter was not accepted": "The mail server did not take the letter",
}
# Exchange Online says 5.4.1 "Access denied" of an address that its owner does not have.
_NO_MAILBOX = "No mailbox has this address"
_ADDRESS = {
    "5.1.1": _NO_MAILBOX,
    "5.1.10": _NO_MAILBOX,
    "5.4.1": _NO_MAILBOX,
    "5.1.2": "No mail server answers for what stands after the @",
    "5.1.6": "The owner of this address has moved to another",
    "5.2.1": "The mailbox of this address is switched off",
    "5.2.2": "The mailbox of this address is full",
}


@frozen
class Reason:
    """`words` for anybody, what the mail `server` said, and whether it `refused_address` for good; "" where there is nothing."""

    words: str
    server: str = ""
    refused_address: bool = False


def reason_of(last_error: str) -> Reason:
    """What became of a letter's last try; a reason of our own comes back as it is."""
    found = _FAULT.fullmatch(last_error)
    if found is None:
        return Reason(last_error)
    code = int(found["code"]) if found["code"] else None
    server = found["server"].strip()
    if found["stage"] in _STAGES:
        return Reason(found["before"] + _STAGES[found["stage"]], server)
    if is_final(Stage.RECIPIENT, code):
        return Reason(found["before"] + _ADDRESS.get(found["finer"] or "", "The mail server refused this address"), server, True)
    is_later = code is not None and 400 <= code < 500
    return Reason(found["before"] + ("The mail server asked us to try later" if is_later else "The mail server did not answer"), server)
