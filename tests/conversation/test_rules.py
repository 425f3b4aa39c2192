"""Buttons' data, states as they are stored, the ladder, the signpost's length: plain values."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.conversation.rules import LONGEST_DATA, Button, Reply, line, plain_lines
from marstraining.conversation.rules.pressing import Press, Verb, data_of, read_press
from marstraining.conversation.rules.signpost import CODES, Number, codes_for, contacts_reply, maybe_reply, signpost_line, urgent_reply
from marstraining.conversation.rules.state import Scene, State, from_json, slots_from_json, slots_to_json, to_json
from marstraining.conversation.rules.wording import lost_sentence
from marstraining.conversation.stories import read_story
from marstraining.core.partnership import load_partnership
from marstraining.safety.rules import Kind, signpost_contacts
from marstraining.search.rules import Slots
from marstraining.uk_dates.rules import DateRange, Precision

NOW = datetime(2026, 3, 9, 10, tzinfo=UTC)
PARTNERSHIP = load_partnership()
NUMBERS = [Number(one, one.contact.checked_on) for one in signpost_contacts(PARTNERSHIP.contacts, CODES, now=NOW)]


@pytest.mark.parametrize(
    ("data", "press"),
    [
        ("h", Press(Verb.HELP)),
        ("b:0123456789", Press(Verb.BOOK, ("0123456789",))),
        ("mt:0123456789:abcdefghjk", Press(Verb.MOVE_TO, ("0123456789", "abcdefghjk"))),
        ("ok:book:0123456789:7", Press(Verb.CONFIRM, ("book", "0123456789", "7"))),
        ("d:2026-03-13:2026-03-13:day", Press(Verb.DATES, ("2026-03-13", "2026-03-13", "day"))),
        ("d:2026-03-13::range", Press(Verb.DATES, ("2026-03-13", "", "range"))),
        ("r:resource:7MB-CSE", Press(Verb.DOCUMENT, ("resource:7MB-CSE",))),
    ],
)
def test_what_a_button_holds_is_read_back(data: str, press: Press) -> None:
    assert read_press(data) == press
    assert data_of(press.verb, *press.parts) == data


@pytest.mark.parametrize(
    "data", ["", "x", "h:1", "b", "b:", "b:short", "b:0123456789:more", "ok:book", "zz:1", "b:012345678i", "h" * 65, "mo:-1", "mo:\u0661"]
)
def test_what_was_never_a_buttons_data_is_not_read(data: str) -> None:
    assert read_press(data) is None


@given(st.text(max_size=80))
def test_any_text_is_a_buttons_data_or_not_without_a_fault(data: str) -> None:
    pressed = read_press(data)
    assert pressed is None or data_of(pressed.verb, *pressed.parts) == data


def test_a_button_holds_either_data_or_a_link_and_never_too_much() -> None:
    for wrong in ({}, {"data": "h", "href": "/help"}, {"data": "x" * (LONGEST_DATA + 1)}):
        with pytest.raises(ValueError, match="a button needs data"):
            Button("Wrong", **wrong)


def test_a_state_comes_back_as_it_was_stored() -> None:
    slots = Slots(topics=("neglect",), dates=DateRange(date(2026, 3, 9), None, Precision.RANGE, words="from now"), has_places=True)
    state = (
        State()
        .to(Scene.RESULTS, intent="find_training", slots=slots_to_json(slots), found=("s:0123456789",))
        .to(Scene.SESSION, ref="0123456789")
    )
    again = from_json(json.loads(json.dumps(to_json(state))))
    assert again == state
    before = again.earlier()
    assert before is not None
    assert slots_from_json(before.slots).dates == DateRange(date(2026, 3, 9), None, Precision.RANGE, words="")
    assert before.earlier() == State(back=())


def test_words_as_they_were_typed_are_no_part_of_a_state() -> None:
    slots = Slots(term="zqxmarker", dates=DateRange(date(2026, 3, 9), None, Precision.RANGE, words="zqxmarker"))
    assert "zqxmarker" not in json.dumps(slots_to_json(slots))


@pytest.mark.parametrize(
    "stored",
    [None, [], "x", {}, {"scene": "gone"}, {"scene": 7}, {"scene": "results", "found": 3}, {"scene": "results", "offset": -1},
     {"scene": "card", "card": True}, {"scene": "results", "slots": [1]}, {"scene": "session", "ref": "x" * 500}],
)  # fmt: skip
def test_a_state_that_does_not_fit_any_more_is_a_beginning_and_no_fault(stored: object) -> None:
    state = from_json(stored)
    assert (state.offset, state.ref, state.found, state.card) == (0, "", (), 0)


def test_the_way_back_is_short_and_leaves_out_what_was_passed_through() -> None:
    state = State()
    for number in range(9):
        state = state.to(Scene.SESSION, ref=f"{number:010}").to(Scene.BOUNDARY).to(Scene.LOST)
    earlier = state.earlier()
    assert earlier is not None
    assert (len(state.back), earlier.scene, earlier.ref) == (4, Scene.SESSION, "0000000008")


def test_the_ladder_never_says_the_same_twice_running() -> None:
    said = [lost_sentence(rung) for rung in range(12)]
    assert [pair for pair in pairwise(said) if pair[0] == pair[1]] == []


@pytest.mark.parametrize(
    "kinds",
    [
        (Kind.CHILD_AT_RISK,),
        (Kind.STAFF_ALLEGATION, Kind.CHILD_AT_RISK),
        (Kind.ADULT_IN_CRISIS,),
        (Kind.CHILD_WRITING, Kind.CHILD_AT_RISK),
    ],
)
def test_the_answer_to_a_worry_begins_with_999_and_has_fewer_than_twelve_lines(kinds: tuple[Kind, ...]) -> None:
    reply = urgent_reply(kinds, NUMBERS, message_id="12")
    lines = list(plain_lines(reply))
    assert "999" in lines[0]
    assert len(lines) < 12
    assert "I have not kept what you wrote" in lines[-1]
    assert (reply.is_urgent, reply.buttons[0][0].data) == (True, "rm:12")
    numbers = {number.code: number.standing.contact.number for number in NUMBERS}
    assert [code for code in codes_for(kinds) if not any(numbers[code] in text for text in lines)] == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (NOW, "01724 296500 (Single Point of Contact, open now)"),
        (datetime(2026, 3, 9, 20, tzinfo=UTC), "01724 296555 (out of hours, an answerphone)"),
    ],
)
def test_the_one_line_names_who_answers_now_and_promises_nobody_where_a_machine_does(now: datetime, said: str) -> None:
    found = [Number(one, one.contact.checked_on) for one in signpost_contacts(PARTNERSHIP.contacts, CODES, now=now)]
    text = "".join(span.text for span in signpost_line(found).spans)
    assert text == f"Worried about a child? Ring 999 if they are in danger now, or {said}. Do not write about it here."


def test_every_number_can_be_tapped() -> None:
    for reply in (
        urgent_reply((Kind.CHILD_AT_RISK,), NUMBERS, message_id=""),
        maybe_reply((Kind.CHILD_AT_RISK,), NUMBERS),
        contacts_reply(NUMBERS, email="a@b.example"),
    ):
        hrefs = [span.href for block in reply.blocks if hasattr(block, "spans") for span in block.spans if span.href.startswith("tel:")]
        assert "tel:999" in hrefs
        assert "tel:01724296500" in hrefs


def test_a_threat_is_answered_by_one_calm_line_and_a_person() -> None:
    reply = maybe_reply((Kind.THREAT,), NUMBERS)
    assert (reply.answer_type, reply.is_urgent) == ("boundary", False)
    assert [button.label for row in reply.buttons for button in row] == ["Talk to a person", "Help"]


def test_a_story_is_read_and_a_line_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("title: One\nwho: asha\n\n> hello\n< help_menu\n# a remark\n* Help\n", encoding="utf-8")
    story = read_story(path)
    assert (story.title, story.value("who"), story.said) == ("One", "asha", ["hello", "[Help]"])
    path.write_text("title: One\n\nhello\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no line of a story"):
        read_story(path)


def test_plain_lines_are_the_words_without_their_form() -> None:
    assert list(plain_lines(Reply((line("One"), line("Two")), "acknowledge"))) == ["One", "Two"]
