"""Times of day and weekdays that are asked for as such: "Friday afternoons", "after 4pm", "twilight"."""

import re

from marstraining.core.values import frozen

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CODES = tuple(day[:3] for day in _DAYS)
_WEEKDAYS, _WEEKEND = _CODES[:5], _CODES[5:]
_CLOCK = r"(?:(?P<{0}hour>\d{{1,2}})(?:[:.](?P<{0}minute>\d{{2}}))?\s?(?P<{0}half>am|pm|a\.m\.|p\.m\.)?|(?P<{0}word>noon|midday|midnight))"
_NAMED = (
    (r"\bafter[ -]school\b|\btwilights?\b|\bafter the school day\b", "15:30", ""),
    (r"\b(?:mid[ -]?)?mornings?\b|\bin the am\b", "", "12:00"),
    (r"\bafternoons?\b|\bin the pm\b", "12:00", ""),
    (r"\bevenings?\b|\bnight(?:time)?s?\b(?= (?:session|course|class|training))|\btonight\b|\bafter work\b|\bafter hours\b", "17:00", ""),
    (r"\blunch ?(?:time|hour|break)s?\b|\bover lunch\b", "12:00", "14:00"),
    (r"\b(?:in )?(?:school|office|working) hours\b|\bdaytimes?\b|\bduring the day\b", "09:00", "17:00"),
)
# "Next weekend training" is on one weekend, and on no other.
_ONE_WEEKEND = "".join(rf"(?<!\b{word} )" for word in ("next", "this", "last", "coming", "following", "holiday", "easter"))
# "good morning" greets, "last night" is no training.
_NOT = re.compile(r"\b(?:good (?:morning|afternoon|evening|night)|last night|(?:morning|afternoon|evening) all)\b", re.IGNORECASE)
_SPELT = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
_AM = {"am", "a.m."}


@frozen
class Times:
    """From and to a time of day, "HH:MM" or "", and weekdays as codes."""

    time_from: str = ""
    time_to: str = ""
    weekdays: tuple[str, ...] = ()


def read_times(text: str) -> tuple[Times, list[tuple[int, int]]]:
    """The times of day and weekdays of a sentence, and where in it their words stand."""
    spans: list[tuple[int, int]] = []
    blanked = _NOT.sub(lambda match: " " * len(match[0]), text)
    time_from, time_to = _clock_times(blanked, spans)
    if not (time_from or time_to):
        time_from, time_to = _named_times(blanked, spans)
    return Times(time_from, time_to, _weekdays(blanked, spans)), spans


def _clock_times(text: str, spans: list[tuple[int, int]]) -> tuple[str, str]:
    between = re.search(
        rf"\b(?:between|from)\s+{_CLOCK.format('a')}\s?(?:and|to|until|till|-|\u2013)\s?{_CLOCK.format('b')}(?![\w/])|"
        rf"\b{_CLOCK.format('c')}\s?(?:to|until|till|-|\u2013)\s?{_CLOCK.format('d')}(?![\w/])",
        text,
        re.IGNORECASE,
    )
    if between:
        first, last = ("a", "b") if between["ahour"] or between["aword"] else ("c", "d")
        if between[f"{last}half"] or between[f"{last}word"] or (between[f"{first}minute"] and between[f"{last}minute"]):
            end = _clock(between, last)
            start = _clock(between, first, like=between[f"{last}half"] or "")
            if start and end and start < end:
                spans.append(between.span())
                return start, end
    for words, is_from in (
        (r"after|from|any ?time after|later than|no earlier than", True),
        (r"before|by|until|till|finish(?:es|ing)? by|ends? by", False),
    ):
        found = re.search(rf"\b(?:{words})\s+{_CLOCK.format('a')}(?![\w/])", text, re.IGNORECASE)
        if found and (found["ahalf"] or found["aword"] or found["aminute"]):
            at = _clock(found, "a")
            if at:
                spans.append(found.span())
                return (at, "") if is_from else ("", at)
    at_clock = re.search(rf"\bat\s+{_CLOCK.format('a')}(?![\w/])", text, re.IGNORECASE)
    if at_clock and (at_clock["ahalf"] or at_clock["aword"] or at_clock["aminute"]):
        at = _clock(at_clock, "a")
        if at:
            spans.append(at_clock.span())
            return at, ""
    return "", ""


def _clock(found: re.Match[str], name: str, *, like: str = "") -> str:
    """The time as HH:MM; hours without am or pm from 1 to 6 are in the afternoon, as nobody trains before seven."""
    word = found[f"{name}word"]
    if word:
        return "00:00" if word.casefold() == "midnight" else "12:00"
    hour, minute = int(found[f"{name}hour"]), int(found[f"{name}minute"] or 0)
    half = (found[f"{name}half"] or "").casefold()
    if not half and like and hour != 12:
        half = like.casefold() if like.casefold() in _AM or hour < 7 else "am" if hour >= 7 else "pm"
    if half:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (0 if half in _AM else 12)
    elif 1 <= hour <= 6:
        hour += 12
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else ""


def _named_times(text: str, spans: list[tuple[int, int]]) -> tuple[str, str]:
    for pattern, time_from, time_to in _NAMED:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            if found[0].casefold() != "tonight":
                start = re.search(r"\b(?:in|during|for|at|of) (?:the |an? )?$", text[: found.start()], re.IGNORECASE)
                this = re.search(r"\bthis $", text[: found.start()], re.IGNORECASE)
                if this:
                    return time_from, time_to
                spans.append((start.start() if start else found.start(), found.end()))
            return time_from, time_to
    return "", ""


def _weekdays(text: str, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """Weekdays asked for as such: in the plural or after "a", "any", "every"."""
    found: list[str] = []
    names = "|".join(_DAYS)
    plural = re.finditer(
        rf"\b(?:on )?(?P<day>{names})s\b(?! of)|\b(?:on |for )?(?:an?|any|each|every|most) (?P<one>{names})s?\b(?! week)",
        text,
        re.IGNORECASE,
    )
    for match in plural:
        found.append((match["day"] or match["one"]).casefold()[:3])
        spans.append(match.span())
    part = re.search(rf"\b(?:on )?(?P<day>{names}) (?=mornings|afternoons|evenings|nights|lunchtimes)", text, re.IGNORECASE)
    if part and not found:
        found.append(part["day"].casefold()[:3])
        spans.append(part.span())
    joined = re.search(rf"\b(?:or|and) (?:an? )?(?P<day>{names})s?\b", text, re.IGNORECASE)
    if found and joined and joined["day"].casefold()[:3] not in found:
        found.append(joined["day"].casefold()[:3])
        spans.append(joined.span())
    for pattern, codes in (
        (rf"\b(?:at |on |over )?weekends\b|\ba weekend\b|{_ONE_WEEKEND}\bweekend (?=course|session|training|date|event)", _WEEKEND),
        (r"\bweekdays?\b|\bweeknights?\b", _WEEKDAYS),
    ):
        days = re.search(pattern, text, re.IGNORECASE)
        if days and not found:
            found.extend(codes)
            spans.append(days.span())
    return tuple(found)
