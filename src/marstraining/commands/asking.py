"""`ask`: what the chat understands and answers, with nothing stored and nothing done."""

import asyncio
import json
from datetime import datetime

import click

from marstraining.commands.database import opened
from marstraining.commands.terminal import say
from marstraining.conversation.actions import Outcome, respond
from marstraining.conversation.rules import Channel, Event, EventKind, all_buttons, plain_lines
from marstraining.core import clock
from marstraining.core.clock import LONDON
from marstraining.core.config import load_settings
from marstraining.core.errors import Refused
from marstraining.core.viewer import ANYBODY
from marstraining.people.queries import viewer_by_email


def ask(text: str, email: str, at: str, as_json: bool) -> None:  # noqa: FBT001 - the command's flag
    """Print the answer to a sentence in a new conversation, of a person or of nobody, now or at an instant, by London's clock."""
    now = _instant(at) if at else clock.now()
    outcome = asyncio.run(_ask(text, email, now))
    if as_json:
        say(json.dumps(as_plain(outcome), ensure_ascii=False))
        return
    say(f"safety: {outcome.level}   intent: {outcome.intent}   answer: {outcome.answer_type}")
    if outcome.slots:
        say("slots: " + json.dumps(outcome.slots, ensure_ascii=False))
    for reply in outcome.replies:
        say("")
        for line in plain_lines(reply):
            say(line)
        for button in all_buttons([reply]):
            say(f"  [{button.label}]")


def as_plain(outcome: Outcome) -> dict[str, object]:
    """The form that DESIGN.md keeps stable, with the names of the vocabulary."""
    return {
        "safety": str(outcome.level),
        "intent": outcome.intent,
        "slots": outcome.slots,
        "answer_type": outcome.answer_type,
        "replies": ["\n".join(plain_lines(reply)) for reply in outcome.replies],
        "buttons": [button.label for button in all_buttons(outcome.replies)],
    }


async def _ask(text: str, email: str, now: datetime) -> Outcome:
    async with opened(load_settings(need_secret=False)):
        viewer = ANYBODY
        if email:
            found = await viewer_by_email(email)
            if found is None:
                raise Refused(f"Nobody has the address {email}.")
            viewer = found
        return await respond(Event(Channel.COMMAND, "", EventKind.TEXT, text=text, viewer=viewer), now=now)


def _instant(typed: str) -> datetime:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise click.BadParameter(f"--now “{typed}” is not a date and time: write it like 2026-03-09T10:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)
