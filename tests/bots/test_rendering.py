"""Replies as messages: whatever a reply holds, Telegram takes it."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.rendering import LONGEST_MESSAGE, MOST_BUTTONS, Outgoing, outgoing, units_of
from marstraining.conversation.rules import Button, Facts, Item, Listing, Paragraph, Reply, Span, heading, line
from tests.bots.fake_telegram import FakeTelegram

BASE = "https://training.example"


def a_reply(*blocks: object, **more: object) -> Reply:
    return Reply(tuple(blocks), answer_type="acknowledge", **more)  # type: ignore[arg-type]  # any block, any field


def labels(message: Outgoing) -> list[list[str]]:
    return [[button.label for button in row] for row in message.rows]


async def taken(messages: Sequence[Outgoing]) -> list[str]:
    """The texts as Telegram shows them, each sent with its keyboard."""
    fake = FakeTelegram()
    for message in messages:
        rows = [
            [{"text": button.label} | ({"callback_data": button.data} if button.data else {"url": button.href}) for button in row]
            for row in message.rows
        ]
        markup = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
        await fake.do_sendMessage({"chat_id": 1, "text": message.html, "parse_mode": "HTML", **markup})
    return [sent.text for sent in fake.messages]


async def test_a_list_a_card_and_lines_read_as_on_the_site() -> None:
    listing = Listing((Item(Span("CP", "/sessions/a"), ("Tue 10 March",), Button("Details", "s:a")), Item(Span("SD"), ("Online",))))
    [message] = outgoing(a_reply(heading("Found"), listing, Facts((("When", "Today"), ("Where", "A & B <x>")))), base_url=BASE)
    assert message.html.splitlines() == [
        "<b>Found</b>",
        "",
        f'1. <b><a href="{BASE}/sessions/a">CP</a></b>',
        "Tue 10 March",
        "",
        "2. <b>SD</b>",
        "Online",
        "",
        "<b>When: </b>Today",
        "<b>Where: </b>A &amp; B &lt;x&gt;",
    ]
    assert labels(message) == [["1. Details"]]
    await taken([message])


def test_what_was_understood_can_be_taken_away() -> None:
    filters = tuple(Button(label, f"x:{label}") for label in ("neglect", "march", "online", "brigg"))
    [message] = outgoing(a_reply(line("Nothing"), filters=filters, buttons=((Button("Help", "h"),),), asks_useful=True), base_url=BASE)
    assert message.html.splitlines()[0] == "Understood: neglect, march, online, brigg"
    assert labels(message) == [["neglect", "march", "online"], ["brigg"], ["Help"], ["Yes, useful", "No, not useful"]]


def test_many_entries_share_rows_by_their_numbers() -> None:
    items = tuple(Item(Span(f"T{number}"), button=Button("Details", f"s:{number}")) for number in range(12))
    [message] = outgoing(a_reply(Listing(items, first=4)), base_url=BASE)
    assert labels(message) == [["4", "5", "6", "7", "8", "9", "10", "11"], ["12", "13", "14", "15"]]


def test_links_are_buttons_on_https_and_lines_on_this_machine() -> None:
    reply = a_reply(line("Go on"), buttons=((Button("My account", href="/me/account"), Button("Help", "h")),))
    [message] = outgoing(reply, base_url=BASE)
    assert [(button.label, button.href) for button in message.rows[0]] == [("My account", f"{BASE}/me/account"), ("Help", "")]
    [local] = outgoing(reply, base_url="http://127.0.0.1:8000")
    assert (labels(local), "My account: http://127.0.0.1:8000/me/account" in local.html) == ([["Help"]], True)


def test_numbers_and_addresses_that_telegram_makes_tappable_itself_are_plain() -> None:
    spans = (
        Span("Ring "),
        Span("01724 296500", "tel:+441724296500", is_strong=True),
        Span("mail", "mailto:a@b.example"),
        Span("x", "tg://x"),
    )
    [message] = outgoing(a_reply(Paragraph(spans)), base_url=BASE)
    assert message.html == "Ring <b>01724 296500</b>mailx"


async def test_what_is_too_long_for_one_message_is_several_and_the_buttons_stand_below_the_last() -> None:
    lines = [line(f"{number}: " + "\U0001f600" * 150) for number in range(40)]
    messages = outgoing(a_reply(*lines, buttons=((Button("Help", "h"),),)), base_url=BASE)
    assert len(messages) > 2
    assert [bool(message.rows) for message in messages] == [False] * (len(messages) - 1) + [True]
    texts = await taken(messages)
    assert "\n".join(texts).count("\U0001f600") == 40 * 150


async def test_one_line_that_is_too_long_is_cut() -> None:
    messages = outgoing(a_reply(line("<&>" * 3000)), base_url=BASE)
    assert "".join(await taken(messages)).count("<&>") >= 2990


async def test_a_reply_without_words_still_says_something() -> None:
    [message] = outgoing(a_reply(buttons=((Button("Help", "h"),),)), base_url=BASE)
    assert await taken([message]) == ["Choose:"]


async def test_more_than_a_hundred_buttons_or_bold_words_are_spread_or_left_out() -> None:
    rows = tuple(tuple(Button("b", f"s:{row}:{place}") for place in range(12)) for row in range(12))
    bold = [Paragraph(tuple(Span("x", is_strong=True) for _ in range(30))) for _ in range(8)]
    messages = outgoing(a_reply(*bold, buttons=rows), base_url=BASE)
    assert sum(len(row) for row in messages[-1].rows) == MOST_BUTTONS
    await taken(messages)


WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
SPANS = st.builds(
    Span, WORDS, st.sampled_from(["", "/sessions/x", "https://a.example/?a=1&b=<2>", "tel:1", 'https://a.example/"x']), st.booleans()
)
BUTTONS = st.builds(Button, WORDS, st.sampled_from(["h", "s:0123456789", "x" * 64]))
BLOCKS = st.one_of(
    st.builds(Paragraph, st.tuples(SPANS, SPANS), st.booleans()),
    st.builds(Listing, st.lists(st.builds(Item, SPANS, st.tuples(WORDS), st.none() | BUTTONS), max_size=8).map(tuple), st.booleans()),
    st.builds(Facts, st.lists(st.tuples(WORDS, WORDS), max_size=4).map(tuple)),
)
REPLIES = st.builds(
    Reply,
    st.lists(BLOCKS, max_size=6).map(tuple),
    st.just("acknowledge"),
    st.lists(BUTTONS, max_size=5).map(tuple),
    st.lists(st.lists(BUTTONS, min_size=1, max_size=12).map(tuple), max_size=4).map(tuple),
    asks_useful=st.booleans(),
)


@pytest.mark.whole
@given(REPLIES)
async def test_telegram_takes_whatever_a_reply_holds(reply: Reply) -> None:
    messages = outgoing(reply, base_url=BASE)
    texts = await taken(messages)
    assert all(0 < units_of(text) <= LONGEST_MESSAGE for text in texts)
    assert all(re.fullmatch(r".{1,64}", button.label) for message in messages for row in message.rows for button in row)


@pytest.mark.parametrize(("text", "units"), [("", 0), ("a", 1), ("ü", 1), ("\U0001f600", 2), ("\ud800", 1)])
def test_telegram_counts_in_utf_16(text: str, units: int) -> None:
    assert units_of(text) == units
