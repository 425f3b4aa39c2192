"""Field types whose stored form compares rightly on both databases, and references that the database makes itself."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.fields.data import T_DATETIME
from tortoise.models import Model

from marstraining.core.tokens import ALPHABET, REF_LENGTH


class UTCDatetimeField(fields.DatetimeField[T_DATETIME]):
    """An instant, stored in UTC; a naive datetime is refused with ValueError.

    Tortoise 1.1.9 hands SQLite the value as it is, and SQLite compares text: a London time in summer would find nothing.
    """

    def to_python_value(self, value: Any) -> Any:  # noqa: ANN401 - what a caller or a driver hands over
        # The stock field would take a naive time for one in UTC, as soon as an object is made with it.
        self._check_zone(value)
        return super().to_python_value(value)

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:  # noqa: ANN401 - filters pass anything
        self._check_zone(value)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)

    def _check_zone(self, value: object) -> None:
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{self.model_field_name}: a time needs its zone, and {value!r} has none")


# One character of a reference, as each database draws it.
_CHARACTER = {
    "sqlite": f"substr('{ALPHABET}', (random() & 31) + 1, 1)",
    "postgres": f"substr('{ALPHABET}', floor(random() * 32)::int + 1, 1)",
}


class MadeByDatabase(Enum):
    """What a database puts into a column, as `db_default`, where a row brings nothing.

    So rows that were there before the column have a value, and an older version that does not know it goes on writing.
    An enumeration, since those are what Tortoise 1.1.9 writes into a migration by name.
    """

    REF = "ref"
    """10 random Crockford base32 characters, as `new_ref` makes them. Nothing secret may hang on it: random() can be guessed."""

    def get_sql(self, _context: object = None, dialect: str | None = None) -> str:
        """The expression, as Tortoise asks for it."""
        return f"({' || '.join([_CHARACTER[dialect or 'sqlite']] * REF_LENGTH)})"
