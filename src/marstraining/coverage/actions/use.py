"""Licensed tools: asking their holders whether they still use them, keeping the answers, flagging those without use."""

from datetime import date, datetime

from marstraining.core.clock import from_wall, today_of
from marstraining.core.db import execute, transaction
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_nonce
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.coverage.queries import refresher_rules
from marstraining.coverage.queries.use import AskedTool, HeldTool, held_tools
from marstraining.coverage.rules import Rule
from marstraining.coverage.use import is_to_be_asked, is_without_use, rule_of_use, use_rules
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import NOT_BEFORE, Letter, Priority, Recipient

PURPOSE = "still-using"


async def ask_about_use(*, now: datetime) -> int:
    """Ask whoever is to be asked whether they still use a tool, and flag or unflag what the rules of today say; how many were asked.

    The worker's job: safe to run twice and in many workers at once, since whoever changes the accreditation writes its letter.
    """
    on = today_of(now)
    rules = await refresher_rules()
    codes = sorted({code for rule in use_rules(rules, on) for code in rule.counts_as})
    asked = 0
    for tool in await held_tools(codes, on=on):
        rule = rule_of_use(rules, tool.holding.codes, on)
        is_flagged = rule is not None and is_without_use(tool.holding, rule, on)
        if is_flagged != tool.holding.is_flagged:
            await _flag(tool, is_flagged=is_flagged, on=on, now=now)
        if rule is not None and is_to_be_asked(tool.holding, rule, on):
            asked += await _ask(tool, rule, on=on, now=now)
    return asked


async def _flag(tool: HeldTool, *, is_flagged: bool, on: date, now: datetime) -> None:
    stood = "NULL" if is_flagged else "NOT NULL"
    async with transaction():
        touched = await execute(
            f"UPDATE record_accreditation SET flagged_on = ? WHERE id = ? AND revision = ? AND flagged_on IS {stood}",
            on if is_flagged else None,
            tool.id,
            tool.revision,
        )
        if touched and is_flagged:
            detail = {"accreditation": tool.id}
            await record("flag_without_use", by=SYSTEM, now=now, subject_kind="person", subject_id=tool.person_id, detail=detail)


async def _ask(tool: HeldTool, rule: Rule, *, on: date, now: datetime) -> int:
    nonce = tool.nonce or new_nonce()
    since = tool.holding.last_use
    async with transaction():
        # Whoever raises the revision writes the letter; a second worker read an older one.
        if not await execute(
            "UPDATE record_accreditation SET asked_on = ?, nonce = ?, revision = revision + 1 WHERE id = ? AND revision = ?",
            on,
            nonce,
            tool.id,
            tool.revision,
        ):
            return 0
        letter = Letter(
            key=f"still-using-{tool.id}-{on:%Y-%m-%d}",
            template="still_using",
            to=Recipient(address=tool.address, name=tool.name, person_id=tool.person_id),
            priority=Priority.REMINDER,
            context={
                "name": tool.name,
                "title": tool.course_title,
                "since": f"{since.day} {since:%B %Y}",
                "has_said_so": tool.holding.used_on is not None,
                "flag_months": rule.flag_months,
                "ref": tool.ref,
            },
            tokens={"use": (PURPOSE, tool.id, nonce)},
            not_before=from_wall(on, NOT_BEFORE),
        )
        await queue_letter(letter, now=now)
    return 1


async def answer_use(tool: AskedTool, *, is_used: bool, by: Viewer, now: datetime) -> None:
    """Keep whether a tool was used lately, as of today, as its holder says or the desk was told; a yes takes the flag away at once.

    Saying the same again on the same day changes nothing, and a no takes back a yes of that day. Refused once the accreditation has
    ended or run out.
    """
    on = today_of(now)
    if not tool.is_current(on):
        raise Refused("This accreditation has ended, so there is nothing to answer any more.", code="ended")
    answer = "yes" if is_used else "no"
    # What a column is set from is what it was before the statement, on both databases.
    kept = (
        "used_before = used_on, used_on = ?, flagged_on = NULL"
        if is_used
        else "used_on = CASE WHEN used_on = ? THEN used_before ELSE used_on END"
    )
    async with transaction():
        changed = await execute(
            f"UPDATE record_accreditation SET answer = ?, answered_on = ?, {kept}, revision = revision + 1 WHERE id = ?"
            " AND ended_on IS NULL AND (answer IS NULL OR answered_on IS NULL OR answer <> ? OR answered_on <> ?)",
            answer,
            on,
            on,
            tool.id,
            answer,
            on,
        )
        if changed:
            detail = {"accreditation": tool.id, "answer": answer}
            await record("answer_use", by=by, now=now, subject_kind="person", subject_id=tool.person_id, detail=detail)
