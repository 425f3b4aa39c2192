"""Attendance reports of Teams and Zoom: bytes in, people with their times out; no database, and nothing heavy is loaded."""
