"""Reads across capabilities: the programme with its places, and what the training team's pages show."""

from marstraining.portal.queries.programme import (
    CourseLine,
    Listing,
    course_cards,
    course_lines,
    month_cards,
    programme_feed,
    programme_page,
)

__all__ = ["CourseLine", "Listing", "course_cards", "course_lines", "month_cards", "programme_feed", "programme_page"]
