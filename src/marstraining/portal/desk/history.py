"""History: everything that was done, and the history of one record; words, names of records and numbers, never what somebody wrote."""

from collections.abc import Mapping
from datetime import date
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import CANCEL_REASONS, NEEDS_REASONS, STATE_WORDS, NeedsReason
from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Link, Pager, TableView, export_response, nearest_page, page, render, roles, viewer_of
from marstraining.core.web.dates import clock_time, day_plain, plural
from marstraining.core.web.pager import page_number
from marstraining.core.web.tables import PER_PAGE
from marstraining.history.actions import record_export
from marstraining.people.rules import ROLE_LABELS
from marstraining.portal.queries.history import Entry, Wanted, actions_and_kinds, entries, subject_of, transitions_of

READS_HISTORY = roles(Role.DESK, Role.ADMINISTRATOR)
KIND_WORDS = {
    "session": "Session",
    "booking": "Booking",
    "person": "Person",
    "agency": "Organisation",
    "course": "Course",
    "venue": "Venue",
    "letter": "Letter",
    "bounced_address": "Bounced address",
    "rule": "Refresher rule",
    "resource": "Resource",
    "library": "The library",
    "instrument": "Survey’s questions",  # noqa: RUF001 - an apostrophe as printed
    "survey": "Survey",
    "report": "Report",
    "meeting": "Board meeting",
    "contact": "Telephone number",
}
# Every action that any verb writes down; the test of this page reads the verbs and misses none.
_ACTION_WORDS = {
    "confirm_number": "Telephone number confirmed",
    "report.frozen": "Figures of a report frozen",
    "report.reworded": "Wording of a report changed",
    "report.signed": "Report signed off",
    "report.reopened": "Signature under a report taken back",
    "report.action_named": "Action put into a report",
    "report.action_dropped": "Action taken out of a report",
    "report.action_done": "Action of a report done",
    "meeting.added": "Board meeting added",
    "meeting.changed": "Board meeting changed",
    "meeting.removed": "Board meeting removed",
    "meeting.paper_taken": "Figures taken for a board meeting",
    "booking.confirmed": "Booked",
    "booking.waiting": "Joined the waiting list",
    "booking.offered": "Offered a place",
    "keep_places": "Kept places for an organisation",
    "let_places_go": "Let kept places go",
    "booking.requested": "Asked for approval",
    "booking.declined": "Did not approve a booking",
    "booking.invited": "Kept a place to be confirmed",
    "booking.substituted": "Gave the place to a colleague",
    "booking.cancelled": "Cancelled a booking",
    "booking.withdrawn": "Left the waiting list",
    "booking.lapsed": "Offer ran out",
    "booking.answer_sooner": "Left less time to answer, since the session starts sooner",
    "booking.coming": "Said they are coming",
    "booking.kept": "Kept their place",
    "booking.answers": "Answered the course's questions",
    "booking.needs": "Told us their needs",
    "booking.needs_read": "Read their needs",
    "booking.needs_arranged": "Noted their access needs",
    "booking.priority": "Moved in the waiting list",
    "booking.standby": "Chose for short notice",
    "booking.turned_down": "Turned an offer down",
    "booking.called_off": "Ended by calling the session off",
    "create_session": "Added a session",
    "edit_session": "Changed a session",
    "publish_session": "Published",
    "delete_draft": "Deleted a draft",
    "create_series": "Added a series",
    "roll_year_forward": "Rolled a year forward",
    "add_training_day": "Added a training day",
    "move_training_day": "Moved a training day",
    "cancel_training_day": "Cancelled a training day",
    "ask_trainer": "Asked a trainer",
    "trainer_accepted": "Accepted to train",
    "trainer_declined": "Declined to train",
    "remove_trainer": "Took a trainer off",
    "invite_people": "Invited people",
    "uninvite": "Took an invitation back",
    "call_off_session": "Called off",
    "postpone_session": "Postponed",
    "move_session": "Moved",
    "make_online": "Run online instead",
    "set_capacity": "Changed the places",
    "decide_to_run": "Decided that it runs",
    "count_heads": "Counted who came",
    "confirm_numbers": "Gave the venue final numbers",
    "write_to_learners": "Wrote to its learners",
    "export": "Downloaded a list",
    "export.scheduled": "Scheduled an export",
    "export.stopped": "Stopped a scheduled export",
    "export_people": "Downloaded the list of people",
    "export_agencies": "Downloaded the list of organisations",
    "import_agencies": "Imported organisations",
    "import_people": "Imported people",
    "import_sessions": "Imported sessions",
    "import_attendance": "Imported attendance",
    "restore": "Restored a backup",
    "backup": "Made a backup",
    "waive_ledger_entry": "Waived an entry of the ledger",
    "restore_ledger_entry": "Took a waiver back",
    "mark_register": "Marked on the register",
    "lock_register": "Locked the register",
    "issue_certificate": "Issued a certificate",
    "reissue_certificate": "Issued a certificate again",
    "withdraw_certificate": "Withdrew a certificate",
    "grant_accreditation": "Granted an accreditation",
    "end_accreditation": "Ended an accreditation",
    "answer_use": "Said whether they still use a tool",
    "flag_without_use": "Flagged a tool as without use",
    "add_external": "Added learning elsewhere",
    "remove_external": "Removed learning elsewhere",
    "confirm_external": "Confirmed learning elsewhere",
    "refuse_external": "Did not count learning elsewhere",
    "seed_lexicon": "Wrote the default lexicon",
    "import_glossary": "Imported a glossary",
    "add_lexicon_entry": "Added a line to the lexicon",
    "change_lexicon_entry": "Changed a line of the lexicon",
    "remove_lexicon_entry": "Took a line out of the lexicon",
    "settle_unknown_word": "Took a word off the list of those nobody understood",
    "seed_rules": "Wrote the default refresher rules",
    "change_rule": "Changed a refresher rule",
    "add_rule": "Added a refresher rule",
    "booking.walked_in": "Entered a walk-in",
    "report.read": "Read meeting reports",
    "report.settled": "Said who somebody in a meeting report is",
    "report.put_back": "Put an entry of a meeting report back",
    "report.written": "Wrote marks from meeting reports",
    "report.forgotten": "Forgot meeting reports",
    "report.columns": "Said what the columns of a list are",
    "report.dropped": "Did without a list that was sent",
    "virus_found": "Found a virus in a file and removed it",
    "look_into_file": "Looked into a file with a virus",
    "enter_walk_in": "Put on the register without a booking",
    "open_check_in": "Opened the check-in",
    "close_check_in": "Closed the check-in",
    "hand_out": "Added a file",
    "take_back": "Took a file back",
    "write_session_report": "Reported on the session",
    "make_survey": "Made a survey",
    "change_survey": "Changed the questions of a survey",
    "assign_survey": "Chose a course’s survey",  # noqa: RUF001 - an apostrophe as printed
    "ask_managers": "Set whether managers are asked",
    "ask_partners": "Asked organisations",
    "give_survey_on_paper": "Gave a survey on paper",
    "enter_paper_forms": "Entered forms from paper",
    "moderate_comment": "Decided about a comment",
    "set_area": "Put a course into an area",
    "end_area": "Took a course out of an area",
    "release_letter": "Released a letter",
    "release_held_letters": "Released all letters on hold",
    "take_back_letter": "Set a letter aside",
    "take_back_held_letters": "Set all letters on hold aside",
    "sign_in": "Signed in",
    "confirm_identity": "Confirmed that it is them",
    "end_sign_in": "Signed out a browser",
    "end_all_sign_ins": "Signed out everywhere",
    "mint_sign_in_link": "Made a sign-in link",
    "create_person": "Added a person",
    "add_managed_learner": "Added a learner without email",
    "change_name": "Changed a name",
    "change_email": "Changed an email address",
    "ask_address_change": "Asked to change their email address",
    "link_telegram": "Connected Telegram",
    "unlink_telegram": "Disconnected Telegram",
    "choose_telegram_letters": "Chose what to get by Telegram",
    "confirm_second_email": "Confirmed a second email address",
    "remove_second_email": "Removed a second email address",
    "forget_kept_needs": "Forgot the needs kept for next time",
    "choose_digest": "Chose how often to hear of their staff",
    "choose_calendar": "Chose how training reaches their calendar",
    "start_position": "Started a post",
    "end_position": "Ended a post",
    "grant_role": "Gave a role",
    "end_role": "Ended a role",
    "send_joining_again": "Sent joining instructions again",
    "ask_setting": "Asked their organisation whether they have left",
    "mark_leaver": "Marked as having left",
    "merge_people": "Merged two records",
    "close_account": "Closed an account",
    "reopen_account": "Made an account active again",
    "add_note": "Wrote a note",
    "clear_bounced_address": "Cleared an address that bounced",
    "resend_letter": "Sent a letter again",
    "resend_failed_letters": "Sent all failed letters again",
    "create_course": "Added a course",
    "edit_course": "Changed a course",
    "save_venue": "Saved a venue",
    "save_agency": "Saved an organisation",
    "merge_agencies": "Merged organisations",
    "close_agency": "Closed an organisation",
    "reopen_agency": "Opened an organisation again",
    "suggest_agency": "Suggested an organisation",
    "create_agency": "Added an organisation",
    "create_resource": "Added a resource",
    "edit_resource": "Changed a resource",
    "new_version": "Added a version of a resource",
    "check_quality": "Checked a resource's quality",
    "withdraw_resource": "Withdrew a resource",
    "bring_back_resource": "Brought a resource back",
    "look_again": "Had links checked again",
    "import_resources": "Imported resources",
    "feed.rotated": "Made a new calendar address",
    "feed.stopped": "Stopped the calendar address",
}
_REASON_WORDS: Mapping[str, str] = {
    **{str(reason): words for reason, words in CANCEL_REASONS.items()},
    **{str(reason): words for reason, words in NEEDS_REASONS.items()},
    NeedsReason.TRAINS: "To prepare the session that they train",
    "swapped": "Swapped for another date",
    "left": "Left their organisation",
    "session": "The whole session",
    "other_date": "Booked on another date",
    "ran_out": "No answer in time",
    "turned_down": "Turned down",
}
_COLUMNS = (
    Column("at", "When", sort=True),
    Column("actor", "Who"),
    Column("action", "What"),
    Column("subject", "About"),
    Column("detail", "Details"),
)
_FILTERS = ("action", "kind", "actor")
_MOST_EXPORTED = 20_000


