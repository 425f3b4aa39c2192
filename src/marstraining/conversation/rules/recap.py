"""One line on where a conversation stood, for who comes back to it after a day or more."""

from marstraining.conversation.rules.state import Scene, State

_PLACES = {
    Scene.RESULTS: "you were looking at a list of what I had found",
    Scene.DATES: "I had asked you for a day",
    Scene.TOPICS: "I had asked you which topic you meant",
    Scene.SESSION: "you were looking at a session",
    Scene.CARD: "I had asked you to confirm something, and nothing was done yet",
    Scene.DONE: "you had a booking in front of you",
    Scene.MINE: "you were looking at your bookings",
    Scene.WHICH: "I had asked you which booking you meant",
    Scene.FEEDBACK: "you were looking at what waits for your feedback",
    Scene.MOVE: "you were choosing another date",
    Scene.REASON: "I had asked you why you cancel, and nothing was cancelled yet",
}


def recap_line(state: State) -> str:
    """The line, "" where there is nothing to go on with."""
    place = _PLACES.get(state.scene, "")
    return f"Last time {place}." if place else ""
