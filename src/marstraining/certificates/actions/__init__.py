"""Verbs of certificates and accreditations."""

from marstraining.certificates.actions.accrediting import (
    end_accreditation,
    end_corrected_accreditations,
    grant_owed_accreditations,
)
from marstraining.certificates.actions.issuing import issue_for_part, issue_owed_certificates, reissue_certificate
from marstraining.certificates.actions.reminding import remind_of_accreditations
from marstraining.certificates.actions.verifying import verify_code
from marstraining.certificates.actions.withdrawing import withdraw_certificate, withdraw_unfounded_certificates

__all__ = [
    "end_accreditation",
    "end_corrected_accreditations",
    "grant_owed_accreditations",
    "issue_for_part",
    "issue_owed_certificates",
    "reissue_certificate",
    "remind_of_accreditations",
    "verify_code",
    "withdraw_certificate",
    "withdraw_unfounded_certificates",
]