async def history(request: Request) -> Response:
    """Everything that was done, newest first, narrowed by what, to what and by whom; also as a file."""
    view = TableView.read(request.query_params, path="/desk/history", columns=_COLUMNS, default="-at", filters=_FILTERS)
    wanted = _wanted(view.filters)
    if view.export:
        found, _ = await entries(wanted, limit=_MOST_EXPORTED, offset=0, oldest_first=not view.descending)
        await record_export("history", by=viewer_of(request), now=clock.now(), subject_kind="history", subject_id=None, lines=len(found))
        return export_response(request, view.export, "history", _COLUMNS, [_row(entry) for entry in found])
    view, (found, _) = await nearest_page(view, partial(entries, wanted, oldest_first=not view.descending))
    actions, kinds = await actions_and_kinds()
    return render(
        request,
        "portal_desk/history.html",
        view=view,
        rows=[_row(entry) for entry in found],
        actions=sorted(((action, action_words(action)) for action in actions), key=lambda pair: pair[1].casefold()),
        kinds=[(kind, KIND_WORDS.get(kind, kind.replace("_", " ").capitalize())) for kind in kinds],
    )


async def of_record(request: Request) -> Response:
    """What was done to one record and to the bookings that belong to it; of a booking also every change of its state."""
    kind = request.path_params["kind"]
    subject = await subject_of(kind, request.path_params["key"])
    asked = page_number(request.query_params.get("page", ""))
    found, total = await entries(subject.wanted, limit=PER_PAGE, offset=(asked - 1) * PER_PAGE)
    pager = Pager.of(request, total)
    if pager.page != asked:
        found, _ = await entries(subject.wanted, limit=PER_PAGE, offset=pager.offset)
    changes = await transitions_of(subject.booking_id) if subject.booking_id is not None else []
    return render(
        request,
        "portal_desk/history_of.html",
        kind=KIND_WORDS[kind],
        subject=subject,
        rows=[_row(entry) for entry in found],
        changes=changes,
        state_words=STATE_WORDS | {"": "New"},
        reason_words=_REASON_WORDS,
        role_words={str(role): words for role, words in ROLE_LABELS.items()},
        pager=pager,
    )


