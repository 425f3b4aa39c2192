"""Feedback by buttons: what waits for an answer, one question after the other, and the card before it is sent.

Everything that was pressed so far stands in the buttons themselves and nowhere else, so that nothing here is joined to a person.
"""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Button, Channel, Item, Listing, Paragraph, Reply, Span, heading, line
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.conversation.rules.saying import day_words, plural
from marstraining.conversation.rules.state import State
from marstraining.conversation.rules.wording import rows_of
from marstraining.core.clock import local
from marstraining.core.errors import NotFound
from marstraining.evaluation.queries.invited import OwnInvitation, Waiting, own_invitation, surveys_to_answer
from marstraining.evaluation.rules.asking import Mode
from marstraining.evaluation.rules.steps import (
    SKIPPED,
    Half,
    Step,
    before,
    ended,
    fields_of,
    fits_buttons,
    has_more,
    read_code,
    settled,
    steps_of,
    symbol,
)

_FIND = button("Find training", Verb.FIND, "training")
_HELP = button("Help", Verb.HELP)
_FIRST_ROW = 6
# The same as on the form (templates/evaluation/form.html).
_MODES = {
    Mode.ANONYMOUS: "Your answers are anonymous. We note that you have answered, and nothing joins that to what you press.",
    Mode.CONFIDENTIAL: (
        "Your answers are confidential. What you say in our surveys about this training is kept together by a number, without your name, "
        "and nobody can tell whose number it is once the last of them has closed."
    ),
}
_KEPT = "This chat keeps none of your answers: until you send them they are in the buttons alone."
_TELEGRAM = "Telegram passes on what you press and could see it. If you would rather not, use the form."


async def show_feedback(_state: State, asker: Asker) -> Reply:
    """What somebody was asked and has not answered."""
    waiting = await surveys_to_answer(asker.person_id or 0, now=asker.now)
    if not waiting:
        return Reply(
            (line("There is nothing to give feedback on at the moment. We ask you after a session, once its register is closed."),),
            answer_type="acknowledge",
            buttons=rows_of((_FIND, button("My bookings", Verb.MINE))),
        )
    return Reply(
        (
            heading("Your feedback"),
            line("You answer by pressing numbers. What you would like to write goes on the form."),
            Listing(tuple(_item(one) for one in waiting)),
        ),
        answer_type="feedback_prompt",
        buttons=rows_of((_HELP,)),
    )


def _item(one: Waiting) -> Item:
    held = (day_words(local(one.starts_at).date()),) if one.starts_at else ()
    # It closes at midnight: the day before is the last.
    until = day_words(local(one.closes_at - timedelta(minutes=1)).date())
    return Item(
        Span(one.title, is_strong=True),
        (*held, f"Until {until}, {'confidential' if one.mode is Mode.CONFIDENTIAL else 'anonymous'}"),
        button("Answer", Verb.STEP, one.ref, ""),
    )


async def show_step(ref: str, code: str, asker: Asker) -> Reply:
    """The question after what was pressed so far, or the card before it is sent. NotFound for a survey that was never theirs."""
    own = await own_invitation(ref, asker.person_id) if asker.person_id is not None else None
    if own is None:
        raise NotFound
    survey = own.invited.survey
    if own.invited.used:
        return await thanks_reply(asker, is_new=False)
    if not survey.is_open(asker.now):
        return refused_reply("This survey has closed. Thank you all the same.", "")
    steps = steps_of(survey.sections)
    if not fits_buttons(survey.sections):
        return Reply(
            (line(f"{survey.title}: these questions need the form."),),
            answer_type="feedback_prompt",
            buttons=rows_of((_form_button("Open the form", own, steps, ""), _HELP)),
        )
    if read_code(steps, code) is None:
        raise NotFound
    reached = settled(steps, code)
    return _question(own, steps, reached, asker) if len(reached) < len(steps) else _card(own, steps, reached)


def _question(own: OwnInvitation, steps: Sequence[Step], code: str, asker: Asker) -> Reply:
    survey, step = own.invited.survey, steps[len(code)]
    blocks = [line(f"{survey.title}: question {len(code) + 1} of {len(steps)}")]
    if not code:
        blocks += [line(_MODES[survey.mode]), line(_KEPT), *([line(_TELEGRAM)] if asker.channel is Channel.TELEGRAM else [])]
    blocks += _asked(step, steps, code)
    data = [(label, f"{code}{symbol(place)}") for place, label in enumerate(step.options)]
    presses = tuple(button(label, Verb.STEP, survey.ref, after) for label, after in data)
    rows = (presses[:_FIRST_ROW], presses[_FIRST_ROW:]) if step.is_scale else rows_of(presses)
    return Reply(tuple(blocks), answer_type="feedback_prompt", buttons=(*rows, *_ways_on(own, steps, code)), edits_previous=True)


