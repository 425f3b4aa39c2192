"""An agency lead's digest: one letter about their staff on a working day's morning, in place of a copy of each letter."""
