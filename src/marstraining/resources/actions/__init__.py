"""Verbs of the resource library. Looking at links is the worker's alone and stands in `checking`, which loads what talks to websites."""

from marstraining.resources.actions.counting import keep_writing_uses, write_uses
from marstraining.resources.actions.importing import import_resources
from marstraining.resources.actions.looking_after import bring_back, check_quality, look_again, take_new_address, withdraw_resource
from marstraining.resources.actions.saving import NewFile, draft_of_resource, save_resource

__all__ = [
    "NewFile",
    "bring_back",
    "check_quality",
    "draft_of_resource",
    "import_resources",
    "keep_writing_uses",
    "look_again",
    "save_resource",
    "take_new_address",
    "withdraw_resource",
    "write_uses",
]