def _asked(step: Step, steps: Sequence[Step], code: str) -> list[Paragraph]:
    """The question in words, with the ends of its scale; of a grid's second half what the first was."""
    question = step.question
    asked = [heading(question.text)]
    if step.half is not Half.NONE:
        asked.append(Paragraph((Span(question.statements[step.statement], is_strong=True),)))
        then = read_code(steps, code) or {}
        asked.append(line("Before today?" if step.half is Half.THEN else f"And now? Before today you were at {then[len(code) - 1]}."))
    if step.is_scale:
        asked.append(line(f"0 is {_within(question.low_label) or 'the least'}, 10 is {_within(question.high_label) or 'the most'}."))
    elif question.hint:
        asked.append(line(question.hint))
    return asked


def _within(label: str) -> str:
    """A label as it stands within a sentence: "All I need" as "all I need"."""
    return label if label.startswith(("I ", "I\u2019")) else f"{label[:1].lower()}{label[1:]}"


def _ways_on(own: OwnInvitation, steps: Sequence[Step], code: str) -> list[tuple[Button, ...]]:
    """Below the answers: pass over it, go one back, send what there is, or use the form."""
    ref, earlier, step = own.invited.survey.ref, before(steps, code), steps[len(code)]
    row = [button("Skip this line" if step.half else "Skip", Verb.STEP, ref, _skipped(step, code))] if step.can_skip else []
    if earlier is not None:
        row.append(button("One back", Verb.STEP, ref, earlier))
    ways = [tuple(row)] if row else []
    if read_code(steps, code):
        ways.append((button("That is enough", Verb.STEP, ref, ended(steps, code)), button("Stop, send nothing", Verb.DENY, 0)))
    else:
        ways.append((_form_button("Use the form instead", own, steps, ""), button("Not now", Verb.DENY, 0)))
    return ways


def _skipped(step: Step, code: str) -> str:
    """Of a grid's line both halves are skipped: one without the other tells of no change."""
    return f"{code[:-1]}{SKIPPED}{SKIPPED}" if step.half is Half.NOW else f"{code}{SKIPPED}"


def _card(own: OwnInvitation, steps: Sequence[Step], code: str) -> Reply:
    """What would be sent, before it is."""
    survey = own.invited.survey
    items, ref, earlier = _answered(steps, code), survey.ref, before(steps, code)
    change = [button("Change the last one", Verb.STEP, ref, earlier)] if earlier is not None else []
    if not items:
        return Reply(
            (line("You have answered nothing yet, so there is nothing to send."),),
            answer_type="feedback_prompt",
            buttons=rows_of((button("Begin again", Verb.STEP, ref, ""), *change, button("Not now", Verb.DENY, 0))),
            edits_previous=True,
        )
    buttons = [button("Send my answers", Verb.SEND, ref, code)]
    if has_more(survey.sections):
        buttons.append(_form_button("Go on in words, on the form", own, steps, code))
    words = line("Once sent, an answer cannot be changed, since nobody can tell which is yours.")
    return Reply(
        (heading(f"Send {plural(len(items), 'answer')}?"), line(survey.title), Listing(tuple(items), is_numbered=False), words),
        answer_type="feedback_prompt",
        buttons=rows_of((*buttons, *change, button("Do not send", Verb.DENY, 0))),
        edits_previous=True,
    )


def _answered(steps: Sequence[Step], code: str) -> list[Item]:
    places = read_code(steps, code) or {}
    items = []
    for number, place in places.items():
        step = steps[number]
        if step.half is Half.NOW and number - 1 in places:
            items.append(Item(Span(step.question.statements[step.statement]), (f"{places[number - 1]} before today, {place} now",)))
        elif step.half is Half.NONE:
            items.append(Item(Span(step.question.text), (step.options[place],)))
    return items


def _form_button(label: str, own: OwnInvitation, steps: Sequence[Step], code: str) -> Button:
    """The form of their own invitation. What was pressed goes along behind "#", which a browser keeps to itself and sends to nobody."""
    fields = urlencode(fields_of(steps, code))
    return Button(label, href=f"/evaluation/{own.token}{f'#{fields}' if fields else ''}")


async def thanks_reply(asker: Asker, *, is_new: bool) -> Reply:
    """That answers are in, without any of them."""
    more = await surveys_to_answer(asker.person_id or 0, now=asker.now)
    told = "Thank you. Your answers are in." if is_new else "Your answers are in already. Thank you."
    buttons = [button("Other feedback", Verb.FEEDBACK)] if more else []
    return Reply(
        (
            Paragraph((Span(told, is_strong=True),)),
            line("Nobody sees any answers while the survey is open. Then people see what everybody’s come to, if enough have answered."),  # noqa: RUF001 - as printed
        ),
        answer_type="acknowledge",
        buttons=rows_of((*buttons, _FIND, button("My bookings", Verb.MINE))),
        edits_previous=True,
    )


def refused_reply(sentence: str, ref: str) -> Reply:
    """Why nothing was sent."""
    again = [button("Begin again", Verb.STEP, ref, "")] if ref else []
    return Reply((line(sentence),), answer_type="clarify", buttons=rows_of((*again, _FIND, _HELP)), edits_previous=True)
