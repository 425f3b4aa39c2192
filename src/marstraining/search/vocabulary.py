"""The fixed words of searching: kinds, audiences, modes, and words that say nothing by themselves.

Topics are not here: they are rows, and their everyday words are the desk's lexicon.
"""

from collections.abc import Mapping
from pathlib import Path

TYPE_LABELS: Mapping[str, str] = {
    "course": "Course",
    "forum": "Briefing or forum",
    "event": "Conference or event",
    "webinar": "Webinar",
    "workbook": "E-workbook",
    "briefing7": "7 minute briefing",
    "briefing2": "2 minute briefing",
    "spotlight": "Spotlight",
    "toolkit": "Toolkit",
    "infosheet": "Info-sheet",
    "strategy": "Strategy or policy",
    "threshold": "Threshold document",
    "form": "Form",
    "presentation": "CPD presentation",
    "news": "News update",
    "link": "External link",
    "document": "Document",
}
TRAINING_TYPES = frozenset({"course", "forum", "event", "webinar"})
RESOURCE_TYPES = frozenset(TYPE_LABELS) - TRAINING_TYPES - {"workbook"}
# What "something short" for a team is.
SHORT_READS = ("briefing7", "spotlight", "briefing2")

# Kinds of courses as the programme has them.
TYPE_OF_COURSE: Mapping[str, str] = {
    "course": "course",
    "briefing": "forum",
    "forum": "forum",
    "conference": "event",
    "learning event": "event",
    "webinar": "webinar",
    "external": "webinar",
}

# Several words are matched as one; plurals are found by themselves.
TYPE_WORDS: Mapping[str, str] = {
    "forum": "forum",
    "briefing": "forum",
    "network meeting": "forum",
    "conference": "event",
    "event": "event",
    "networking event": "event",
    "learning event": "event",
    "webinar": "webinar",
    "workbook": "workbook",
    "e workbook": "workbook",
    "eworkbook": "workbook",
    "e learning": "workbook",
    "elearning": "workbook",
    "7 minute briefing": "briefing7",
    "seven minute briefing": "briefing7",
    "7 min briefing": "briefing7",
    "7mb": "briefing7",
    "7 minute": "briefing7",
    "2 minute briefing": "briefing2",
    "two minute briefing": "briefing2",
    "2 min briefing": "briefing2",
    "2mb": "briefing2",
    "2 minute": "briefing2",
    "spotlight": "spotlight",
    "in the spotlight": "spotlight",
    "toolkit": "toolkit",
    "tool kit": "toolkit",
    "tool": "toolkit",
    "infosheet": "infosheet",
    "info sheet": "infosheet",
    "information sheet": "infosheet",
    "factsheet": "infosheet",
    "fact sheet": "infosheet",
    "leaflet": "infosheet",
    "strategy": "strategy",
    "policy": "strategy",
    "form": "form",
    "referral form": "form",
    "presentation": "presentation",
    "powerpoint": "presentation",
    "slides": "presentation",
    "cpd presentation": "presentation",
    "news": "news",
    "news update": "news",
    "newsletter": "news",
    "bulletin": "news",
}
# Words that ask for training, or for something to read, without saying which kind.
TRAINING_WORDS = frozenset(
    {"training", "trainings", "course", "courses", "session", "sessions", "workshop", "workshops", "class", "classes", "programme",
    "refresher", "refreshers", "cpd",
     "learning", "lesson", "lessons", "induction"}
)  # fmt: skip
RESOURCE_WORDS = frozenset(
    {"resource", "resources", "material", "materials", "guidance", "guide", "guides", "document", "documents", "handout",
    "handouts", "reading",
     "pack", "download", "downloads", "template", "templates", "checklist", "video", "videos", "poster", "posters", "app",
     "website", "link",
     "links", "campaign", "factsheets"}
)  # fmt: skip
SHORT_WORDS = frozenset({"short", "quick", "brief", "bitesize", "bite"})

