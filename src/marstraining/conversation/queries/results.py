"""What was found, as a list of three at a time with what was understood; and what is offered where nothing was."""

from collections.abc import Sequence
from datetime import date

from marstraining.conversation.queries.numbers import numbers
from marstraining.conversation.queries.sessions import session_items
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import CHOICES, Block, Button, Item, Listing, Paragraph, Reply, Span, line
from marstraining.conversation.rules.pressing import Verb, button, data_of
from marstraining.conversation.rules.saying import day_words, plural
from marstraining.conversation.rules.signpost import signpost_line
from marstraining.conversation.rules.state import State, slots_from_json
from marstraining.conversation.rules.wording import rows_of
from marstraining.core.errors import NotFound
from marstraining.search.queries import current_lexicon, document, documents
from marstraining.search.rules import Document, Family, Intent, Slots
from marstraining.search.understanding.describing import filters_of
from marstraining.search.vocabulary import TYPE_LABELS

SHOWN = 3
# What asks for one thing; one hit of anything else is a short list.
_ONE = frozenset({Intent.FIND_RESOURCE, Intent.NEXT_SESSION, Intent.SESSION_DETAIL})
SESSION = "s:"
_PERSON = button("Talk to a person", Verb.PERSON)


async def show_results(state: State, asker: Asker) -> Reply:
    """Three of what was found, from the state's offset on, with the filters in force, each of which can be taken away."""
    slots = slots_from_json(state.slots)
    filters = await understood(slots)
    if not state.found:
        return await _nothing(state, slots, filters, asker)
    page = state.found[state.offset : state.offset + SHOWN]
    items = await items_of(page, asker)
    left = len(state.found) - state.offset - len(page)
    blocks: list[Block] = [line(_heading(state))]
    if items:
        blocks.append(Listing(tuple(items), first=state.offset + 1))
    buttons = [button(f"Show {min(left, SHOWN)} more", Verb.MORE, state.offset + SHOWN)] if left > 0 else []
    buttons += await _also(state, slots)
    is_one = len(state.found) == 1 and state.intent in _ONE and len(slots.types) <= 1
    return Reply(
        tuple(blocks),
        answer_type="single_result"
        if is_one and not state.dropped
        else "no_results_with_alternatives"
        if state.dropped
        else "list_results",
        filters=filters,
        buttons=rows_of(buttons[:CHOICES]),
        asks_useful=True,
    )


async def items_of(keys: Sequence[str], asker: Asker) -> list[Item]:
    """The entries of a list, in order; what is gone meanwhile or not for the asker is left out."""
    sessions = await session_items([key.removeprefix(SESSION) for key in keys if key.startswith(SESSION)], asker)
    others = await documents([key for key in keys if not key.startswith(SESSION)], viewer=asker.viewer, now=asker.now)
    found: list[Item] = []
    for key in keys:
        if key.startswith(SESSION):
            item = sessions.get(key.removeprefix(SESSION))
        else:
            item = _document_item(others[key]) if key in others else None
        if item is not None:
            found.append(item)
    return found


def _document_item(found: Document) -> Item:
    kind = TYPE_LABELS.get(found.type, found.type)
    lines = [f"{kind} · no date published yet" if found.family is Family.COURSE else kind]
    return Item(Span(found.title, is_strong=True), tuple(lines), button("Choose", Verb.DOCUMENT, found.key))


async def understood(slots: Slots) -> tuple[Button, ...]:
    """The filters in force, each a button that takes it away."""
    topics = (await current_lexicon()).topics
    return tuple(
        Button(chosen.label[:1].upper() + chosen.label[1:], data_of(Verb.UNFILTER, chosen.name)) for chosen in filters_of(slots, topics)
    )


def _heading(state: State) -> str:
    number = len(state.found)
    if state.dropped:
        label = _DROPPED.get(state.dropped, "one of your wishes")
        return f"Nothing fits all of that. Without {label} there {'is one' if number == 1 else f'are {number}'}:"
    if state.intent == Intent.FIND_RESOURCE:
        return "I found this:" if number == 1 else f"I found {plural(number, 'resource')}:"
    noun = "session" if all(key.startswith(SESSION) for key in state.found) else "result"
    return "I found this:" if number == 1 else f"I found {plural(number, noun)}:"


