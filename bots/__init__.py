"""Chat channels outside the service: they may import its conversation, and nothing imports them."""
