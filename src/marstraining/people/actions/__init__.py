"""The verbs of people: signing in, accounts and posts, roles, agencies, merging, bringing in."""

from marstraining.people.actions.addresses import ask_address_change, change_email, confirm_address, remove_second_email
from marstraining.people.actions.agencies import add_own_post, close_agency, reopen_agency, save_agency, suggest_agency
from marstraining.people.actions.asking import ask_for_sign_in, mint_sign_in_link
from marstraining.people.actions.bounces import ask_settings_of_bounced
from marstraining.people.actions.confirming import RenewedSignIn, ask_to_confirm, confirm_identity
from marstraining.people.actions.importing import import_agencies, import_people
from marstraining.people.actions.merging import merge_agencies, merge_people
from marstraining.people.actions.persons import (
    FoundPerson,
    add_managed_learner,
    add_note,
    add_person,
    change_name,
    choose_calendar,
    close_account,
    end_position,
    find_or_create_person,
    forget_kept_needs,
    mark_leaver,
    reopen_account,
    start_position,
)
from marstraining.people.actions.roles import end_role, grant_role
from marstraining.people.actions.signing_in import (
    Browser,
    OpenedSignIn,
    end_all_sign_ins,
    end_sign_in,
    forget_sign_in_traces,
    open_sign_in,
    redeem_code,
    redeem_link,
    touch_sign_in,
)
from marstraining.people.actions.telegram import (
    choose_telegram_letters,
    link_telegram,
    make_telegram_token,
    note_chat_gone,
    note_sent_letters,
    part_from_gone_chats,
    unlink_telegram,
)

__all__ = [
    "Browser",
    "FoundPerson",
    "OpenedSignIn",
    "RenewedSignIn",
    "add_managed_learner",
    "add_note",
    "add_own_post",
    "add_person",
    "ask_address_change",
    "ask_for_sign_in",
    "ask_settings_of_bounced",
    "ask_to_confirm",
    "change_email",
    "change_name",
    "choose_calendar",
    "choose_telegram_letters",
    "close_account",
    "close_agency",
    "confirm_address",
    "confirm_identity",
    "end_all_sign_ins",
    "end_position",
    "end_role",
    "end_sign_in",
    "find_or_create_person",
    "forget_kept_needs",
    "forget_sign_in_traces",
    "grant_role",
    "import_agencies",
    "import_people",
    "link_telegram",
    "make_telegram_token",
    "mark_leaver",
    "merge_agencies",
    "merge_people",
    "mint_sign_in_link",
    "note_chat_gone",
    "note_sent_letters",
    "open_sign_in",
    "part_from_gone_chats",
    "redeem_code",
    "redeem_link",
    "remove_second_email",
    "reopen_account",
    "reopen_agency",
    "save_agency",
    "start_position",
    "suggest_agency",
    "touch_sign_in",
    "unlink_telegram",
]
