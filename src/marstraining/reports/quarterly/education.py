"""Page 4 and the annex apart from the report: education and early years."""

from marstraining.reports.document import Block, Grid, Points, Section, Text
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import counted, percent, several
from marstraining.reports.queries.quality import Represented, RepresentedSector

_EDUCATION_RULES = ("DSL", "EY", "SCH", "ANNEX")


def education(quarter: Quarter) -> tuple[Block, ...]:
    """Settings represented, and how their leads and staff stand towards refresher rules."""
    return (
        _represented(quarter.briefings, "briefings and forums", "briefing or forum"),
        _represented(quarter.conferences, "conferences", "conference"),
        _standings(quarter, "Designated Safeguarding Leads, schools and early years staff against their rules", _EDUCATION_RULES),
        Text("Settings that were not represented at a briefing or forum are named in a restricted annex apart from this report."),
    )


def _represented(found: Represented, many: str, one: str) -> Block:
    if not found.sessions:
        return Text(f"No {one} ran in this quarter.")
    return Grid(
        f"Settings represented at this quarter’s {many}",  # noqa: RUF001 - as above
        ("Sector", "Settings in the register", "Represented", "Share"),
        tuple((one.sector, counted(one.settings), counted(one.represented), percent(one.share)) for one in found.sectors),
        (1, 2, 3),
        empty="No school or early years setting is in the register.",
    )


def restricted(quarter: Quarter) -> tuple[Section, ...]:
    """The annex apart: names of the settings that were not represented; none of a narrower report."""
    if quarter.of:
        return ()
    if not quarter.briefings.sessions:
        return (_nobody_named("no briefing or forum ran in this quarter"),)
    return tuple(_missing(one) for one in quarter.briefings.sectors)


def _missing(one: RepresentedSector) -> Section:
    if one.missing is None:
        return _nobody_named("who came to this quarter’s briefings and forums is not held by name", one.sector)  # noqa: RUF001 - as printed
    came = Text(f"{counted(one.represented)} of {several(one.settings, 'setting')} had somebody at a briefing or forum.")
    return Section("", one.sector, (came, *((Text("Nobody came from:"), Points(one.missing)) if one.missing else ())))


def _nobody_named(why: str, title: str = "Settings not represented") -> Section:
    return Section("", title, (Text(f"No setting can be named: {why}."),))


def _standings(quarter: Quarter, caption: str, prefixes: tuple[str, ...]) -> Grid:
    return Grid(
        caption,
        ("Rule", "Asked of", "Up to date", "Share", "Overdue"),
        tuple(
            (one.title, counted(one.asked), counted(one.current), percent(one.current / one.asked), counted(one.overdue))
            for one in quarter.coverage.standings
            if one.code.startswith(prefixes)
        ),
        (1, 2, 3, 4),
        empty="No rule asks anything of anybody in these posts.",
    )
