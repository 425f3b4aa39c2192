"""The quarterly report to the board, page by page (evaluation.md 4.7), composed of plain figures; nothing here reads a database."""

from marstraining.reports.document import Section, Text
from marstraining.reports.quarterly import annexes, education, first_pages, impact, later_pages
from marstraining.reports.quarterly.facts import Quarter, Sums, sums_of
from marstraining.reports.quarterly.figures import figures_of, whole_figures
from marstraining.reports.quarterly.words import not_collected, of_the_whole, three_wave_words
from marstraining.reports.queries.impact import ThreeWave

__all__ = ["Quarter", "Sums", "figures_of", "method_note", "paper_of", "restricted_of", "sections_of", "sums_of", "whole_figures"]


def sections_of(quarter: Quarter) -> tuple[Section, ...]:
    """Eleven pages and two annexes."""
    return (
        Section("1", "Summary", first_pages.summary(quarter)),
        Section("2", "Delivery", first_pages.delivery(quarter)),
        Section("3", "Reach", first_pages.reach(quarter)),
        Section(
            "4",
            "Education and early years",
            education.education(quarter) if not quarter.of else of_the_whole("Settings and refresher rules"),
        ),
        Section("5", "Voluntary and community sector", not_collected("Returns of the voluntary and community sector")),
        Section("6", "E-workbooks", not_collected("E-workbooks started and completed")),
        Section("7", "Confidence", of_the_whole("Confidence") if quarter.is_part else later_pages.confidence(quarter)),
        Section("8", impact.title(quarter), of_the_whole("Impact") if quarter.is_part else impact.impact(quarter)),
        Section("9", "Quality", later_pages.quality(quarter)),
        Section("10", "Accreditation and money", of_the_whole("Accreditations") if quarter.is_part else later_pages.accreditation(quarter)),
        Section("11", "Plan and risks", later_pages.plan(quarter)),
        Section("Annex A", "Definitions and data quality", annexes.definitions(quarter)),
        Section("Annex B", "Technical table", of_the_whole("Statistics") if quarter.is_part else annexes.technical(quarter)),
    )


def method_note(found: ThreeWave) -> Section:
    """What the annual report says of how confidence is measured."""
    own = "Confidence is people’s own rating of before and now, given after the session: a perceived change."  # noqa: RUF001 - as printed
    return Section("", "How confidence is measured", (Text(own), Text(three_wave_words(found))))


def restricted_of(quarter: Quarter) -> tuple[Section, ...]:
    """What goes into an annex of its own, which is in none of the report's formats."""
    return education.restricted(quarter)


def paper_of(quarter: Quarter) -> tuple[Section, ...]:
    """The two-page paper that goes before the pages: the summary and what the board is asked."""
    return (Section("", "Summary", first_pages.summary(quarter)), Section("", "What is planned and at risk", later_pages.plan(quarter)))
