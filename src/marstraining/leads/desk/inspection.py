"""The setting's page for an inspector: staff with their training of one year, made to be printed in one go."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.rules import grouped, time_words
from marstraining.core import clock, config
from marstraining.core.values import frozen
from marstraining.core.web import page, render, viewer_of
from marstraining.leads.desk.home import WHO_LEADS
from marstraining.leads.queries import led_agencies, staff_training
from marstraining.people.rules import JOB_ROLES

_YEARS_SHOWN = 4


@frozen
class Year:
    """A year as settings count it: "a2026" from 1 September 2026, "f2026" from 1 April 2026."""

    key: str
    label: str
    first: date
    last: date


def years(today: date) -> Sequence[Year]:
    """The school years and financial years that reach to this day, the present ones first."""
    found = []
    for kind, month, word in (("a", 9, "school year"), ("f", 4, "financial year")):
        begins = today.year if today >= date(today.year, month, 1) else today.year - 1
        for year in range(begins, begins - _YEARS_SHOWN, -1):
            last = date(year + 1, month, 1).toordinal() - 1
            found.append(Year(f"{kind}{year}", f"{word} {year}/{(year + 1) % 100:02}", date(year, month, 1), date.fromordinal(last)))
    return found


async def inspection(request: Request) -> Response:
    """Everybody on the staff with what they completed in the year, and who completed nothing."""
    viewer, today = viewer_of(request), clock.today()
    choices = years(today)
    year = next((one for one in choices if one.key == request.query_params.get("year")), choices[0])
    lines = await staff_training(viewer, first=year.first, last=year.last, on=today)
    staff = [_person(list(group)) for _, group in groupby(lines, key=lambda line: (line["agency"], line["id"]))]
    # Somebody with posts at two of the agencies stands under both, and counts once.
    learnt = {(person["id"], line["course"], line["completed_on"]): line for person in staff for line in person["completed"]}
    return render(
        request,
        "leads/inspection.html",
        agencies=await led_agencies(viewer),
        years=choices,
        year=year,
        staff=staff,
        people=len({line["id"] for line in lines}),
        trained=len({line["id"] for line in lines if line["course"]}),
        attendances=sum(not line["is_elsewhere"] for line in learnt.values()),
        elsewhere=sum(line["is_elsewhere"] for line in learnt.values()),
        grouped=grouped,
        base_url=config.current().base_url,
        today=today,
        time_words=time_words,
    )


def _person(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = lines[0]
    # Two posts at one agency bring each line twice.
    once = {(line["course"], line["completed_on"], line["certificate"]): line for line in lines if line["course"]}
    return {
        "id": first["id"],
        "name": first["name"],
        "agency": first["agency"],
        "role": JOB_ROLES.get(first["job_role"], ""),
        "completed": list(once.values()),
    }


routes = [page("/agency/inspection", inspection, who=WHO_LEADS)]
