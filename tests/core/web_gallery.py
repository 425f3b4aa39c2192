"""A small application that shows every part of the web at once, for the tests of core.web and for looking at."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from marstraining.core.errors import NotAllowed, Refused, TooFast
from marstraining.core.viewer import ANYBODY, Role, Viewer
from marstraining.core.web import (
    ANYONE,
    SIGNED_IN,
    Column,
    Files,
    Form,
    Link,
    Pager,
    TableView,
    Tag,
    assemble,
    conditional,
    export_response,
    page,
    read_form,
    read_json,
    render,
    roles,
    see_other,
)
from marstraining.core.web.headers import Headers

ASHA = Viewer(person_id=1, roles=frozenset({Role.LEARNER}), name="Asha Rahman")
DEE = Viewer(person_id=3, roles=frozenset({Role.LEARNER, Role.DESK}), name="Dee Okafor")
PEOPLE = {"asha": ASHA, "dee": DEE}
MODES = {"in_person": "In person", "online": "Online", "hybrid": "Both"}
TOPICS = {"neglect": "Neglect", "exploitation": "Child exploitation", "online": "Online safety"}
DONE = {"booked": "Your place is booked. We have sent you a letter with the details."}
COLUMNS = (
    Column("title", "Course", sort=True),
    Column("starts", "Starts", sort=True),
    Column("free", "Places left", sort=True, numeric=True),
    Column("state", "State"),
    Column("note", "Note", export_only=True),
)
ROWS = [
    {"title": Link("Neglect: seeing it early", "/x"), "starts": "Tue 3 Mar", "free": 4, "state": Tag("Open", "green"), "note": "=1+1"},
    {"title": Link("DSL briefing, spring", "/x"), "starts": "Thu 12 Mar", "free": 0, "state": Tag("Full", "orange"), "note": "plain"},
    {"title": Link("Child exploitation and county lines", "/x"), "starts": "Mon 23 Mar", "free": None, "state": Tag("Draft"), "note": ""},
]


class Counter:
    """How often pages were made and people looked up, and what the kept page says."""

    def __init__(self) -> None:
        self.made = 0
        self.looked_up = 0
        self.text = "first"


counter = Counter()


async def resolve(request: Request) -> Viewer:
    """Who asks: the cookie says it plainly; the secret of the sign-in is made from the name."""
    counter.looked_up += 1
    name = request.cookies.get("sid", "")
    if name not in PEOPLE:
        return ANYBODY
    request.state.csrf = f"secret-of-{name}-{request.cookies.get('turn', '1')}"
    return PEOPLE[name]


async def kept(_request: Request) -> Response:
    counter.made += 1
    if counter.text == "broken":
        raise ZeroDivisionError
    response = Response(f"{counter.text} " * 400, media_type="text/plain", headers={"Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"})
    response.set_cookie("never", "sent")
    return response


async def programme(request: Request) -> Response:
    start = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    titles = (
        "Neglect: seeing it early",
        "Designated Safeguarding Lead briefing",
        "Child exploitation and county lines",
        "Working with resistance",
    )
    sessions = [
        {
            "title": titles[n % 4],
            "starts": start + timedelta(days=9 * n),
            "ends": start + timedelta(days=9 * n, hours=3),
            "left": (7, 0, 1, 12)[n % 4],
        }
        for n in range(8)
    ]
    return render(
        request,
        "gallery/programme.html",
        sessions=sessions,
        pager=Pager.of(request, 180, 8),
        form=Form(request.query_params.multi_items()),
        topics=TOPICS,
    )


async def gallery(request: Request) -> Response:
    return render(request, "gallery/parts.html", done=DONE)


async def form_page(request: Request) -> Response:
    if request.method == "GET":
        return render(request, "gallery/form.html", form=Form.of(title="Neglect", places=12), modes=MODES, topics=TOPICS)
    form = await read_form(request)
    title = form.text("title", "the course title", max=40)
    form.email("email", "your work email address")
    form.integer("places", "the number of places", min=1, max=500)
    form.choice("mode", "how it is run", MODES)
    form.choices("topics", "at least one topic", TOPICS, required=True)
    form.date("starts", "the start date")
    form.time("at", "the start time")
    form.text("notes", "your notes", required=False, max=500, multiline=True)
    form.checkbox("agree", required="Confirm that your manager agrees")
    if not form.errors and title == "full":
        form.refuse(Refused("This session is full. You can join the waiting list.", code="full"))
    if not form.errors:
        return see_other("/parts?done=booked")
    return render(request, "gallery/form.html", form=form, modes=MODES, topics=TOPICS)


async def table(request: Request) -> Response:
    view = TableView.read(request.query_params, path="/desk/sessions", columns=COLUMNS, default="starts", filters=("q",))
    if view.export:
        return export_response(request, view.export, "sessions", COLUMNS, ROWS)
    return render(request, "gallery/table.html", view=view.of(len(ROWS) + 120), rows=ROWS, form=Form(dict(view.filters)))


async def upload(request: Request) -> Response:
    form = await read_form(request)
    file = form.file("report", "the attendance report")
    return JSONResponse({"size": file.size if file else 0, "errors": form.errors})


async def take_json(request: Request) -> Response:
    return JSONResponse(await read_json(request))


async def refuse(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind == "fast":
        raise TooFast("You have asked for too many sign-in letters.", retry_after=300)
    if kind == "not-allowed":
        raise NotAllowed("Only the training team can change this.")
    if kind == "database":
        raise ConnectionRefusedError
    if kind == "bug":
        raise ZeroDivisionError
    if kind == "field":
        raise Refused("The date must be in the future.", field="starts")
    raise Refused("This session is full. You can join the waiting list.", code="full", facts={"ref": "abc"})


async def personal_feed(request: Request) -> Response:
    return conditional(request, Response("BEGIN:VCALENDAR", media_type="text/calendar"))


async def drip(_request: Request) -> Response:
    return StreamingResponse(iter([b"a" * 2000, b"b" * 2000]), media_type="text/plain")


routes = [
    page("/kept", kept, who=ANYONE, kept=True, known=("q", "page")),
    page("/programme", programme, who=ANYONE, kept=True, known=("q", "topic", "page")),
    page("/parts", gallery, who=ANYONE),
    page("/form", form_page, who=SIGNED_IN, methods=("GET", "POST")),
    page("/open-form", form_page, who=ANYONE, methods=("GET", "POST")),
    page("/desk/sessions", table, who=roles(Role.DESK), files=Files.NOBODY),
    page("/upload", upload, who=SIGNED_IN, methods=("POST",), upload=True),
    page("/small", upload, who=SIGNED_IN, methods=("POST",)),
    page("/json", take_json, who=ANYONE, methods=("POST",)),
    page("/refuse/{kind}", refuse, who=ANYONE),
    page("/feed", personal_feed, who=ANYONE, impersonal=True),
    page("/drip", drip, who=ANYONE),
]


def gallery_app(base_url: str = "http://127.0.0.1:8000") -> Headers:
    """The application of the gallery."""
    return assemble(routes, base_url=base_url, resolve=resolve)
