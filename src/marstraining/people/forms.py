"""Forms of people and agencies into the plain values that actions take."""

from collections.abc import Sequence

from marstraining.core.errors import NotFound
from marstraining.core.web import Form
from marstraining.people import rules


def row_number(form: Form, field: str) -> int:
    """The number of a row that the page itself put into the form; NotFound when it is none."""
    value = form.get(field)
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise NotFound
    return int(value)


def read_post(form: Form) -> rules.PostWish:
    """A post at an agency chosen by its code, or at one whose name is typed since it is not in the list."""
    code = form.get("agency")
    typed = form.text("agency_typed", "the organisation's name", required=False)
    if not code and not typed:
        form.fail("agency", "Choose your organisation, or type its name below")
    job_role = form.choice("job_role", "your job role", rules.JOB_ROLES)
    return rules.PostWish(agency_code=code, agency_typed="" if code else typed, job_role=job_role)


def read_agency(form: Form, *, parent_id: int | None, sectors: Sequence[str]) -> rules.AgencyDetails:
    """An agency's details; the page has looked up its parent and the sectors that it offers."""
    code = form.text("code", "the code", max=30)
    contact_email = form.email("contact_email", "the contact's email address", required=False)
    return rules.AgencyDetails(
        code=code,
        name=form.text("name", "the name"),
        sector=form.choice("sector", "the sector", sectors),
        parent_id=parent_id,
        is_vcse=form.checkbox("is_vcse"),
        is_group=form.checkbox("is_group"),
        is_one_person=form.checkbox("is_one_person"),
        is_in_area=form.checkbox("is_in_area"),
        email_domain=form.text("email_domain", "the email domain", required=False, max=120).lower().lstrip("@"),
        urn=form.text("urn", "the URN", required=False, max=20),
        ofsted_number=form.text("ofsted_number", "the Ofsted number", required=False, max=20),
        charity_number=form.text("charity_number", "the charity number", required=False, max=20),
        contact_name=form.text("contact_name", "the contact's name", required=False),
        contact_email=contact_email,
        contact_phone=form.text("contact_phone", "the contact's telephone number", required=False, max=40),
        notes=form.text("notes", "the notes", required=False, max=4000, multiline=True),
        opened_on=form.date("opened_on", "the opening date", required=False),
    )
