"""What Telegram sends as an event of the conversation: of private chats alone, and of a person's own doing."""

from telegram import Chat, Message, Update

from marstraining.conversation.rules import Channel, Event, EventKind

# What people may type or choose from the bot's menu, as words that the conversation knows.
COMMANDS = {
    "find": "find training",
    "bookings": "my bookings",
    "news": "what am I told about",
    "feedback": "give feedback",
    "person": "talk to a person",
    "privacy": "privacy",
    "stop": "stop",
    "restart": "start again",
    "help": "help",
}
MENU = (
    ("find", "Find training and resources"),
    ("bookings", "What I have booked"),
    ("news", "What I am told about"),
    ("feedback", "Say how training was, by buttons"),
    ("person", "Talk to a person"),
    ("privacy", "What is kept, and what is not"),
    ("help", "What you can ask, and whom to ring"),
)


def is_private(chat: Chat | None) -> bool:
    return chat is not None and chat.type == Chat.PRIVATE


def event_of(update: Update) -> Event | None:
    """The event of an update from a private chat; None for what nobody did on purpose, such as a pinned message."""
    chat = update.effective_chat
    if chat is None:
        return None
    key, event_id = str(chat.id), str(update.update_id)
    pressed = update.callback_query
    if pressed is not None:
        return Event(Channel.TELEGRAM, key, EventKind.BUTTON, data=pressed.data or "", event_id=event_id)
    message = update.message or update.edited_message
    if message is None:
        return None
    kind = _kind(message)
    if kind is None:
        return None
    text, is_edited, message_id = message.text or message.caption or "", update.edited_message is not None, str(message.message_id)
    if kind is EventKind.TEXT and text.startswith("/") and not is_edited:
        word, _, rest = text[1:].partition(" ")
        command = word.partition("@")[0].casefold()
        if command == "start":
            return Event(Channel.TELEGRAM, key, EventKind.START, data=rest.strip(), event_id=event_id, message_id=message_id)
        text = f"{COMMANDS.get(command, command)} {rest}".strip()
    return Event(
        Channel.TELEGRAM, key, kind, text=text, event_id=event_id, message_id=message_id, is_edited=is_edited
    )  # fmt: skip


def written_in(update: object) -> str:
    """What somebody wrote in an update, of whatever kind: a message, a caption, an edit, a command with its words, a query; "" for none."""
    if not isinstance(update, Update):
        return ""
    if update.inline_query is not None:
        return update.inline_query.query
    # Not the effective message: of a press that is the bot's own.
    message = update.message or update.edited_message
    return (message.text or message.caption or "") if message else ""


def _kind(message: Message) -> EventKind | None:
    if message.text:
        return EventKind.TEXT
    if message.voice or message.video_note or message.audio:
        return EventKind.VOICE
    return EventKind.FILE if message.effective_attachment or message.caption else None
