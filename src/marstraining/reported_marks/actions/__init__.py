"""The verbs of reports: keep what they say, settle who somebody is, write the marks, forget."""
