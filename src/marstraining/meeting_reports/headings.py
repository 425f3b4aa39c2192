"""The headings and labels of every variant, in the words met: English, and those languages of which a report was seen."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Field(StrEnum):
    """What a column holds. Columns that are not named here are never read: participant ids, roles, engagement, countries."""

    NAME = "name"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    EMAIL = "email"
    FIRST_JOIN = "first join"
    LAST_LEAVE = "last leave"
    JOIN = "join"
    LEAVE = "leave"
    DURATION = "duration"
    MINUTES = "minutes"
    ACTION = "action"
    TIMESTAMP = "timestamp"
    UTC_TIMESTAMP = "utc timestamp"
    EVENT_SESSION = "event session"
    EVENT_PERSON = "event person"
    ATTENDED = "attended"
    WAITING_ROOM = "waiting room"
    DISCLAIMER = "disclaimer"
    REGISTERED = "registered"
    REGISTRATION_STATUS = "registration status"
    TOPIC = "topic"
    STARTS = "starts"
    ENDS = "ends"


class Label(StrEnum):
    """What a row of a summary says."""

    STARTS = "starts"
    ENDS = "ends"
    PEOPLE = "people"
    AVERAGE = "average"
    OTHER = "other"


_NAMES: Mapping[Field, Sequence[str]] = {
    Field.NAME: (
        "name", "full name", "fullname", "display name", "attendee name", "participant name", "user name", "name (original name)",
        "user name (original name)", "nome", "nome completo", "nombre", "nombre completo", "vollständiger name", "nom", "nom complet",
        "naam", "volledige naam", "imię i nazwisko", "pełna nazwa",
    ),
    Field.FIRST_NAME: ("first name", "given name"),
    Field.LAST_NAME: ("last name", "surname", "family name"),
    Field.EMAIL: (
        "email", "user email", "e-mail", "email address", "e-mail address", "correo electrónico", "adresse e-mail", "e-mailadres",
    ),
    Field.FIRST_JOIN: (
        "first join", "first join time", "primeiro ingresso", "primeira entrada", "erster beitritt", "erste teilnahme", "primera entrada",
    ),
    Field.LAST_LEAVE: ("last leave", "last leave time", "última saída", "letztes verlassen", "letzter austritt", "última salida"),
    Field.JOIN: (
        "join time", "joined at", "horário de entrada", "hora de entrada", "hora de ingresso", "beitreten", "beitrittszeit",
        "zeitpunkt des beitritts", "godzina dołączenia",
    ),
    Field.LEAVE: (
        "leave time", "left at", "horário de saída", "hora de saída", "hora de salida", "verlassen", "austrittszeit",
        "zeitpunkt des verlassens", "godzina opuszczenia",
    ),
    Field.DURATION: (
        "in-meeting duration", "duration", "attendance duration", "duração na reunião", "duração da reunião", "duração",
        "dauer der besprechung", "besprechungsdauer", "dauer", "duración", "durée", "durata", "duur", "czas trwania",
    ),
    # The misspelling is Zoom's own.
    Field.MINUTES: (
        "duration (minutes)", "total duration (minutes)", "total durection(minutes)", "total duration(minutes)", "duration(minutes)",
        "time in session (minutes)", "time in meeting (minutes)",
    ),
    Field.ACTION: ("user action", "action", "ação do usuário", "benutzeraktion", "acción del usuario"),
    Field.TIMESTAMP: ("timestamp", "carimbo de data/hora", "zeitstempel", "marca de tiempo"),
    Field.UTC_TIMESTAMP: ("utceventtimestamp", "utc event timestamp"),
    # Of a live event only, where there is no address: it tells two people of one name apart and is then dropped.
    Field.EVENT_PERSON: ("participantid", "participant id"),
    Field.EVENT_SESSION: ("sessionid", "session id"),
    Field.ATTENDED: ("attended", "attended?"),
    Field.WAITING_ROOM: ("in waiting room",),
    Field.DISCLAIMER: ("recording disclaimer response",),
    Field.REGISTERED: ("registration time", "registered at", "registered on", "registration date", "registration date/time"),
    Field.REGISTRATION_STATUS: ("registration status",),
    Field.TOPIC: ("topic",),
    Field.STARTS: ("start time",),
    Field.ENDS: ("end time",),
}  # fmt: skip
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}

_SUMMARY: Mapping[Label, Sequence[str]] = {
    Label.STARTS: (
        "start time", "meeting start time", "actual start time", "hora de início", "hora de início da reunião", "startzeit", "beginn",
    ),
    Label.ENDS: ("end time", "meeting end time", "hora de término", "hora de término da reunião", "endzeit", "ende"),
    Label.PEOPLE: (
        "attended participants", "total number of participants", "participantes presentes", "participantes atendidos",
        "número total de participantes", "teilnehmer",
    ),
    Label.AVERAGE: ("average attendance time", "tempo médio de participação", "durchschnittliche teilnahmezeit"),
    Label.OTHER: (
        "meeting title", "meeting duration", "meeting id", "report generated", "report generated:", "report generated time", "topic",
        "título da reunião", "besprechungstitel",
    ),
}  # fmt: skip
_LABELS = {name: label for label, names in _SUMMARY.items() for name in names}

# A column of one of these makes a list of people out of a heading row with names.
_OF_PRESENCE = frozenset({
    Field.FIRST_JOIN, Field.LAST_LEAVE, Field.JOIN, Field.LEAVE, Field.DURATION, Field.MINUTES, Field.TIMESTAMP, Field.UTC_TIMESTAMP,
    Field.ATTENDED, Field.REGISTERED,
})  # fmt: skip
JOINED_WORDS = frozenset({"joined", "joined before", "beigetreten", "ingressou", "ingressou antes", "se ha unido", "unido"})
LEFT_WORDS = frozenset({"left", "verlassen", "saiu", "ha salido", "abandonó"})
# Who was there, in a column of its own: as reports say it, and as people tick a list.
YES_WORDS = frozenset(
    {"yes", "y", "true", "1", "x", "✓", "✔", "☑", "attended", "present", "came", "signed in", "in person", "online", "attended in full"}
)
NO_WORDS = frozenset(
    {
        "no",
        "n",
        "false",
        "0",
        "✗",
        "✘",
        "absent",
        "did not attend",
        "not attended",
        "did not come",
        "no show",
        "no-show",
        "dna",
        "apologies",
    }
)
ZOOM_SECTIONS = frozenset(
    {"host details", "panelist details", "panellist details", "attendee details", "other attended", "attendee report"}
)


def fields_of(headings: Sequence[str]) -> dict[Field, int]:
    """Where each field stands among headings; of two columns for one field the last counts.

    Zoom's combined export has the host's name, address and minutes before the participant's.
    """
    places: dict[Field, int] = {}
    for place, name in enumerate(headings):
        field = _FIELDS.get(name)
        if field is not None:
            places[field] = place
    return places


def is_people_heading(headings: Sequence[str]) -> bool:
    """Whether a row heads a list of people with something about their presence."""
    places = fields_of(headings)
    return (Field.NAME in places or Field.FIRST_NAME in places) and not _OF_PRESENCE.isdisjoint(places)


def is_other_heading(headings: Sequence[str]) -> bool:
    """Whether a row heads some other list by name, such as reactions or consents, which is never read."""
    return len(headings) > 1 and _FIELDS.get(headings[0]) == Field.NAME


def is_known_heading(text: str) -> bool:
    return text in _FIELDS


def label_of(text: str) -> Label | None:
    return _LABELS.get(text)
