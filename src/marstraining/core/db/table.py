"""The base of every table's class."""

from tortoise.models import Model, ModelMeta


class _WithoutComments(ModelMeta):
    """Makes classes without reading their source.

    Tortoise 1.1.9 parses a model's whole file for comments on its columns, once for each class: a third of each start, for
    comments that nothing here uses.
    """

    @classmethod
    def __prepare__(cls, _name: str, _bases: tuple[type, ...], /, **_options: object) -> dict[str, object]:
        return {"_no_comments": True}


class Table(Model, metaclass=_WithoutComments):
    """What every model is; it has no columns of its own."""

    class Meta:
        abstract = True
