"""The database: one way to open it, write to it and move it forward, on SQLite and PostgreSQL alike."""
