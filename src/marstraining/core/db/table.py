"""The base of every table's class."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Self

from tortoise.exceptions import ValidationError
from tortoise.filters import FilterInfoDict, get_filters_for_field
from tortoise.models import MetaInfo, Model, ModelMeta


class _OfRelations(dict[str, FilterInfoDict]):
    """What Tortoise collects of a model's filters; those of plain columns are left to `_OfColumns`."""

    def update(self, found: Any = (), /, **_named: FilterInfoDict) -> None:  # noqa: ANN401 - as wide as a dict's own
        super().update(_about_relations(found))


def _about_relations(filters: Mapping[str, FilterInfoDict]) -> Iterable[tuple[str, FilterInfoDict]]:
    # Only a relation's filter names another table.
    return [(name, one) for name, one in filters.items() if "table" in one]


class _OfColumns(dict[str, FilterInfoDict]):
    """A model's filters by name, as `session_id__in`; those of plain columns are made when asked for and not kept."""

    def __init__(self, meta: MetaInfo) -> None:
        super().__init__()
        self._meta = meta

    def _made(self, name: str) -> FilterInfoDict | None:
        column = name.partition("__")[0]
        field = self._meta.pk if column == "pk" else self._meta.fields_map.get(column)
        if field is None or not field.has_db_field:
            return None
        return get_filters_for_field(column, field, field.source_field or field.model_field_name).get(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self._made(name) is not None)

    def __missing__(self, name: str) -> FilterInfoDict:
        found = self._made(name)
        if found is None:
            raise KeyError(name)
        # The same column is compared in another way on another database, as text without regard to case.
        ours = self._meta.db.executor_class.get_overridden_filter_func(filter_func=found["operator"], filter_info=found)
        if ours:
            found = copy(found)
            found["operator"] = ours
        return found


class _Lean(ModelMeta):
    """Makes classes without reading their source, and without a store of filters.

    Tortoise 1.1.9 parses a model's whole file for comments on its columns, once for each class: a third of each start, for
    comments that nothing here uses. And it keeps 29 ways to filter by each column, twice: 9 MB a process, of which a few are asked for.
    """

    @classmethod
    def __prepare__(cls, _name: str, _bases: tuple[type, ...], /, **_options: object) -> dict[str, object]:
        return {"_no_comments": True}

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> ModelMeta:
        made = super().__new__(cls, name, bases, attrs)
        meta: MetaInfo = made._meta  # type: ignore[attr-defined]
        collected = _OfRelations()
        collected.update(meta._filters)  # noqa: SLF001 - as above
        meta._filters = collected  # noqa: SLF001 - as above
        meta.filters = _OfColumns(meta)
        return made


class Table(Model, metaclass=_Lean):
    """What every model is; it has no columns of its own."""

    @classmethod
    async def found(cls, **values: Any) -> Self | None:  # noqa: ANN401 - as wide as the columns
        """The row with these values; None where there is none, or can be none: an address may be longer than any reference."""
        try:
            return await cls.get_or_none(**values)
        except ValidationError:
            return None

    class Meta:
        abstract = True
