"""Pictures of every page of the demo, wide and narrow, to look at."""