AUDIENCE_WORDS: Mapping[str, str] = {
    "early years": "early_years",
    "early years staff": "early_years",
    "early year": "early_years",
    "eyfs": "early_years",
    "nursery": "early_years",
    "nurseries": "early_years",
    "pre school": "early_years",
    "preschool": "early_years",
    "childminder": "early_years",
    "child minder": "early_years",
    "school": "schools",
    "school staff": "schools",
    "teacher": "schools",
    "teaching assistant": "schools",
    "headteacher": "schools",
    "head teacher": "schools",
    "governor": "schools",
    "academy": "schools",
    "primary": "schools",
    "secondary": "schools",
    "sixth form": "further_education",
    "college": "further_education",
    "college staff": "further_education",
    "further education": "further_education",
    "health": "health",
    "health staff": "health",
    "health visitor": "health",
    "school nurse": "health",
    "nurse": "health",
    "midwife": "health",
    "midwives": "health",
    "gp": "health",
    "gps": "health",
    "doctor": "health",
    "dentist": "health",
    "paramedic": "health",
    "nhs": "health",
    "police": "police",
    "police officer": "police",
    "pcso": "police",
    "social worker": "social_care",
    "social care": "social_care",
    "social care staff": "social_care",
    "probation": "probation",
    "probation officer": "probation",
    "volunteer": "voluntary",
    "charity": "voluntary",
    "charities": "voluntary",
    "voluntary sector": "voluntary",
    "voluntary organisation": "voluntary",
    "third sector": "voluntary",
    "youth worker": "voluntary",
    "sports club": "voluntary",
    "foster carer": "foster_carers",
    "carer": "foster_carers",
    "parent": "parents",
    "mum": "parents",
    "trainer": "trainers",
    "manager": "managers",
    "team leader": "managers",
    "supervisor": "managers",
    "leaders": "managers",
    "pupil": "pupils",
    "student": "pupils",
}
# These say whom something is for only after "for", or beside "staff", "team", "training" and the like: else they are what it is about.
AUDIENCES_TO_BE_LED = frozenset(
    {"health", "parent", "mum", "pupil", "student", "carer", "primary", "secondary", "academy", "school", "doctor", "trainer", "supervisor",
     "leaders", "police", "third sector", "voluntary sector", "social care", "college"}
)  # fmt: skip

MODE_LABELS: Mapping[str, str] = {"face_to_face": "In person", "online": "Online", "hybrid": "In person or online"}
MODE_WORDS: Mapping[str, str] = {
    "face to face": "face_to_face",
    "f2f": "face_to_face",
    "in person": "face_to_face",
    "inperson": "face_to_face",
    "classroom": "face_to_face",
    "on site": "face_to_face",
    "in a room": "face_to_face",
    "online": "online",
    "on line": "online",
    "virtual": "online",
    "virtually": "online",
    "remote": "online",
    "remotely": "online",
    "on teams": "online",
    "via teams": "online",
    "ms teams": "online",
    "microsoft teams": "online",
    "on zoom": "online",
    "via zoom": "online",
    "from home": "online",
    "hybrid": "hybrid",
    "blended": "hybrid",
}
PLACES_LEFT_WORDS = (
    "places left", "place left", "spaces left", "space left", "with places", "with spaces", "got places", "got spaces", "has places",
    "have places", "spaces available", "places available", "availability", "still places", "not full", "isn't full", "any places",
    "any spaces",
)  # fmt: skip
# Towns and villages of the area, beside the venues' own names.
TOWNS = (
    "Scunthorpe", "Brigg", "Barton", "Barton-upon-Humber", "Epworth", "Crowle", "Winterton", "Kirton", "Kirton in Lindsey", "Bottesford",
    "Ashby", "Messingham", "Broughton", "Barnetby", "Grimsby", "Goole", "Hull", "Doncaster", "Lincoln", "Cleethorpes", "Immingham",
)  # fmt: skip

WEEKDAY_LABELS: Mapping[str, str] = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}

_WORDS = dict(part.split("]", 1) for part in Path(__file__).with_name("plain_words.txt").read_text(encoding="utf-8").split("\n[")[1:])
STOP_WORDS = frozenset(_WORDS["stop"].split())
# What sentences to the chat are made of beside these: a misspelt word may be one of them.
SENTENCE_WORDS = frozenset(_WORDS["sentence"].split())
# What a plain wish is made of beside its day, its place and whom it is for; with any other word it may be about something else.
WISH_WORDS = frozenset(_WORDS["wish"].split())
