"""The figures that North Lincolnshire's annual report prints each year, by key, course and measure.

Source: the Children's MARS annual report of local arrangements 2022/23. What it rounds or counts since 2017 stands here as it was
published, for that year alone.
"""

from marstraining.reports.rules import AnnualFigure, Measure

_SAID_OF = 2022

ANNUAL_FIGURES: tuple[AnnualFigure, ...] = (
    AnnualFigure("early_help_practice_and_process", "Early Help: Practice and Process", Measure.ATTENDANCES, "EHPP"),
    AnnualFigure("workbooks_completed", "E-workbooks completed", Measure.WORKBOOKS),
    AnnualFigure("dsl_briefings_schools", "Briefings for Designated Safeguarding Leads in schools", Measure.ATTENDANCES, "DSL-SCH"),
    AnnualFigure("dsl_forum_early_years", "Forum for Designated Safeguarding Leads in early years", Measure.ATTENDANCES, "DSL-EY"),
    AnnualFigure("early_help_forum", "Early Help forum", Measure.ATTENDANCES, "EHF"),
    AnnualFigure("domestic_abuse_learning_events_sessions", "Domestic abuse learning events", Measure.SESSIONS, "DA-HUMBER"),
    AnnualFigure("domestic_abuse_learning_events_attendees", "Domestic abuse learning events", Measure.ATTENDANCES, "DA-HUMBER"),
    AnnualFigure("mars_conference_2022", "MARS conference", Measure.PEOPLE, "CONF-MARS", printed="over 150", year=_SAID_OF),
    AnnualFigure("stay_safe_conference_2022_children", "Stay Safe conference: children", Measure.GROUP_PLACES, "CONF-STAYSAFE"),
    AnnualFigure("stay_safe_conference_2022_schools", "Stay Safe conference: schools", Measure.ORGANISATIONS, "CONF-STAYSAFE"),
    AnnualFigure(
        "gcp2_practitioners_accredited_since_2017", "Practitioners accredited in Graded Care Profile 2 since 2017", Measure.ACCREDITED,
        "GCP2", published=200, printed="over 200", year=_SAID_OF,
    ),
    AnnualFigure(
        "gcp2_trainers_trained_2017", "Trainers of Graded Care Profile 2 trained in 2017", Measure.PEOPLE, "GCP2-TTT", published=20,
        year=_SAID_OF,
    ),
)  # fmt: skip
