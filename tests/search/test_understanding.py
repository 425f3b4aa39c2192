"""Utterances given, of our own that were tuned on, and of our own that never are: what they ask for."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from marstraining.core.partnership import load_partnership
from marstraining.search.rules import Intent, Understood
from marstraining.search.understanding import understand
from tests.search.lexicons import default_lexicon

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
CALENDAR = load_partnership().calendar


def said(text: str, expecting: str = "") -> Understood:
    return understand(text, now=NOW, lexicon=default_lexicon(), calendar=CALENDAR, expecting=expecting)


@pytest.mark.parametrize(("name", "intent_least", "slots_least"), [("given", 0.95, 0.9), ("tuned", 0.95, 0.9), ("untouched", 0.85, 0.8)])
def test_utterances_are_understood(name: str, intent_least: float, slots_least: float, record_property: Any) -> None:
    rows = [_expected(row) for row in json.loads((DATA / f"utterances_{name}.json").read_text(encoding="utf-8"))["utterances"]]
    # The gate of `safety` decides about those before anything is understood.
    rows = [row for row in rows if not row["intent"].startswith("safety")]
    right = both = wanted = given = 0
    for row in rows:
        understood = said(row["text"], row.get("expecting", ""))
        right += understood.intent == row["intent"] or (understood.intent == "find_any" and row["intent"].startswith("find_"))
        expected, got = _pairs(row["slots"]), _pairs(understood.slots.as_json(), leaving="subscriptions")
        both, wanted, given = both + len(expected & got), wanted + len(expected), given + len(got)
    intent, slots = right / len(rows), 2 * both / (wanted + given)
    figures = f"utterances, {name}: intent {intent:.1%} of {len(rows)}, slot F1 {slots:.3f}"
    record_property("figures", figures)
    print(figures)  # noqa: T201 - the figures are what this test is for
    assert intent >= intent_least
    assert slots >= slots_least


def test_every_injection_row_is_plain_text() -> None:
    rows = [
        row
        for row in json.loads((DATA / "utterances_given.json").read_text(encoding="utf-8"))["utterances"]
        if row["category"] == "injection"
    ]
    assert [(said(row["text"]).intent, said(row["text"]).slots.topic) for row in rows] == [
        (row["expect"]["intent"], row["expect"]["slots"]["topic"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("text", "command"),
    [("help", "help"), ("Menu", "menu"), ("BACK", "back"), ("stop", "stop"), ("start again", "start_again"), ("person", "person"),
     ("Privacy?", "privacy"), ("cancel", "stop"), ("Help!", "help")],
)  # fmt: skip
@pytest.mark.parametrize("expecting", ["", "list", "scale", "confirm"])
def test_bare_words_always_work(text: str, command: str, expecting: str) -> None:
    assert said(text, expecting).command == command


@pytest.mark.parametrize(
    "text", ["don't book", "please do not book me", "I don't want to book it", "dont sign me up", "never book me on that"]
)
def test_what_is_denied_is_never_done(text: str) -> None:
    understood = said(text)
    assert (understood.intent, understood.is_negated) == (Intent.DENY, True)


def test_a_denied_part_does_not_hide_the_rest() -> None:
    assert said("I don't want to cancel, what time does it start").intent == Intent.SESSION_DETAIL


@pytest.mark.parametrize(
    ("text", "expecting", "intent", "ordinal", "score"),
    [
        ("3", "list", Intent.SELECT, 3, None),
        ("3", "scale", Intent.FEEDBACK_ANSWER, None, 3),
        ("10", "scale", Intent.FEEDBACK_ANSWER, None, 10),
        ("the last one", "", Intent.SELECT, -1, None),
        ("8/10", "", Intent.FEEDBACK_ANSWER, None, 8),
    ],
)
def test_numbers_answer_what_is_open(text: str, expecting: str, intent: Intent, ordinal: int | None, score: int | None) -> None:
    understood = said(text, expecting)
    assert (understood.intent, understood.slots.ordinal, understood.slots.score) == (intent, ordinal, score)


def test_small_letters_of_a_verb_are_no_topic() -> None:
    assert (said("send me the link").slots.topic, said("training about send").slots.topic, said("SEND").slots.topic) == ("", "send", "send")
    assert (said("how can we prevent neglect").slots.topics, said("prevent course").slots.topic) == (("neglect",), "prevent")


@pytest.mark.parametrize("text", ["conference", "the case conference", "child protection register", "register"])
def test_words_with_a_case_meaning_are_told(text: str) -> None:
    assert said(text).is_ambiguous_case


def test_a_misspelt_word_is_mended_and_told_and_a_known_one_is_left() -> None:
    understood = said("nelgect trainign")
    assert [(one.typed, one.meant) for one in understood.corrections] == [("nelgect", "neglect"), ("trainign", "training")]
    assert said("neglect training about wellington boots").corrections == ()


def test_filters_are_told_in_words() -> None:
    understood = said("any online neglect training in March for early years staff on a Friday afternoon in Brigg with places left")
    assert [(one.name, one.label) for one in understood.filters] == [
        ("topic", "Neglect"),
        ("audience", "for Early years"),
        ("dates", "9 to 31 March 2026"),
        ("weekday", "Fridays"),
        ("time", "from midday"),
        ("mode", "Online"),
        ("venue", "in Brigg"),
        ("has_places", "with places left"),
    ]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\u202e", "?" * 5000, "a" * 5000, "'" * 300, "1" * 400, "<" * 1000, "NEAR(x y) ^ OR title:*"]
)
def test_any_text_gives_an_answer(text: str) -> None:
    assert said(text).intent in Intent


def _expected(row: dict[str, Any]) -> dict[str, Any]:
    return {"text": row["text"], **row["expect"]} if "expect" in row else row


def _pairs(slots: dict[str, Any], leaving: str = "") -> set[tuple[str, str]]:
    return {(name, json.dumps(value)) for name, value in slots.items() if name != leaving}
