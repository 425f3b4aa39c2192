"""What agency leads see and do for their staff: bookings, who is due, the ledger, an inspector's page."""
