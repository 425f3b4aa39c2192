"""What agencies do for their staff: invitations to confirm, approval, substitutes, and the ledger of absences."""
