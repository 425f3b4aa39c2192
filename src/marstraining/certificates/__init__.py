"""Certificates: who is owed one, issuing, withdrawing and verifying; accreditations that expire."""
