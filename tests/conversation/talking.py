"""Talking to the chat: what an answer says, and what its buttons hold."""

from collections.abc import Awaitable, Callable

from marstraining.conversation.rules import Reply, all_buttons, plain_lines

Talk = Callable[..., Awaitable[tuple[Reply, ...]]]


def words(replies: tuple[Reply, ...]) -> str:
    return "\n".join(line for reply in replies for line in plain_lines(reply))


def data_of(replies: tuple[Reply, ...], label: str) -> str:
    return next(button.data for button in all_buttons(replies) if button.label.startswith(label))
