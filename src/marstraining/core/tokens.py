"""Random references, tokens and codes; only hashes of tokens are ever stored."""

import hashlib
import hmac
import secrets

# Crockford's base32 leaves out i, l, o and u, so that a reference read over the phone is not misheard.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
REF_LENGTH = 10


def new_ref() -> str:
    """A reference for addresses: 10 random Crockford base32 characters (50 bits)."""
    return _ref_of(secrets.randbits(5 * REF_LENGTH))


def derive_ref(key: str, purpose: str, value: str) -> str:
    """A reference that is the same for the same value, so that what is sent twice is made once; unguessable like any other."""
    mac = hmac.new(key.encode(), f"{purpose}|{value}".encode(), hashlib.sha256)
    return _ref_of(int.from_bytes(mac.digest()))


def _ref_of(bits: int) -> str:
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(0, 5 * REF_LENGTH, 5))


def new_token() -> str:
    """A 256-bit token, URL-safe."""
    return secrets.token_urlsafe(32)


def new_nonce() -> str:
    """128 random bits that make a derived token unguessable and replaceable."""
    return secrets.token_hex(16)


def hash_token(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def derive_token(key: str, purpose: str, row_id: int | str, nonce: str) -> str:
    """The token of a row, made again whenever its letter is rendered: HMAC-SHA256 over purpose, row and nonce, URL-safe."""
    mac = hmac.new(key.encode(), f"{purpose}|{row_id}|{nonce}".encode(), hashlib.sha256)
    return mac.hexdigest()


def derive_code(key: str, purpose: str, row_id: int | str, nonce: str, digits: int = 8) -> str:
    """A numeric code of a row, as derived tokens are."""
    mac = hmac.new(key.encode(), f"{purpose}|{row_id}|{nonce}|code".encode(), hashlib.sha256)
    return str(int(mac.hexdigest(), 16) % 10**digits).zfill(digits)


def same(left: str, right: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
