"""What the gate makes of a text, what personal details it finds, and which numbers answer now."""

from marstraining.safety.rules.contacts import EMERGENCY, Standing, answering_first, emergency, office, signpost_contacts, standing
from marstraining.safety.rules.gate import Kind, Level, Verdict, judge
from marstraining.safety.rules.personal import Detail, found_details

__all__ = [
    "EMERGENCY",
    "Detail",
    "Kind",
    "Level",
    "Standing",
    "Verdict",
    "answering_first",
    "emergency",
    "found_details",
    "judge",
    "office",
    "signpost_contacts",
    "standing",
]
