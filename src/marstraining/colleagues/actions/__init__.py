"""The verbs of agencies for their staff, each one function and one transaction."""

from marstraining.colleagues.actions.allocating import keep_places, let_places_go, release_allocations
from marstraining.colleagues.actions.approving import approve_booking, decline_booking, settle_requests
from marstraining.colleagues.actions.inviting import Choice, Invitable, choose_colleagues, invite_colleagues, settle_invitations
from marstraining.colleagues.actions.ledger import note_absences, restore_entry, waive_entry
from marstraining.colleagues.actions.substituting import substitute

__all__ = [
    "Choice",
    "Invitable",
    "approve_booking",
    "choose_colleagues",
    "decline_booking",
    "invite_colleagues",
    "keep_places",
    "let_places_go",
    "note_absences",
    "release_allocations",
    "restore_entry",
    "settle_invitations",
    "settle_requests",
    "substitute",
    "waive_entry",
]
