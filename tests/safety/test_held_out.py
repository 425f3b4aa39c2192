"""The gate on sentences that were written down before it was, and on which nothing was tuned.

The figures are printed, and only the bounds that the service promises are asserted. The file's own hash is, so that a sentence
changed to please the gate is seen.
"""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from marstraining.safety.gate import gate
from marstraining.safety.rules import Level

FILE = Path(__file__).with_name("held_out.json")
HELD_OUT = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_sentences_are_those_that_were_written_first() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest()[:16] == "5074d1b4778a76b9"


def test_four_of_five_disclosures_are_caught_and_few_ordinary_sentences_are(capsys: pytest.CaptureFixture[str]) -> None:
    caught = [text for text in HELD_OUT["disclosures"] if gate(text).level != Level.NONE]
    alarms = [text for text in HELD_OUT["ordinary"] if gate(text).level != Level.NONE]
    shares = len(caught) / len(HELD_OUT["disclosures"]), len(alarms) / len(HELD_OUT["ordinary"])
    with capsys.disabled():
        sys.stdout.write(f"held out: {shares[0]:.1%} caught, {shares[1]:.1%} false alarms" + "\n")
    assert shares[0] >= 0.8
    assert shares[1] <= 0.08
