"""The verbs of bookings, each one function and one transaction."""

from marstraining.bookings.actions.booking import book_place, join_list, why_no_place
from marstraining.bookings.actions.cancelling import cancel_booking, is_late_now
from marstraining.bookings.actions.desk import (
    NeedsLine,
    NewLearner,
    arrange_needs,
    book_for,
    book_newcomer,
    mark_left,
    move_booking,
    read_needs,
    read_needs_as_trainer,
    release_leaver,
)
from marstraining.bookings.actions.editing import edit_session, import_sessions
from marstraining.bookings.actions.feeds import FeedOwner, feed_owner, has_feed, rotate_feed, stop_feed
from marstraining.bookings.actions.invitations import confirm_invitation, decline_invitation, end_invitation
from marstraining.bookings.actions.keeping import answer_questions, joining_time, keep_place, resend_joining, say_coming, tell_needs
from marstraining.bookings.actions.newcomers import (
    BOOKING,
    Finished,
    Proof,
    Wish,
    WishRow,
    ask_to_book,
    asked_wish,
    finish_booking,
    wish_of,
)
from marstraining.bookings.actions.notes import NotePreview, preview_note, write_to_learners
from marstraining.bookings.actions.offers import accept_offer, answer_standby, choose_standby, offer_now, set_priority, turn_down_offer
from marstraining.bookings.actions.reconciling import compare_places
from marstraining.bookings.actions.reminders import send_joining_again, send_reminders
from marstraining.bookings.actions.requesting import APPROVAL_TOKEN
from marstraining.bookings.actions.retention import erase_what_served
from marstraining.bookings.actions.sessions import (
    DryRun,
    call_off_session,
    change_capacity,
    move_session,
    postpone_session,
    run_online,
    settle_sessions,
    tell_changes,
    who_will_be_told,
)
from marstraining.bookings.actions.steps import Booked
from marstraining.bookings.actions.walk_ins import confirm_walk_in

__all__ = [
    "APPROVAL_TOKEN",
    "BOOKING",
    "Booked",
    "DryRun",
    "FeedOwner",
    "Finished",
    "NeedsLine",
    "NewLearner",
    "NotePreview",
    "Proof",
    "Wish",
    "WishRow",
    "accept_offer",
    "answer_questions",
    "answer_standby",
    "arrange_needs",
    "ask_to_book",
    "asked_wish",
    "book_for",
    "book_newcomer",
    "book_place",
    "call_off_session",
    "cancel_booking",
    "change_capacity",
    "choose_standby",
    "compare_places",
    "confirm_invitation",
    "confirm_walk_in",
    "decline_invitation",
    "edit_session",
    "end_invitation",
    "erase_what_served",
    "feed_owner",
    "finish_booking",
    "has_feed",
    "import_sessions",
    "is_late_now",
    "join_list",
    "joining_time",
    "keep_place",
    "mark_left",
    "move_booking",
    "move_session",
    "offer_now",
    "postpone_session",
    "preview_note",
    "read_needs",
    "read_needs_as_trainer",
    "release_leaver",
    "resend_joining",
    "rotate_feed",
    "run_online",
    "say_coming",
    "send_joining_again",
    "send_reminders",
    "set_priority",
    "settle_sessions",
    "stop_feed",
    "tell_changes",
    "tell_needs",
    "turn_down_offer",
    "who_will_be_told",
    "why_no_place",
    "wish_of",
    "write_to_learners",
]
