"""What holds a place, as a condition on a booking `b` of a session `s`."""

# An offer holds its place until it lapses, even if the job that lapses it has not run (booking.md, Waiting list 3).
HOLDS = (
    "(b.state IN ('confirmed', 'invited') OR (b.state = 'offered' AND b.offer_expires_at >= ?)"
    " OR (b.state = 'requested' AND s.reserves_while_asked))"
)
