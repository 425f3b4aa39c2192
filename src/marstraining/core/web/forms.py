"""A form as sent: its fields read one by one, each fault a sentence beside its field, what was typed kept."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, time
from typing import Literal, TypeAlias, overload

from starlette.datastructures import UploadFile

from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import dates, typed

_REF = re.compile(r"[0-9a-hjkmnp-tv-z]{10}")
# Within the class `date` and `time` are its methods.
Day: TypeAlias = date
Clock: TypeAlias = time
Typed = Mapping[str, str] | Iterable[tuple[str, str]]


def _sentence_start(label: str) -> str:
    return label[:1].upper() + label[1:]


class Form:
    """The fields of a form, from a request or, in tests, from a mapping.

    Labels are noun phrases in lower case ("the course title"), from which the sentences are made in the wording of the
    GOV.UK Design System. A required field that failed gives an empty stand-in ("", 0, date.min, time.min), so look at
    `errors` before using values. `errors` maps a field's name to its sentence, in the order of the page; the name "" is
    the form as a whole. `refusal` is the last Refused given to `refuse`, for pages that offer a way on from its facts.
    """

    def __init__(self, typed_in: Typed = (), *, files: Iterable[tuple[str, UploadFile]] = ()) -> None:
        pairs = list(typed_in.items() if isinstance(typed_in, Mapping) else typed_in)
        self._all: dict[str, list[str]] = {}
        for name, value in pairs:
            self._all.setdefault(name, []).append(typed.clean(value))
        self.values: dict[str, str] = {name: values[0] for name, values in self._all.items()}
        self.files: dict[str, list[UploadFile]] = {}
        for name, upload in files:
            self.files.setdefault(name, []).append(upload)
        self.errors: dict[str, str] = {}
        self.refusal: Refused | None = None

    @classmethod
    def of(cls, **values: object) -> "Form":
        """A form to be shown for editing: dates, times, yes/no and lists are put as a person would have typed them."""
        form = cls()
        for name, value in values.items():
            form.put(name, value)
        return form

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every field with each of its values, by name in the order of the page."""
        return [(name, value) for name, values in self._all.items() for value in values]

    def put(self, name: str, value: object) -> None:
        """Set what a field shows."""
        if isinstance(value, Day):
            for part, number in (("day", value.day), ("month", value.month), ("year", value.year)):
                self.put(f"{name}-{part}", str(number))
            return
        if isinstance(value, Clock):
            texts = [f"{value:%H:%M}" if value.minute == 0 and value.hour in {0, 12} else dates.clock_time(value)]
        elif isinstance(value, bool):
            texts = ["yes"] if value else []
        elif isinstance(value, (list, tuple, set, frozenset)):
            texts = [str(item) for item in value]
        else:
            texts = [] if value is None else [str(value)]
        self._all[name] = texts
        self.values[name] = texts[0] if texts else ""

    def get(self, name: str, default: str = "") -> str:
        """What was typed in a field, trimmed and without control characters."""
        return self.values.get(name, default)

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be sent several times."""
        return self._all.get(name, [])

    def fail(self, name: str, sentence: str) -> None:
        """Note a fault; the first one of a field stands."""
        self.errors.setdefault(name, sentence)

    def refuse(self, refusal: Refused) -> None:
        """Show why an action refused, beside its field or at the top."""
        self.refusal = refusal
        self.fail(refusal.field or "", refusal.message)

    def text(self, name: str, label: str, *, required: bool = True, max: int = 200, multiline: bool = False) -> str:  # noqa: A002
        """A line of text, or several lines; too long a text is a fault and is not cut."""
        value = self.get(name)
        if not multiline:
            value = " ".join(value.split())
        if required and not value:
            self.fail(name, f"Enter {label}")
        if len(value) > max:
            self.fail(name, f"{_sentence_start(label)} must be {max:,} characters or fewer")
            return ""
        return value

    def email(self, name: str, label: str = "your email address", *, required: bool = True) -> str:
        """An e-mail address."""
        value = self.get(name)
        if not value:
            if required:
                self.fail(name, f"Enter {label}")
            return ""
        try:
            return typed.email_address(value)
        except ValueError:
            self.fail(name, "Enter an email address in the correct format, like name@example.com")
            return ""

    @overload
    def integer(self, name: str, label: str, *, required: Literal[True] = True, min: int | None = None, max: int | None = None) -> int: ...
    @overload
    def integer(self, name: str, label: str, *, required: bool, min: int | None = None, max: int | None = None) -> int | None: ...
    def integer(
        self,
        name: str,
        label: str,
        *,
        required: bool = True,
        min: int | None = None,  # noqa: A002
        max: int | None = None,  # noqa: A002
    ) -> int | None:
        """A whole number within its bounds, both included."""
        empty = 0 if required else None
        value = self.get(name)
        if not value:
            if required:
                self.fail(name, f"Enter {label}")
            return empty
        try:
            number = typed.whole_number(value)
        except ValueError:
            self.fail(name, f"{_sentence_start(label)} must be a whole number, like 20")
            return empty
        too_low, too_high = min is not None and number < min, max is not None and number > max
        if too_low or too_high:
            limit = f"between {min:,} and {max:,}" if min is not None and max is not None else None
            self.fail(name, f"{_sentence_start(label)} must be {limit or (f'{min:,} or more' if too_low else f'{max:,} or fewer')}")
            return empty
        return number

    def choice(self, name: str, label: str, choices: Collection[str], *, required: bool = True) -> str:
        """One of the choices; anything else counts as nothing chosen."""
        value = self.get(name)
        if value in choices and value:
            return value
        if required or value:
            self.fail(name, f"Select {label}")
        return ""

    def choices(self, name: str, label: str, choices: Collection[str], *, required: bool = False) -> tuple[str, ...]:
        """Those of the choices that were ticked, each once, in the order of the choices."""
        sent = set(self.all(name)) - {""}
        if sent - set(choices) or (required and not sent):
            self.fail(name, f"Select {label}")
        return tuple(choice for choice in choices if choice in sent)

    def checkbox(self, name: str, *, required: str = "") -> bool:
        """Whether a box is ticked; `required` is the sentence for when it must be."""
        ticked = self.get(name) not in {"", "no", "off", "0", "false"}
        if required and not ticked:
            self.fail(name, required)
        return ticked

    @overload
    def date(
        self, name: str, label: str, *, required: Literal[True] = True, earliest: Day | None = None, latest: Day | None = None
    ) -> Day: ...
    @overload
    def date(self, name: str, label: str, *, required: bool, earliest: Day | None = None, latest: Day | None = None) -> Day | None: ...
    def date(self, name: str, label: str, *, required: bool = True, earliest: Day | None = None, latest: Day | None = None) -> Day | None:
        """A date from three fields, or one in ISO form, within its bounds, both included."""
        empty = Day.min if required else None
        parts = typed.date_parts(self.values, name)
        missing = [word for word, part in zip(("day", "month", "year"), parts, strict=True) if not part]
        if len(missing) == 3:
            if required:
                self.fail(name, f"Enter {label}")
            return empty
        start = _sentence_start(label)
        if missing and not self.get(name):
            self.fail(name, f"{start} must include a {' and '.join(missing)}")
            return empty
        try:
            day = typed.calendar_date(*parts)
        except ValueError:
            year_is_short = parts[2].isdigit() and len(parts[2]) != 4
            self.fail(name, "Year must include 4 numbers" if year_is_short else f"{start} must be a real date")
            return empty
        if earliest is not None and day < earliest:
            self.fail(name, f"{start} must be {dates.day_plain(earliest)} or later")
        elif latest is not None and day > latest:
            self.fail(name, f"{start} must be {dates.day_plain(latest)} or earlier")
        return day

    @overload
    def time(self, name: str, label: str, *, required: Literal[True] = True) -> Clock: ...
    @overload
    def time(self, name: str, label: str, *, required: bool) -> Clock | None: ...
    def time(self, name: str, label: str, *, required: bool = True) -> Clock | None:
        """A time of day as people write it."""
        empty = Clock.min if required else None
        value = self.get(name)
        if not value:
            if required:
                self.fail(name, f"Enter {label}")
            return empty
        try:
            return typed.time_of_day(value)
        except ValueError:
            self.fail(name, f"{_sentence_start(label)} must be a time, like 9:30am or 14:00")
            return empty

    def ref(self, name: str) -> str:
        """A reference that the page itself put into the form; NotFound when it is none."""
        value = self.get(name)
        if not _REF.fullmatch(value):
            raise NotFound
        return value

    def file(self, name: str, label: str, *, required: bool = True) -> UploadFile | None:
        """The file chosen, if any; an empty one is a fault."""
        found = self.uploads(name, label, required=required)
        return found[0] if found else None

    def uploads(self, name: str, label: str, *, required: bool = True) -> list[UploadFile]:
        """The files chosen in a field that takes several, in their order; an empty one is a fault, and then there are none."""
        found = [upload for upload in self.files.get(name, ()) if upload.filename]
        if required and not found:
            self.fail(name, f"Select {label}")
        if any(upload.size == 0 for upload in found):
            self.fail(name, "The selected file is empty" if len(found) == 1 else "One of the selected files is empty")
            return []
        return found

    @property
    def summary(self) -> Sequence[tuple[str, str]]:
        """The faults in order, each with the id of the field it leads to ("" for the form as a whole)."""
        return [(self._anchor(name), sentence) for name, sentence in self.errors.items()]

    def _anchor(self, name: str) -> str:
        for part in ("day", "month", "year"):
            if f"{name}-{part}" in self._all:
                return f"{name}-day"
        return name
