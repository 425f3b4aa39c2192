"""What is typed into the programme's filters and into the training team's forms, as plain values."""

from marstraining.programme.forms.desk import (
    DAY_ROWS,
    SERIES_ROWS,
    add_days,
    course_form,
    day_form,
    read_course,
    read_days,
    read_series,
    read_session,
    read_venue,
    rows_shown,
    session_form,
)
from marstraining.programme.forms.filters import FIELDS, ReadFilter, read_date, read_filter

__all__ = [
    "DAY_ROWS",
    "FIELDS",
    "SERIES_ROWS",
    "ReadFilter",
    "add_days",
    "course_form",
    "day_form",
    "read_course",
    "read_date",
    "read_days",
    "read_filter",
    "read_series",
    "read_session",
    "read_venue",
    "rows_shown",
    "session_form",
]
