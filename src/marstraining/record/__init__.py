"""What a person has completed and which accreditations they hold; written from above, read by all."""