def action_words(action: str) -> str:
    """What an action is called."""
    return _ACTION_WORDS.get(action) or action.replace("_", " ").replace(".", " ").capitalize()


def _row(entry: Entry) -> dict[str, object]:
    at = clock.local(entry.at)
    return {
        "at": f"{at.day} {at:%b %Y}, {clock_time(at.time())}",
        "actor": _actor(entry),
        "action": action_words(entry.action),
        "subject": Link(entry.subject, entry.href) if entry.href else KIND_WORDS.get(entry.kind, ""),
        "detail": _detail(entry),
    }


def _actor(entry: Entry) -> str:
    if entry.actor_role == "system":
        return "The service itself"
    label = ROLE_LABELS.get(Role(entry.actor_role), "") if entry.actor_role in tuple(Role) else ""
    if not entry.actor:
        return "Somebody not signed in"
    return f"{entry.actor} ({label.lower()})" if label and entry.actor_role != Role.LEARNER else entry.actor


def _of_meeting(entry: Entry) -> list[str]:
    day = entry.detail.get("meets_on")
    return [f"Meeting of {day_plain(date.fromisoformat(day))}"] if entry.kind == "meeting" and isinstance(day, str) else []


def _detail(entry: Entry) -> str:
    """The details that say something to a reader, in words; numbers of rows are left out."""
    detail = entry.detail
    said = _of_meeting(entry)
    if isinstance(detail.get("fields"), list):
        said.append("Changed: " + ", ".join(str(field).removesuffix("_id").replace("_", " ") for field in detail["fields"]))
    if isinstance(detail.get("days"), int):
        said.append(plural(detail["days"], "training day"))
    if entry.action == "set_capacity":
        said.append("No limit" if detail.get("capacity") is None else plural(int(detail["capacity"]), "place"))
    if isinstance(detail.get("letters"), int):
        said.append(plural(detail["letters"], "letter"))
    if isinstance(detail.get("letters_held"), int):
        said.append(plural(detail["letters_held"], "letter on hold", "letters on hold"))
    if isinstance(detail.get("number"), int):
        said.append(plural(detail["number"], "person", "people"))
    reason = detail.get("reason")
    if isinstance(reason, str) and reason:
        said.append(_REASON_WORDS.get(reason, reason.replace("_", " ").capitalize()))
    if isinstance(detail.get("role"), str):
        said.append(ROLE_LABELS.get(Role(detail["role"]), "") if detail["role"] in tuple(Role) else "")
    if isinstance(detail.get("arrangement"), str):
        said.append(detail["arrangement"].replace("_", " ").capitalize())
    return "; ".join(part for part in said if part)


def _wanted(filters: Mapping[str, str]) -> Wanted:
    return Wanted(action=filters["action"], kind=filters["kind"], actor=filters["actor"])


routes = [
    page("/desk/history", history, who=READS_HISTORY, files=Files.PEOPLE),
    page("/desk/history/{kind}/{key}", of_record, who=READS_HISTORY),
]
