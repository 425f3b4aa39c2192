"""References, tokens and codes."""

import hashlib
import re

import pytest

from marstraining.core import tokens

KEY = "k" * 32


def test_a_reference_is_ten_letters_and_digits_that_are_not_misheard() -> None:
    refs = {tokens.new_ref() for _ in range(500)}
    assert len(refs) == 500
    assert [ref for ref in refs if not re.fullmatch("[0-9abcdefghjkmnpqrstvwxyz]{10}", ref)] == []


def test_tokens_and_nonces_are_long_and_never_twice_the_same() -> None:
    made = {tokens.new_token() for _ in range(100)}
    assert (len(made), {len(token) for token in made}) == (100, {43})
    nonces = {tokens.new_nonce() for _ in range(100)}
    assert (len(nonces), {len(nonce) for nonce in nonces}) == (100, {32})


def test_only_the_hash_of_a_token_is_kept() -> None:
    assert tokens.hash_token("a token") == hashlib.sha256(b"a token").hexdigest()


def test_a_derived_token_is_made_again_from_its_row() -> None:
    assert tokens.derive_token(KEY, "leave", 7, "n1") == tokens.derive_token(KEY, "leave", "7", "n1")
    assert re.fullmatch("[A-Za-z0-9_-]{43,}", tokens.derive_token(KEY, "leave", 7, "n1"))


@pytest.mark.parametrize(
    ("key", "purpose", "row", "nonce"),
    [("other" * 8, "leave", 7, "n1"), (KEY, "confirm", 7, "n1"), (KEY, "leave", 8, "n1"), (KEY, "leave", 7, "n2")],
    ids=["key", "purpose", "row", "nonce"],
)
def test_key_purpose_row_and_nonce_each_make_another_token_and_code(key: str, purpose: str, row: int, nonce: str) -> None:
    assert tokens.derive_token(key, purpose, row, nonce) != tokens.derive_token(KEY, "leave", 7, "n1")
    assert tokens.derive_code(key, purpose, row, nonce) != tokens.derive_code(KEY, "leave", 7, "n1")


@pytest.mark.parametrize("digits", [6, 8])
def test_a_code_has_all_its_digits_leading_zeros_included(digits: int) -> None:
    codes = [tokens.derive_code(KEY, "check-in", row, "n", digits) for row in range(300)]
    assert [code for code in codes if not re.fullmatch(rf"[0-9]{{{digits}}}", code)] == []
    assert any(code.startswith("0") for code in codes)


def test_a_code_says_nothing_of_the_token_of_the_same_row() -> None:
    token = tokens.derive_token(KEY, "leave", 7, "n1")
    assert tokens.derive_code(KEY, "leave", 7, "n1") != str(int(token, 16) % 10**8).zfill(8)


@pytest.mark.parametrize(
    ("left", "right", "expected"), [("abc", "abc", True), ("abc", "abd", False), ("abc", "ab", False), ("é", "é", True)]
)
def test_secrets_are_the_same_or_not(left: str, right: str, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    assert tokens.same(left, right) is expected
