"""Field types whose stored form compares rightly on both databases."""

from datetime import UTC, datetime
from typing import Any

from tortoise import fields
from tortoise.fields.data import T_DATETIME
from tortoise.models import Model


class UTCDatetimeField(fields.DatetimeField[T_DATETIME]):
    """An instant, stored in UTC; a naive datetime is refused with ValueError.

    Tortoise 1.1.9 hands SQLite the value as it is, and SQLite compares text: a London time in summer would find nothing.
    """

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:  # noqa: ANN401 - filters pass anything
        if isinstance(value, datetime):
            if value.tzinfo is None:
                message = f"{self.model_field_name}: a time needs its zone, and {value!r} has none"
                raise ValueError(message)
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)
