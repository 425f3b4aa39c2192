"""Reads about people: who is signed in, who may see whom, agencies and their branches."""

from marstraining.people.queries.agencies import (
    AgencyChoice,
    agency_by_code,
    agency_choices,
    branches_of,
    organisations_of,
    sectors,
)
from marstraining.people.queries.identity import (
    LiveSignIn,
    OpenChallenge,
    asked_address,
    asked_code,
    open_challenge,
    signed_in,
    viewer_by_email,
    viewer_for,
)
from marstraining.people.queries.leads import Lead, leads_of_staff
from marstraining.people.queries.persons import (
    asked_change,
    grants_of,
    notes_of,
    own_record,
    person_id_of,
    person_record,
    positions_of,
    ref_of,
    sign_ins_of,
)
from marstraining.people.queries.scope import Scope, visible_agencies, visible_people
from marstraining.people.queries.telegram import (
    TelegramChat,
    TelegramOffer,
    telegram_chat_of,
    telegram_chats_of,
    telegram_offer,
    viewer_of_chat,
)

__all__ = [
    "AgencyChoice",
    "Lead",
    "LiveSignIn",
    "OpenChallenge",
    "Scope",
    "TelegramChat",
    "TelegramOffer",
    "agency_by_code",
    "agency_choices",
    "asked_address",
    "asked_change",
    "asked_code",
    "branches_of",
    "grants_of",
    "leads_of_staff",
    "notes_of",
    "open_challenge",
    "organisations_of",
    "own_record",
    "person_id_of",
    "person_record",
    "positions_of",
    "ref_of",
    "sectors",
    "sign_ins_of",
    "signed_in",
    "telegram_chat_of",
    "telegram_chats_of",
    "telegram_offer",
    "viewer_by_email",
    "viewer_for",
    "viewer_of_chat",
    "visible_agencies",
    "visible_people",
]
