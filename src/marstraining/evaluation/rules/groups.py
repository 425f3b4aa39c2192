"""Where somebody comes from, asked only where that tells nobody apart (evaluation.md 4.2, 7): the organisation and the kind of role."""

from collections import Counter
from collections.abc import Sequence

from marstraining.evaluation.gate import FOR_A_MEAN
from marstraining.evaluation.rules.questions import MOST_CHOICES, Measure, Question, QuestionKind, Section, all_questions

ANOTHER_ORGANISATION = "Another organisation"
ANOTHER_ROLE = "Another role"
# Job roles as people give them are finer than anything that may be asked here.
_ROLE_GROUPS: dict[str, str] = {
    **dict.fromkeys(("dsl", "deputy_dsl", "early_years_dsl"), "Designated Safeguarding Lead or deputy"),
    **dict.fromkeys(("school_staff", "governor", "appointing_panel"), "School or college staff or governor"),
    **dict.fromkeys(("early_years", "childminder"), "Early years"),
    **dict.fromkeys(("health_1", "health_2", "health_3", "health_3_specialist", "health_4", "health_5", "gp"), "Health"),
    **dict.fromkeys(("vcse_staff", "vcse_volunteer"), "Voluntary sector"),
    "multi_agency": "Another agency of the partnership",
}
_INTRO = (
    "You can leave this out. Your form then says the group and not your name, and a group is shown only where ten people of it and ten "
    "others have answered."
)


def role_group(job_role: str) -> str:
    """The kind of role that a job role belongs to, "" for none."""
    return _ROLE_GROUPS.get(job_role, "")


def offered(groups: Sequence[str], *, rest: str) -> tuple[str, ...]:
    """What attendees may choose from, by one group for each of them: each with at least ten of them, by name.

    Those of smaller groups and of none stand together as the last one, if they too are ten; else they have none to choose. Nothing is
    offered where there would be one group alone.
    """
    counts = Counter(group for group in groups if group)
    largest = [name for name, number in counts.most_common() if number >= FOR_A_MEAN][: MOST_CHOICES - 1]
    left = len(groups) - sum(counts[name] for name in largest)
    found = (*sorted(largest, key=str.casefold), *((rest,) if largest and left >= FOR_A_MEAN else ()))
    return found if len(found) > 1 else ()


def group_section(agencies: Sequence[str], job_roles: Sequence[str]) -> Section | None:
    """The questions for a session's attendees, by the organisation and the job role of each; None where neither may be asked."""
    asked = (
        ("about_organisation", "Which organisation do you come from?", offered(agencies, rest=ANOTHER_ORGANISATION)),
        ("about_role", "Which is nearest to your role?", offered([role_group(one) for one in job_roles], rest=ANOTHER_ROLE)),
    )
    questions = tuple(
        Question(key, QuestionKind.SINGLE, text, "You can leave this out.", Measure.GROUP, choices=choices)
        for key, text, choices in asked
        if choices
    )
    return Section("Where you come from", questions, _INTRO) if questions else None


def with_groups(sections: Sequence[Section], section: Section) -> tuple[Section, ...] | None:
    """The sections of a survey with that one at their end; None where they ask for groups already, or have a question of its name."""
    known = {question.key for question in all_questions(sections)}
    return None if known & {question.key for question in section.questions} else (*sections, section)
