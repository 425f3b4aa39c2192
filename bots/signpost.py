"""What is said when nothing else can be: that it did not work, and whom to ring (front_door.md 7.11)."""

from marstraining.conversation.rules import Paragraph, Reply, Span
from marstraining.core.partnership import Partnership

_NUMBERS = ("single_point_of_contact", "freephone", "out_of_hours")


def fault_reply(partnership: Partnership) -> Reply:
    """A reply that needs neither database nor conversation."""
    numbers = [contact for contact in partnership.contacts if contact.code in _NUMBERS]
    return Reply(
        (
            Paragraph((Span("Sorry, something went wrong and I could not answer. Please try again in a minute."),)),
            Paragraph((Span("If a child is in danger now, ring 999.", is_strong=True),)),
            *(Paragraph((Span(f"{contact.label}: "), Span(contact.number, is_strong=True))) for contact in numbers),
        ),
        answer_type="safety_signpost",
        is_urgent=True,
    )
