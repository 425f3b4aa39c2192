"""What a conversation shows, read from the slices below."""
