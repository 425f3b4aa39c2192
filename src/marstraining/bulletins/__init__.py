"""Subscriptions to courses: "tell me about new dates"."""