_DROPPED = {
    "has_places": "asking for free places",
    "time": "the time of day",
    "weekday": "the day of the week",
    "venue": "the place",
    "mode": "how you take part",
    "dates": "the dates",
    "audience": "who it is for",
    "type": "the kind",
    "topic": "the topic",
}


async def _also(state: State, slots: Slots) -> list[Button]:
    """What else may have been meant: the meaning of an acronym that was asked for alone, news on the topic."""
    found = []
    if state.word:
        found.append(button(f"What does {state.word} mean?", Verb.TERM, state.word))
    if slots.topic and (label := (await current_lexicon()).topics.get(slots.topic)):
        found.append(button(f"Tell me what is new on {label}"[:60], Verb.FOLLOW, slots.topic))
    return found


async def _nothing(state: State, slots: Slots, filters: tuple[Button, ...], asker: Asker) -> Reply:
    lexicon = await current_lexicon()
    label = lexicon.topics.get(slots.topic, "")
    said = f"I found nothing on {label} that fits." if label else "I found nothing that fits."
    buttons = [button(f"Tell me when there is something on {label}"[:60], Verb.FOLLOW, slots.topic)] if label else []
    if state.word:
        buttons.insert(0, button(f"What does {state.word} mean?", Verb.TERM, state.word))
    buttons += [Button("Look through the whole programme", href="/programme"), _PERSON]
    return Reply(
        (
            line(said),
            line("Take one of your wishes away, or let me tell you when there is something."),
            signpost_line(await numbers(now=asker.now)),
        ),
        answer_type="no_results_with_alternatives",
        filters=filters,
        buttons=rows_of(buttons),
    )


async def show_document(state: State, asker: Asker) -> Reply:
    """One resource, workbook, or course without a date; NotFound where it is gone or not for the asker."""
    found = await document(state.word, viewer=asker.viewer, now=asker.now)
    if found is None:
        raise NotFound
    kind = TYPE_LABELS.get(found.type, found.type)
    blocks: list[Paragraph] = [Paragraph((Span(found.title, is_strong=True),), is_heading=True), line(kind)]
    if found.summary:
        blocks.append(line(found.summary[:300]))
    label = "See the course" if found.family is Family.COURSE else "Open it"
    buttons = [Button(label, href=found.path)]
    if found.topics and (name := (await current_lexicon()).topics.get(found.topics[0])):
        buttons.append(button(f"More on {name}"[:60], Verb.TOPIC, found.topics[0]))
        buttons.append(button(f"Tell me what is new on {name}"[:60], Verb.FOLLOW, found.topics[0]))
    return Reply(tuple(blocks), answer_type="single_result", buttons=rows_of(buttons), edits_previous=True, asks_useful=True)


async def show_topics(state: State, asker: Asker) -> Reply:
    """Up to three distinct topics to choose from, and none of these (front_door.md 2)."""
    topics = (await current_lexicon()).topics
    offered = [button(topics[slug], Verb.TOPIC, slug) for slug in state.choices if slug in topics]
    return Reply(
        (line("Which of these do you mean?"), signpost_line(await numbers(now=asker.now))),
        answer_type="clarify",
        buttons=rows_of((*offered, button("None of these", Verb.FIND, "training"))),
    )


async def show_dates(state: State, _asker: Asker) -> Reply:
    """Two readings of one phrase, such as "next Friday": which is meant (front_door.md 3)."""
    buttons = []
    for choice in state.choices:
        start, end, precision = choice.split("/")
        first = day_words(date.fromisoformat(start))
        label = f"From {first}" if not end else first if start == end else f"{first} to {day_words(date.fromisoformat(end))}"
        buttons.append(button(label, Verb.DATES, start, end, precision))
    return Reply(
        (line("Which day do you mean?"),),
        answer_type="clarify",
        filters=await understood(slots_from_json(state.slots)),
        buttons=rows_of(buttons),
    )


async def show_looking(state: State, _asker: Asker) -> Reply:
    """What to look for, where a button asked for training or resources without saying which."""
    is_training = state.word != "resources"
    told = (
        "Which training? Write a topic, a month or who it is for."
        if is_training
        else "Which resource? Write a topic, such as neglect or online safety."
    )
    next_ones = [Button("All coming training", href="/programme")] if is_training else [Button("All resources", href="/resources")]
    return Reply((line(told),), answer_type="clarify", buttons=rows_of((*next_ones, button("Help", Verb.HELP))))
