"""What rules ask of whom, who is due and when, and the learner's record."""
