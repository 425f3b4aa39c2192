"""The year's offer: courses, sessions, training days, venues, trainers."""
