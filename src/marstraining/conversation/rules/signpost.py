"""Whom to ring: the replies to a worry, and the line that every answer carries which did not understand."""

from collections.abc import Sequence
from datetime import date

from marstraining.conversation.rules.exchange import Paragraph, Reply, Span, line
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.core.values import frozen
from marstraining.safety.rules import Detail, Kind, Level, Standing

FIRST_LINE = "If a child is in danger now, ring 999."
NOT_KEPT = "I have not kept what you wrote, and nobody here has read it."
_DO_NOT_WAIT = "Do not wait for training, and do not send details here. This chat passes nothing on."
_CRISIS = "If you or somebody else is in danger now, ring 999."
_CHILD = "You can talk to somebody now. It is free, and you do not have to say your name."
_THREAT = "I will not answer threats. The people who run this training can be reached during office hours."
_ALLEGATION = (
    "About somebody who works or volunteers with children: ring the Single Point of Contact and ask for the LADO "
    "(the Local Authority Designated Officer, who deals with allegations). Do not ask the person about it yourself."
)
# Which numbers answer which kind of worry, in the order in which they are shown.
_CODES: dict[Kind, tuple[str, ...]] = {
    Kind.CHILD_AT_RISK: ("single_point_of_contact", "freephone", "out_of_hours", "police"),
    Kind.STAFF_ALLEGATION: ("single_point_of_contact", "freephone", "out_of_hours", "police"),
    Kind.ADULT_IN_CRISIS: ("samaritans", "health", "single_point_of_contact"),
    Kind.CHILD_WRITING: ("childline", "freephone", "single_point_of_contact", "out_of_hours"),
    Kind.THREAT: (),
}
CODES = ("emergency", *dict.fromkeys(code for codes in _CODES.values() for code in codes))
SHORT = ("single_point_of_contact", "out_of_hours")


@frozen
class Number:
    """A contact as a reply shows it: whether it answers now, and when somebody last made sure of it."""

    standing: Standing
    checked_on: date | None

    @property
    def code(self) -> str:
        return self.standing.contact.code


def codes_for(kinds: Sequence[Kind]) -> tuple[str, ...]:
    """The codes of the numbers for these kinds, each once; 999 stands in the first line and not among them."""
    return tuple(dict.fromkeys(code for kind in kinds for code in _CODES[kind]))


def urgent_reply(kinds: Sequence[Kind], numbers: Sequence[Number], *, message_id: str, is_kept_back: bool = True) -> Reply:
    """The answer to a worry, under twelve lines: 999 first, who answers now, what this chat does not do (front_door.md 7.2)."""
    is_adult = Kind.ADULT_IN_CRISIS in kinds
    blocks = [_first(_CRISIS if is_adult else FIRST_LINE)]
    if Kind.CHILD_WRITING in kinds:
        blocks.append(line(_CHILD))
    wanted = codes_for(kinds)
    blocks += [number_line(number) for number in answering_first(wanted, numbers)]
    if Kind.STAFF_ALLEGATION in kinds:
        blocks.append(line(_ALLEGATION))
    if not is_adult and Kind.CHILD_WRITING not in kinds:
        blocks.append(line(_DO_NOT_WAIT))
    elif is_adult:
        blocks.append(line("This chat cannot help with this, and it passes nothing on."))
    if is_kept_back:
        blocks.append(line(NOT_KEPT))
    buttons = [button("I was looking for training", Verb.TRAINING)]
    if message_id:
        buttons.insert(0, button("Remove my message from this chat", Verb.REMOVE, message_id))
    return Reply(tuple(blocks), answer_type="safety_signpost", buttons=tuple((one,) for one in buttons), is_urgent=True)


