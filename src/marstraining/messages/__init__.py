"""Letters to people: the outbox, rendering, delivery."""
