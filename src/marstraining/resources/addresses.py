"""Addresses of the web: which ones a resource may lead to, which the service may fetch, and which networks are nobody's but inside."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

LONGEST = 1000
_LONGEST_HOST = 253
PORTS = {"http": 80, "https": 443}
_BAD_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Names that no public name server answers for (RFC 6761, 6762, 8375 and what routers and clouds use within their networks).
_INSIDE_NAMES = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa"})
_IN_TEXT = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
# Everything that is routed on the public internet today; all else that Python calls global has no business here.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_DOCUMENTATION = IPv6Network("3fff::/20")
_COMPATIBLE = IPv6Network("::/96")
# ISATAP writes an IPv4 address after these 32 bits of an interface's half (RFC 5214, 6.1).
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class BadAddressError(ValueError):
    """An address that the service does not fetch, whatever it leads to."""


@frozen
class Address:
    """A web address taken apart: what a request needs. `host` is in lower case, and in ASCII; `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.target}"

    def joined(self, location: str) -> "Address":
        """Where a redirect from here leads; BadAddressError as `read_address` has it."""
        return read_address(urljoin(str(self), location))


def read_address(typed: str) -> Address:
    """Take an address apart. BadAddressError unless it is http or https, on port 80 or 443, without a name and password."""
    if len(typed) > 4 * LONGEST or _BAD_CHARACTERS.search(typed):
        raise BadAddressError("characters")
    try:
        parts = urlsplit(typed)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise BadAddressError("form") from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise BadAddressError("scheme")
    if "@" in parts.netloc:
        raise BadAddressError("credentials")
    if (port or PORTS[scheme]) not in PORTS.values():
        raise BadAddressError("port")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    return Address(scheme, _ascii(host), port or PORTS[scheme], (path if path.startswith("/") else f"/{path}") + query)


def _ascii(host: str) -> str:
    """The host in ASCII: a name whose labels name servers know, which numbers in any notation are too, or an IPv6 address."""
    try:
        if ":" in host:
            return str(IPv6Address(host))
        name = host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise BadAddressError("host") from error
    if len(name) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise BadAddressError("host")
    return name


def check_address(typed: str, *, field: str = "url") -> None:
    """Refuse what a resource may not lead to: not on the web, an address by number, or a name within somebody's network."""
    fault = Refused("Enter a web address in the correct format, like https://www.example.org/page", code="address", field=field)
    if len(typed) > LONGEST:
        raise Refused(f"The web address must be {LONGEST:,} characters or fewer", code="address", field=field)
    try:
        host = read_address(typed).host
    except BadAddressError as error:
        raise fault from error
    labels = host.split(".")
    if ":" in host or len(labels) < 2 or labels[-1][0].isdigit():
        raise fault
    if labels[-1] in _INSIDE_NAMES:
        raise Refused("Enter a web address that people outside your network can open", code="address", field=field)


def addresses_in(text: str) -> list[str]:
    """The web addresses that stand in a text, each once, in their order; what cannot be one is left out."""
    found = [match.rstrip(".,;:!?)*_~") for match in _IN_TEXT.findall(text)]
    return [url for url in dict.fromkeys(found) if _is_fit(url)]


def _is_fit(url: str) -> bool:
    try:
        check_address(url)
    except Refused:
        return False
    return True


def host_of(url: str) -> str:
    """The host of an address that was checked before; "" for none."""
    try:
        return read_address(url).host
    except BadAddressError:
        return ""


def is_public(answer: str) -> bool:
    """Whether an answer of a name server is an address on the public internet, however it is wrapped (security.md 5).

    IPv4 in IPv6 (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) counts as what it leads to; a Teredo address also names its server.
    """
    try:
        address = ip_address(answer.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    wrapped = _wrapped(address)
    if address in _NAT64 or address.ipv4_mapped is not None:
        return all(_is_public_v4(one) for one in wrapped)
    is_outside = address in _GLOBAL_UNICAST and address not in _DOCUMENTATION and address.is_global
    # Python calls 6to4 and Teredo as a whole not global, from one release to the next differently: what they wrap decides.
    is_tunnel = address.sixtofour is not None or address.teredo is not None
    return (is_outside or is_tunnel) and all(_is_public_v4(one) for one in wrapped)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback)


def _wrapped(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses within an IPv6 one."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    number = int(address)
    if address in _NAT64 or address in _COMPATIBLE or address in _LOCAL_NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(IPv4Address(number & 0xFFFFFFFF))
    return [one for one in found if one is not None]
