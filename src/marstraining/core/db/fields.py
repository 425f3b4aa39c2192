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
