"""Pages that show several capabilities; no models, no verbs."""
