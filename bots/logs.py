"""Logs of the bot: neither its token nor a word that somebody wrote, whatever level is asked for."""

import logging

# These libraries write addresses with the token, or whole messages, at one level or another (front_door.md 4).
_TALKATIVE = ("telegram", "httpx", "httpcore")


class WithoutWords(logging.Filter):
    """Of lines of those libraries only where they come from and what kind of error it was is kept."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, its words replaced where they are not ours; none below a warning."""
        if not record.name.startswith(_TALKATIVE):
            return True
        if record.levelno < logging.WARNING:
            return False
        error = record.exc_info[0] if record.exc_info else None
        record.msg, record.args = f"{record.funcName}: {error.__name__ if error else 'no error'}", ()
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


def quieten() -> None:
    """Put the filter on whatever the logs of this process go to; call it after `core.logs.configure_logs`."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        if not any(isinstance(one, WithoutWords) for one in handler.filters):
            handler.addFilter(WithoutWords())
