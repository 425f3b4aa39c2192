"""What the chat says of itself: who it is, what it can do, what it will not, and how it says that it did not understand."""

from collections.abc import Sequence

from marstraining.conversation.rules.exchange import Button, Paragraph, Reply, Span, line
from marstraining.conversation.rules.pressing import Verb, button

INTRODUCTION = (
    "This is an automated chat about safeguarding training. I find courses and resources, book places and tell you what is due. "
    "I cannot take concerns about a child, and I keep no chat text."
)
_EXAMPLES = "Ask in a sentence, such as “neglect training in March for early years” or “7 minute briefing on CSE”."
SHORT_WORDS = "Words that always work: help, back, stop, start again, person, privacy."
MENU: tuple[Button, ...] = (
    button("Find training", Verb.FIND, "training"),
    button("Find a resource", Verb.FIND, "resources"),
    button("My bookings", Verb.MINE),
    button("My record and what is due", Verb.RECORD),
    button("Talk to a person", Verb.PERSON),
)


def welcome_reply(signpost: Paragraph) -> Reply:
    """What stands first: that it is automated, what it does and what it does not, that it keeps no text (front_door.md 6.1)."""
    return Reply((line(INTRODUCTION), signpost, line(_EXAMPLES)), answer_type="help_menu", buttons=rows_of(MENU))


def help_reply(signpost: Paragraph) -> Reply:
    """The same with the words that always work and the list of all that is understood."""
    understood = Paragraph((Span("See "), Span("everything it understands", href="/chat/what-it-understands"), Span(".")))
    return Reply(
        (line(INTRODUCTION), signpost, line(_EXAMPLES), line(SHORT_WORDS), understood), answer_type="help_menu", buttons=rows_of(MENU)
    )


# The first is for who wrote something that made no sense of any kind, the later ones for who goes on; none is said twice running.
_LOST = (
    "I did not understand that. Tell me a topic, such as neglect or online safety, or a date.",
    "I still do not follow. You could write “training in May”, “what have I booked” or “cancel”.",
    "I cannot work this out. The training team can.",
    "That is beyond what I know. Try the name of a course, or ask the training team.",
)


def lost_sentence(rung: int) -> str:
    """The sentence of a rung of the ladder, from 0; the last two take turns, so that it is never the same one twice."""
    return _LOST[rung] if rung < len(_LOST) else _LOST[2 + rung % 2]


BOUNDARIES = {
    "off_topic": "I only know about safeguarding training and resources. I can find a course, book a place or show what is due to you.",
    "personal": "I can only show you your own training. I do not say anything about other people, not even whether they are known here.",
    "abusive": "I will stick to training. If something has gone wrong, a person can help you.",
    "practice": (
        "I cannot advise on a case or on thresholds. Ask your safeguarding lead, or ring the Single Point of Contact. "
        "I can look for guidance and training on the topic."
    ),
    "expired_link": "This link has been used or has run out. Make a new one on your account page.",
    "reminder": "We remind you by email two weeks before each session and the day before, so there is nothing to set.",
    "score": "There is no question open that a number answers. Tell me what you are looking for.",
    "nothing_open": "There is nothing open to say yes to. Tell me what you are looking for.",
    "negated": "All right, I have done nothing.",
    "edited": "I only act on new messages, not on changed ones. Send it again if you would like me to do something.",
    "file": "I cannot open files, pictures or voice messages, and I have not downloaded this one. Please write in a few words.",
    "too_long": "That is longer than I can read. Please ask in one or two sentences, without details of any person.",
    "too_fast": "You are faster than I can answer. Wait a minute, then go on.",
    "busy": "Something went wrong on our side and nothing was changed. Please try again in a minute.",
}


_USUAL = (button("Find training", Verb.FIND, "training"), button("Talk to a person", Verb.PERSON), button("Help", Verb.HELP))
_ACKNOWLEDGING = frozenset({"negated", "reminder"})
_CLARIFYING = frozenset({"score", "edited", "too_long", "too_fast", "busy", "nothing_open"})


def boundary_reply(word: str, signpost: Paragraph, *, buttons: Sequence[Button] = ()) -> Reply:
    """One sentence on what this chat does not do, and what it does instead; with the signpost, as a missed worry may end here."""
    shown = tuple(buttons) or _USUAL
    kind = "acknowledge" if word in _ACKNOWLEDGING else "clarify" if word in _CLARIFYING else "boundary"
    return Reply((line(BOUNDARIES[word]), signpost), answer_type=kind, buttons=rows_of(shown))


def privacy_reply(*, controller: str, email: str, is_telegram: bool) -> Reply:
    """What is kept of a chat and what is not."""
    kept = (
        "I keep where you are in our talk (such as the course you are looking at) for 30 days, and never a sentence you wrote. "
        "Bookings you make are kept like any other booking."
    )
    blocks = [line(kept)]
    if is_telegram:
        blocks.append(
            line("Telegram keeps this chat on its own servers, not encrypted from end to end. You can delete it there at any time.")
        )
    more = Paragraph(
        (
            Span(f"{controller} is responsible. Read "),
            Span("privacy and cookies", href="/privacy"),
            Span(", or ask for your data, a correction or deletion by writing to "),
            Span(email, href=f"mailto:{email}"),
            Span("."),
        )
    )
    return Reply((*blocks, more), answer_type="privacy_notice", buttons=rows_of((button("Help", Verb.HELP),)))


def rows_of(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    """Each button in a row of its own: the labels are sentences, and a phone is narrow."""
    return tuple((one,) for one in buttons)