def maybe_reply(kinds: Sequence[Kind], numbers: Sequence[Number]) -> Reply:
    """What stands before the results where a worry may have been meant; for a threat one calm line."""
    if Kind.THREAT in kinds:
        return Reply(
            (line(_THREAT), signpost_line(numbers)),
            answer_type="boundary",
            buttons=((button("Talk to a person", Verb.PERSON), button("Help", Verb.HELP)),),
        )
    return Reply(
        (
            _first(FIRST_LINE),
            *(number_line(number) for number in answering_first(SHORT, numbers)),
            line(f"{_DO_NOT_WAIT} {NOT_KEPT}"),
        ),
        answer_type="safety_signpost_then_results",
        is_urgent=True,
    )


def contacts_reply(numbers: Sequence[Number], *, email: str) -> Reply:
    """All the numbers, for who asked for them: by whether they answer now, with the day of the last check."""
    shown = [line_of for number in numbers if number.code != "emergency" for line_of in (number_line(number, is_dated=True),)]
    return Reply(
        (
            _first(FIRST_LINE),
            *shown[:7],
            line("This chat takes no reports and passes nothing on."),
            Paragraph((Span("About training: "), Span(email, href=f"mailto:{email}"))),
        ),
        answer_type="contact_info",
        buttons=((button("Find training", Verb.FIND, "training"), button("Help", Verb.HELP)),),
    )


def signpost_line(numbers: Sequence[Number]) -> Paragraph:
    """The one line that answers carry which did not understand, and that help begins with."""
    spans = [Span("Worried about a child? Ring "), Span("999", href="tel:999", is_strong=True), Span(" if they are in danger now")]
    office = next((number for number in numbers if number.code == "single_point_of_contact"), None)
    closed = next((number for number in numbers if number.code == "out_of_hours"), None)
    if office is not None:
        # Whoever answers now stands first, so that nobody rings an office that is shut.
        named = closed if office.standing.is_open is False and closed is not None else office
        label = _short(named)
        # In the middle of a sentence; a name keeps its capitals.
        label = label.lower() if label[1:].islower() else label
        spans += [Span(", or "), _tel(named), Span(f" ({label})")]
    return Paragraph((*spans, Span(". Do not write about it here.")))


def answering_first(codes: Sequence[str], numbers: Sequence[Number]) -> list[Number]:
    """The numbers of these codes in this order, what is shut now last."""
    wanted = [number for code in codes for number in numbers if number.code == code]
    return sorted(wanted, key=lambda number: number.standing.is_open is False)


def number_line(number: Number, *, is_dated: bool = False) -> Paragraph:
    """One number: what it is, the number to tap, and whether it answers now."""
    said = number.standing.said
    spans = [Span(f"{number.standing.contact.label}: "), _tel(number), Span(f" ({said})" if said else "")]
    if is_dated:
        spans.append(Span(f" · checked on {_day(number.checked_on)}" if number.checked_on else " · not checked by us yet"))
    return Paragraph(tuple(spans))


def details_line(found: Sequence[Detail]) -> Paragraph:
    """That personal details were seen and are not kept."""
    names = [str(one) for one in found]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return line(f"Your message seems to hold {listed}. I have not kept it. Please leave out details of people: I do not need them.")


def level_word(level: Level) -> str:
    """What a signpost is counted as, by day."""
    return f"signpost_{level.value}"


def _first(text: str) -> Paragraph:
    before, _, after = text.partition("999")
    return Paragraph((Span(before, is_strong=True), Span("999", href="tel:999", is_strong=True), Span(after, is_strong=True)))


def _tel(number: Number) -> Span:
    return Span(number.standing.contact.number, href=number.standing.tel, is_strong=True)


def _short(number: Number) -> str:
    """A number's name in a sentence. That a machine takes the call is part of the name: nobody may be promised a person."""
    standing = number.standing
    name, machine, _ = standing.contact.label.partition(" (")
    if standing.is_answerphone:
        return f"{name}, {standing.contact.label.removeprefix(name).strip(' ()')}" if machine else standing.contact.label
    name = name.partition(",")[0]
    state = {True: "open now", False: "closed at the moment", None: ""}[standing.is_open]
    return f"{name}, {state}" if state else name


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
