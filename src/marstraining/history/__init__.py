"""Who did what, when: one append-only row per action."""
