"""Marks out of what a meeting or a sign-in sheet reports: sent in, matched to people, looked at, then written into the register."""
