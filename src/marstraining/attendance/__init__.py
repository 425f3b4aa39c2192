"""Who was there: marks and their evidence."""
