"""Single words that nobody understood: counted without being kept, and kept once three conversations have used them."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta

from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.search.english import is_name

CONVERSATIONS = 3
_LONGEST, _SHORTEST = 40, 3
# A word that was heard once in half a year is nobody's word.
_UNHEARD_LASTS = timedelta(days=180)


async def note_unknown_word(word: str, conversation_key_hash: str, *, now: datetime) -> bool:
    """Note that a conversation used a word that nobody understood; whether it is kept in letters now.

    `conversation_key_hash` is a hash that the same conversation always gives, and that does not lead back to anybody. Only single words
    of letters are noted, never names; until the third conversation the word is kept as a keyed hash alone. Call it for no text that the
    gate of `safety` found anything in. No sentence is taken, and no time of day: the day alone.
    """
    folded = word.casefold().strip()
    if not (_SHORTEST <= len(folded) <= _LONGEST and folded.isalpha()) or is_name(folded):
        return False
    mark, heard_in = _hashed("unknown-word", folded), _hashed("unknown-word-conversation", conversation_key_hash)[:16]
    today = today_of(now)
    async with transaction():
        await execute(
            "INSERT INTO search_unknown_word (word_hash, word, heard_by, first_on, last_on, is_settled, revision)"
            " VALUES (?, '', '[]', ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            mark, today, today, False,
        )  # fmt: skip
        # Takes hold of the row, so that two conversations at once are two.
        await execute("UPDATE search_unknown_word SET last_on = ?, revision = revision + 1 WHERE word_hash = ?", today, mark)
        found = await rows("SELECT id, word, CAST(heard_by AS TEXT) AS heard_by FROM search_unknown_word WHERE word_hash = ?", mark)
        row = found[0]
        if row["word"]:
            return True
        heard = list(dict.fromkeys([*json.loads(row["heard_by"]), heard_in]))
        is_kept = len(heard) >= CONVERSATIONS
        await execute(
            "UPDATE search_unknown_word SET word = ?, heard_by = ? WHERE id = ?",
            folded if is_kept else "", json.dumps([] if is_kept else heard), row["id"],
        )  # fmt: skip
    return is_kept


async def settle_unknown_word(word_id: int, *, by: Viewer, now: datetime) -> bool:
    """Take a word off the desk's list, dealt with or set aside. False where that is done already."""
    async with transaction():
        settled = await rows(
            "UPDATE search_unknown_word SET is_settled = ?, revision = revision + 1 WHERE id = ? AND NOT is_settled RETURNING word",
            True,
            word_id,
        )
        if settled:
            await record("settle_unknown_word", by=by, now=now, subject_kind="lexicon", subject_id=word_id)
    return bool(settled)


async def forget_unheard_words(*, now: datetime) -> int:
    """Delete what fewer than three conversations used in half a year; the worker's job. How many."""
    return await execute("DELETE FROM search_unknown_word WHERE word = '' AND last_on < ?", today_of(now - _UNHEARD_LASTS))


def _hashed(purpose: str, value: str) -> str:
    """Keyed, since a plain hash of a word is undone by a list of words."""
    return hmac.new(config.current().secret_key.encode(), f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()
