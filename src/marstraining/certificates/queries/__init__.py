"""Reads of certificates and accreditations."""

from marstraining.certificates.queries.accreditations import (
    EndingAccreditation,
    HeldAccreditation,
    accreditations_of,
    corrected_accreditations,
    ending_accreditations,
    owed_accreditations,
)
from marstraining.certificates.queries.issued import (
    Issued,
    Verified,
    certificate_by_ref,
    certificates_of,
    certificates_of_session,
    verified,
)
from marstraining.certificates.queries.owed import Owed, attended_in_part, owed, owed_in, owed_to, unfounded

__all__ = [
    "EndingAccreditation",
    "HeldAccreditation",
    "Issued",
    "Owed",
    "Verified",
    "accreditations_of",
    "attended_in_part",
    "certificate_by_ref",
    "certificates_of",
    "certificates_of_session",
    "corrected_accreditations",
    "ending_accreditations",
    "owed",
    "owed_accreditations",
    "owed_in",
    "owed_to",
    "unfounded",
    "verified",
]
