"""Person, position, agency, role and signing in."""
