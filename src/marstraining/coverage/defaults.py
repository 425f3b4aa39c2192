"""The refresher rules that a new database begins with: rules.md 5.1, each with its source and how sure it is."""

from datetime import date

from marstraining.coverage.rules import ANNEX_C, Rule, RuleKind

_KCSIE = "Keeping Children Safe in Education (KCSIE)"
_EYFS = "Early years foundation stage statutory framework, from 1 September 2025"
_ICD = "Intercollegiate Document, 4th edition, 2019; the 5th edition of autumn 2025 supersedes it and its hours are not confirmed"
_MAPPED = date(2016, 9, 5)
_EYFS_FROM = date(2025, 9, 1)
_ICD_FROM = date(2019, 1, 1)
_LOCAL_FROM = date(2022, 4, 1)

DSL_ROLES = frozenset({"dsl", "deputy_dsl"})


def _renew(  # noqa: PLR0917 - a table reads best by place
    code: str, title: str, job_roles: frozenset[str], months: int, counts: frozenset[str], since: date, source: str, confidence: str,
    family: str = "", rank: int = 0,
) -> Rule:  # fmt: skip
    return Rule(code, title, RuleKind.RENEW, job_roles, counts, since, months=months, source=source, confidence=confidence,
                family=family, rank=rank)  # fmt: skip


def _once(  # noqa: PLR0917 - as above
    code: str, title: str, job_roles: frozenset[str], since: date, source: str, confidence: str, *, is_on: bool = True
) -> Rule:
    return Rule(code, title, RuleKind.ONCE, job_roles, frozenset({code}), since, source=source, confidence=confidence, is_on=is_on)


def _health(code: str, title: str, role: str, hours: int, rank: int) -> Rule:
    """Any learning counts: it need not be a course (rules.md, HLT-RULE). Where the document gives a span, its lower end."""
    return Rule(code, title, RuleKind.HOURS, frozenset({role}), frozenset(), _ICD_FROM, months=36, minutes=hours * 60, source=_ICD,
                confidence="superseded", family="health", rank=rank)  # fmt: skip


DEFAULT_RULES: tuple[Rule, ...] = (
    _renew("DSL-FULL", "Formal training of Designated Safeguarding Leads and deputies", DSL_ROLES, 24, frozenset({"DSL-FULL"}), _MAPPED,
           f"{_KCSIE}: at least every two years", "high"),
    _renew("DSL-ANNUAL", "Yearly update of Designated Safeguarding Leads and deputies", DSL_ROLES, 12,
           frozenset({"DSL-ANNUAL", "DSL-FULL"}), _MAPPED, f"{_KCSIE}: at least annually; briefings and meetings count", "high",
           "school-yearly", 2),
    _once("DSL-PREVENT", "Prevent awareness for Designated Safeguarding Leads", DSL_ROLES, _MAPPED,
          _KCSIE, "high"),
    _renew("SCH-ALL", "Yearly update of all school and college staff", frozenset({"school_staff"}) | DSL_ROLES, 12,
           frozenset({"SCH-ALL", "DSL-ANNUAL", "DSL-FULL", "MA-CORE"}), _MAPPED, f"{_KCSIE}: regularly, at least annually", "high",
           "school-yearly", 1),
    _renew("SCH-GOV", "Yearly update of governors and trustees", frozenset({"governor"}), 12,
           frozenset({"SCH-GOV", "SCH-ALL", "MA-CORE"}), _MAPPED,
           f"{_KCSIE}: at induction, then regularly; 12 months is a local default", "medium"),
    _renew("SCH-RECRUIT", "Safer recruitment for appointing panels", frozenset({"appointing_panel"}), 60, frozenset({"SCH-RECRUIT"}),
           _MAPPED, "School Staffing (England) Regulations 2009: no interval; 60 months is a local default to confirm", "medium"),
    _renew("EY-ALL", "Early years training that meets Annex C", frozenset({"early_years", "childminder"}), 24, frozenset({ANNEX_C}),
           _EYFS_FROM, f"{_EYFS}: renewed every two years", "high", "early-years", 1),
    _renew("EY-DSL", "Early years Designated Safeguarding Leads", frozenset({"early_years_dsl"}), 24, frozenset({"EY-DSL"}), _EYFS_FROM,
           f"{_EYFS}: Annex C and what a lead needs besides", "high", "early-years", 2),
    _health("HLT-1", "Health level 1", "health_1", 2, 1),
    _health("HLT-2", "Health level 2", "health_2", 3, 2),
    _health("HLT-3C", "Health level 3, core", "health_3", 6, 3),
    _health("HLT-3S", "Health level 3, specialist", "health_3_specialist", 12, 4),
    _health("HLT-4", "Health level 4", "health_4", 24, 5),
    _health("HLT-5", "Health level 5", "health_5", 24, 6),
    Rule("HLT-GP", "Safeguarding training of GPs and primary care", RuleKind.HOURS, frozenset({"gp"}), frozenset(), _ICD_FROM,
         months=36, minutes=720,
         participatory_share=0.5, source="Some primary care hubs: 12 hours in 36 months, half of them with others", confidence="local",
         family="health", rank=4),
    _once("GCP2-P", "Graded Care Profile 2, before using it", frozenset(), _LOCAL_FROM,
          "NSPCC licence held by the area: leave to use the tool comes with the course", "high"),
    _once("GCP2-T", "Graded Care Profile 2, before training others", frozenset({"trainer_gcp2"}), _LOCAL_FROM, "NSPCC licence", "high"),
    Rule("GCP2-REFRESH", "Graded Care Profile 2 refresher", RuleKind.RENEW, frozenset(), frozenset({"GCP2-P"}), _LOCAL_FROM, months=24,
         source="No public interval found: switched off until the partnership decides", confidence="low", is_on=False),
    Rule("GCP2-USE", "Graded Care Profile 2, still in use", RuleKind.USE, frozenset(), frozenset({"GCP2-P"}), _LOCAL_FROM, months=12,
         flag_months=24, grace_days=28, confidence="low",
         source="No public refresher interval found: ask each year, look at those without use for 24 months; to confirm"),
    _renew("MA-CORE", "Multi-agency child protection", frozenset({"multi_agency"}), 36, frozenset({"MA-CORE"}), _LOCAL_FROM,
           "Kept locally by many areas: to confirm", "low"),
    _renew("VCSE-AWARE", "Awareness for voluntary sector staff and volunteers", frozenset({"vcse_staff", "vcse_volunteer"}), 36,
           frozenset({"VCSE-AWARE", "MA-CORE"}), _LOCAL_FROM, "Local default: to confirm with the voluntary sector", "low"),
)  # fmt: skip
