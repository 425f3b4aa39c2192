"""The gate on the sentences it was tuned on, on the words of the programme, and on what is no sentence at all."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.core import paths
from marstraining.programme.topics import topic_of
from marstraining.safety import gate as gate_module
from marstraining.safety.gate import FAILED, gate
from marstraining.safety.phrases import sections, words_of
from marstraining.safety.rules import Kind, Level, Verdict, judge

HERE = Path(__file__).parent
TUNED = json.loads((HERE / "tuned.json").read_text(encoding="utf-8"))
REFERENCE = Path(paths.__file__).parents[1] / "demo" / "reference"
FRAMES = (
    "{}",
    "{} training",
    "anything on {} in March",
    "{} for early years staff",
    "what is {}",
    "7 minute briefing on {}",
    "book me on {}",
)
WORRIES = [(level, kind, text) for level in ("urgent", "maybe") for kind, texts in TUNED[level].items() for text in texts]


@pytest.mark.parametrize(("level", "kind", "text"), WORRIES, ids=[text[:40] for _, _, text in WORRIES])
def test_a_worry_is_caught_with_its_kind(level: str, kind: str, text: str) -> None:
    verdict = gate(text)
    assert (verdict.level, Kind(kind) in verdict.kinds) == (Level(level), True)


@pytest.mark.parametrize("text", TUNED["none"], ids=lambda text: text[:40])
def test_a_question_about_training_passes(text: str) -> None:
    assert gate(text) == Verdict(Level.NONE)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("stop telling me about neglect", Level.NONE),
        ("please stop telling me about domestic abuse", Level.NONE),
        ("stop telling me about the neglect of my brother", Level.URGENT),
        ("she said stop telling me about the neglect", Level.MAYBE),
    ],
)
def test_who_asks_to_stop_news_tells_of_nobody_by_that(text: str, level: Level) -> None:
    assert gate(text).level == level


@pytest.mark.parametrize("text", TUNED["caught"], ids=lambda text: text[:40])
def test_a_worry_is_caught_as_one_of_the_two_levels(text: str) -> None:
    assert gate(text).level in (Level.MAYBE, Level.URGENT)


def test_the_known_faults_are_still_those() -> None:
    assert [text for text in TUNED["missed"] if gate(text).level != Level.NONE] == []
    assert [text for text in TUNED["false_alarms"] if gate(text).level == Level.NONE] == []


def _names() -> Iterator[str]:
    with (REFERENCE / "courses.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["title"]
            yield from (topic.strip() for topic in row["topics"].split(";") if topic.strip())
    yield from (topic_of(label)[1] for label in ("CSE", "FGM", "HBA", "CPVA", "TRA", "disclosure", "Prevent", "injuries_non_mobile"))


@pytest.mark.parametrize("frame", FRAMES)
def test_the_programmes_own_words_never_sound_like_a_worry(frame: str) -> None:
    assert [text for name in sorted(set(_names())) if gate(text := frame.format(name)).level != Level.NONE] == []


@pytest.mark.parametrize(
    "text",
    [
        "My stepdad HITS me!!!",
        "my stepdad hits\u200b me",
        "my\nstepdad\thits\nme",
        "“My step-dad” hits me…",
        "my stepdad hits me".translate({letter: letter + 0xFEE0 for letter in range(ord("a"), ord("z") + 1)}),
        "my step\u00addad hits me",
    ],
)
def test_how_it_is_written_makes_no_difference(text: str) -> None:
    assert gate(text).kinds[0] == Kind.CHILD_WRITING


def test_a_slip_of_one_letter_in_a_grave_word_is_mended_and_a_changed_letter_is_not() -> None:
    assert gate("her boyfriend straangled her and the baby saw").level == Level.URGENT
    assert gate("straangled by him").level == Level.MAYBE
    assert gate("he slipped").level == Level.NONE


def test_nothing_at_all_and_the_longest_paste_are_judged() -> None:
    assert gate("") == gate(" \u202e\x00 ") == Verdict(Level.NONE)
    assert gate("x " * 200_000).level == Level.NONE


def test_a_fault_of_the_gate_ends_in_the_signpost_and_its_text_is_not_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(text: str) -> Verdict:
        raise RuntimeError(text)

    monkeypatch.setattr(gate_module, "judge", broken)
    assert gate("zqxmarker") == FAILED
    said = capsys.readouterr()
    assert "zqxmarker" not in said.out + said.err


def test_every_phrase_is_written_as_words_are_read() -> None:
    # A phrase with a capital, an apostrophe or a hyphen could never be found.
    wrong = [
        phrase
        for phrases in sections().values()
        for phrase in phrases
        for part in phrase
        if part != "~" and words_of(part.rstrip("*")) != [part.rstrip("*")]
    ]
    assert wrong == []


@given(st.text(max_size=300))
def test_any_text_is_judged_without_a_fault(text: str) -> None:
    assert judge(text).level in tuple(Level)
