"""Questions, ready-made surveys, whom they ask and when, and what was answered."""
