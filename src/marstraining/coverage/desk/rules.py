"""Refresher rules at the desk: what applies, what applied, and a change as a new dated row."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.rules import hours_words
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, always, page, read_form, render, roles, see_other, viewer_of
from marstraining.coverage import forms
from marstraining.coverage.actions import add_rule, change_rule
from marstraining.coverage.queries import KeptRule, kept_rules
from marstraining.coverage.rules import CONFIDENCES, KIND_WORDS, Rule, RuleKind
from marstraining.people.rules import JOB_ROLE_CHOICES, JOB_ROLES

DONE: dict[str, str | tuple[str, str]] = {
    "changed": "The change is saved. What applied before it stays as it was.",
    "added": "The rule is added.",
}


async def rules(request: Request) -> Response:
    """Every rule as it applies today, those that are off or to come too."""
    today = clock.today()
    kept = await kept_rules()
    by_code: dict[str, list[KeptRule]] = {}
    for one in kept:
        by_code.setdefault(one.rule.code, []).append(one)
    lines = []
    for code, versions in by_code.items():
        present = next((one for one in versions if one.rule.is_in_force(today)), None)
        coming = [one for one in versions if one.rule.applies_from > today]
        lines.append({"code": code, "rule": (present or versions[0]).rule, "is_on": present is not None, "coming": coming})
    return render(
        request,
        "coverage/desk/rules.html",
        lines=lines,
        asks=asks,
        job_roles=JOB_ROLES,
        confidences=CONFIDENCES,
        done=DONE,
    )


def asks(rule: Rule) -> str:
    """What a rule asks, in words."""
    if rule.kind == RuleKind.USE:
        return f"Asks every {rule.months} months whether it is used, flags it after {rule.flag_months} months without use"
    if rule.kind == RuleKind.ONCE or rule.months is None:
        return "Once"
    if rule.kind == RuleKind.RENEW:
        return f"Every {rule.months} months"
    share = f", {round(rule.participatory_share * 100)}% with others" if rule.participatory_share else ""
    return f"{hours_words(rule.minutes)} in {rule.months} months{share}"


async def change(request: Request) -> Response:
    """One rule: every version of it, and a change from a day on."""
    code = request.path_params["code"]
    versions = [one for one in await kept_rules() if one.rule.code == code]
    if not versions:
        raise NotFound
    form = forms.rule_form(versions[0].rule)
    if request.method == "POST":
        form = await read_form(request)
        changed = forms.read_rule(form)
        if changed is not None:
            try:
                await change_rule(code, changed, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/rules?done=changed")
    present = next((one for one in versions if one.rule.is_in_force(clock.today())), versions[0])
    return _form_page(request, form, code=code, versions=versions, heading=present.rule.title)


async def new(request: Request) -> Response:
    """A rule of one's own."""
    form = Form.of(is_on=True, confidence="local")
    if request.method == "POST":
        form = await read_form(request)
        code = form.text("code", "the code", max=20)
        added = forms.read_rule(form)
        if added is not None and not form.errors:
            try:
                await add_rule(code, added, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/rules?done=added")
    return _form_page(request, form, code="", versions=[])


def _form_page(request: Request, form: Form, *, code: str, versions: list[KeptRule], heading: str = "") -> Response:
    return render(
        request,
        "coverage/desk/rule.html",
        form=form,
        code=code,
        versions=versions,
        heading=heading,
        asks=asks,
        kinds=KIND_WORDS,
        job_roles=JOB_ROLE_CHOICES,
        confidences=CONFIDENCES,
    )


_DESK = roles(Role.DESK)
routes = [
    page("/desk/rules", rules, who=_DESK),
    page("/desk/rules/new", new, who=_DESK, methods=("GET", "POST"), confirms=always),
    page("/desk/rules/{code}", change, who=_DESK, methods=("GET", "POST"), confirms=always),
]
