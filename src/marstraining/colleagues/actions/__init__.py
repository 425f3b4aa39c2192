"""The verbs of agencies for their staff, each one function and one transaction."""

from marstraining.colleagues.actions.inviting import Choice, Invitable, choose_colleagues, invite_colleagues, settle_invitations
from marstraining.colleagues.actions.ledger import note_absences, restore_entry, waive_entry
from marstraining.colleagues.actions.substituting import substitute

__all__ = [
    "Choice",
    "Invitable",
    "choose_colleagues",
    "invite_colleagues",
    "note_absences",
    "restore_entry",
    "settle_invitations",
    "substitute",
    "waive_entry",
]
