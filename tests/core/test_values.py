"""Plain values behave as the standard library's frozen dataclasses do."""

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from marstraining.core.values import frozen


@frozen
class Ours:
    """A value."""

    name: str
    size: int = 3
    marks: list[int] = field(default_factory=list, compare=False)
    secret: str = field(default="hush", repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same by the standard library."""

    name: str
    size: int = 3
    marks: list[int] = field(default_factory=list, compare=False)
    secret: str = field(default="hush", repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_a_value_is_made_printed_and_compared(kind: Any) -> None:
    one = kind("a", marks=[1])
    assert repr(one) == f"{kind.__name__}(name='a', size=3, marks=[1])"
    assert (one.secret, kind("a").marks, kind("a") == one, kind("b") == one, one == "a") == ("hush", [], True, False, False)
    assert len({one, kind("a"), kind("a", 4)}) == 2
    assert kind("a").marks is not kind("a").marks


@BOTH
def test_a_value_cannot_change(kind: Any) -> None:
    one = kind("a")
    with pytest.raises(FrozenInstanceError):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name
    with pytest.raises((AttributeError, TypeError)):
        one.other = 1
    assert one.name == "a"


@BOTH
def test_a_value_refuses_what_it_does_not_take(kind: Any) -> None:
    for wrong in (kind, lambda: kind("a", 1, [], "hush"), lambda: kind("a", colour="red")):
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            wrong()
    with pytest.raises(ValueError, match="too small"):
        kind("a", -1)


@BOTH
def test_a_value_is_known_to_the_library(kind: Any) -> None:
    one = replace(kind("a", marks=[1]), size=5)
    assert asdict(one) == {"name": "a", "size": 5, "marks": [1], "secret": "hush"}
    assert [each.name for each in fields(kind)] == ["name", "size", "marks", "secret"]
    assert copy.copy(one) == pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one  # noqa: S301 - our own
    match one:
        case kind(name, size, marks):
            assert (name, size, marks) == ("a", 5, [1])
        case _:
            raise AssertionError


def test_a_value_without_words_or_fields() -> None:
    @frozen
    class Nothing:
        pass

    assert (Nothing(), repr(Nothing()), Nothing.__doc__) == (
        Nothing(),
        "test_a_value_without_words_or_fields.<locals>.Nothing()",
        "Nothing",
    )
    assert hash(Nothing()) == hash(Nothing())


def test_a_value_that_follows_another() -> None:
    @frozen
    class Longer(Ours):
        more: int = 0

    one = Longer("a", 3, [], 7)
    assert (one.more, one == Longer("a", 3, [], 7), one == Ours("a"), one.name) == (7, True, False, "a")
