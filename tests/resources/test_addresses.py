"""Which addresses may be typed, which networks are public however they are wrapped."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.core.errors import Refused
from marstraining.resources.addresses import BadAddressError, addresses_in, check_address, is_public, read_address

# No server listens on it here: it is looked at.
ANY = "0.0.0.0"  # noqa: S104
INSIDE = (
    "127.0.0.1", "127.8.8.8", ANY, "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.7",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1",
    "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::",
    "2001:0:7f00:1::f7f7:f7f7", "2001:0:808:808::80ff:fffe", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:10.0.0.1", "nonsense", "",
)  # fmt: skip
OUTSIDE = ("8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1")


@pytest.mark.parametrize("answer", INSIDE)
def test_an_address_inside_a_network_is_told_however_it_is_wrapped(answer: str) -> None:
    assert is_public(answer) is False


@pytest.mark.parametrize("answer", OUTSIDE)
def test_an_address_on_the_internet_is_public(answer: str) -> None:
    assert is_public(answer) is True


@given(
    st.ip_addresses(v=4, network="127.0.0.0/8")
    | st.ip_addresses(v=4, network="10.0.0.0/8")
    | st.ip_addresses(v=4, network="192.168.0.0/16")
)
def test_no_wrapping_makes_an_inner_address_public(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        0xFFFF << 32 | number, int(ipaddress.IPv6Address("64:ff9b::")) | number, 0x2002 << 112 | number << 80,
        0x20010000 << 96 | number << 64 | 0xF7F7F7F7, 0x20010000 << 96 | 0x08080808 << 64 | (number ^ 0xFFFFFFFF), number,
        int(ipaddress.IPv6Address("2606:4700::5efe:0:0")) | number,
    ]  # fmt: skip
    assert [str(ipaddress.IPv6Address(one)) for one in wrapped if is_public(str(ipaddress.IPv6Address(one)))] == []


@pytest.mark.parametrize(
    "typed",
    [
        "", "www.example.org", "ftp://example.org/a", "file:///etc/passwd", "javascript:alert(1)", "gopher://example.org",
        "data:text/html,x",
        "https://user:secret@example.org/", "https://example.org:8443/", "http://example.org:22/", "https:///a", "https://exa mple.org",
        "https://example.org\\@evil.org", "http://127.0.0.1/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "https://intranet/", "https://example.org/\r\nX: y", "https://-bad.org/", "https://1.2.3.4/",
        "https://example.org%2f@x/", "http://[fe80::1%25eth0]/",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_public_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Refused, match="Enter a web address in the correct format, like https://") as refused:
        check_address(typed)
    assert refused.value.field == "url"


@pytest.mark.parametrize("typed", ["http://localhost.localdomain.local/", "https://files.internal/x", "https://server.lan/"])
def test_a_name_within_a_network_is_refused_by_what_is_wrong_with_it(typed: str) -> None:
    with pytest.raises(Refused, match="people outside your network can open"):
        check_address(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://www.example.org", "https://www.example.org/"),
        ("HTTP://Example.ORG:80/a b".replace(" ", "%20"), "http://example.org/a%20b"),
        ("https://example.org:80/x", "https://example.org:80/x"),
        ("https://bücher.example/straße?q=ä#teil", "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4"),
        ("https://example.org./", "https://example.org/"),
    ],
)
def test_an_address_is_taken_apart_as_it_is_asked_for(typed: str, read: str) -> None:
    check_address(typed)
    assert str(read_address(typed)) == read


def test_a_redirect_leads_on_from_where_it_stands_and_nowhere_odd() -> None:
    here = read_address("https://example.org/a/b?c")
    assert str(here.joined("../d")) == "https://example.org/d"
    assert str(here.joined("//other.org/e")) == "https://other.org/e"
    for odd in ("file:///etc/passwd", "https://other.org:22/", "//user@other.org/", "https://other.org/\x00"):
        with pytest.raises(BadAddressError):
            here.joined(odd)


def test_addresses_in_a_text_are_found_once_each_without_what_surrounds_them() -> None:
    text = (
        "See [the guide](https://www.nspcc.example/guide) and https://www.nspcc.example/guide, or <http://b.example/x>."
        " Not http://localhost/ and not ftp://c.example; https://d.example/(a)!"
    )
    assert addresses_in(text) == ["https://www.nspcc.example/guide", "http://b.example/x", "https://d.example/(a"]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for typed in (text, f"https://{text}", f"http://example.org/{text}"):
        try:
            address = read_address(typed)
        except BadAddressError:
            continue
        assert str(address).isascii()
        assert (address.scheme, address.port) in {("http", 80), ("https", 443), ("http", 443), ("https", 80)}
