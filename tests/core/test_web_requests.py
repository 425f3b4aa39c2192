"""What the web answers to requests that are wrong, foreign, stale, too large or too fast."""

import re

import httpx2
import pytest

from marstraining.core import config
from marstraining.core.web import route_table
from marstraining.core.web.headers import CONTENT_SECURITY_POLICY, security_headers
from tests.core.web_gallery import counter, gallery_app, routes

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
GOOD = {
    "title": "Neglect", "email": "asha@example.org", "places": "12", "mode": "online", "topics": "neglect", "starts": "2026-03-03",
    "at": "9am", "agree": "yes",
}  # fmt: skip


def sign_in(browser: httpx2.AsyncClient, name: str) -> None:
    browser.cookies.set("sid", name)


def token_in(page: httpx2.Response) -> str:
    tokens: list[str] = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
    return tokens[-1]


def heading(page: httpx2.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    return found[1].strip() if found else ""


def says(page: httpx2.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


async def test_a_form_from_our_own_page_is_taken(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    answer = await browser.post("/form", data=GOOD | {"csrf_token": token}, headers=FROM_HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/parts?done=booked")
    assert "Your place is booked. We have sent you a letter with the details." in (await browser.get("/parts?done=booked")).text
    assert "notification-banner--success" not in (await browser.get("/parts?done=elsewhere")).text


async def test_tokens_differ_from_page_to_page_and_all_are_good(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    first, second = token_in(await browser.get("/form")), token_in(await browser.get("/form"))
    assert first != second
    assert [(await browser.post("/form", data=GOOD | {"csrf_token": token})).status_code for token in (first, second)] == [303, 303]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_a_good_token(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    answer = await browser.post("/form", data=GOOD | {"csrf_token": token}, headers=headers)
    assert (answer.status_code, heading(answer)) == (403, "You cannot do this")
    assert "Send again" not in answer.text


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1:8000"}, {"Origin": "http://localhost:8000"}, {}]
)
async def test_older_browsers_and_restored_tabs_get_through(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    assert (await browser.post("/form", data=GOOD | {"csrf_token": token}, headers=headers)).status_code == 303


@pytest.mark.parametrize("token", [None, "", "0" * 80])
async def test_a_form_without_the_token_of_this_sign_in_can_be_sent_again(browser: httpx2.AsyncClient, token: str | None) -> None:
    sign_in(browser, "asha")
    fields = GOOD | {"notes": 'two\nlines & "quotes"'} | ({} if token is None else {"csrf_token": token})
    answer = await browser.post("/form", data=fields, headers=FROM_HERE)
    assert (answer.status_code, heading(answer)) == (409, "Send this again")
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text.split("<main")[1]))
    assert (hidden["title"], hidden["notes"]) == ("Neglect", "two\nlines &amp; &#34;quotes&#34;")
    again = await browser.post("/form", data=GOOD | {"csrf_token": hidden["csrf_token"]}, headers=FROM_HERE)
    assert again.status_code == 303


async def test_a_token_of_an_earlier_sign_in_is_stale(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    browser.cookies.set("turn", "2")
    assert (await browser.post("/form", data=GOOD | {"csrf_token": token})).status_code == 409


async def test_a_form_sent_after_signing_out_is_kept_for_sending_again(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/form", data=GOOD, headers=FROM_HERE)
    assert (answer.status_code, heading(answer)) == (403, "You have been signed out")
    assert 'name="title" value="Neglect"' in answer.text


async def test_a_public_form_needs_no_token(browser: httpx2.AsyncClient) -> None:
    assert (await browser.post("/open-form", data=GOOD, headers=FROM_HERE)).status_code == 303


async def test_a_page_for_people_signed_in_leads_to_signing_in_and_back(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/form?from=%2F&x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fform%3Ffrom%3D%252F%26x%3D1")


async def test_a_page_for_another_role_does_not_exist(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    foreign, nowhere = await browser.get("/desk/sessions"), await browser.get("/nowhere")
    assert (foreign.status_code, heading(foreign)) == (404, "Page not found")
    assert nowhere.status_code == 404
    sign_in(browser, "dee")
    assert (await browser.get("/desk/sessions")).status_code == 200


async def test_a_form_with_errors_keeps_what_was_typed_and_leads_to_the_fields(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    answer = await browser.post(
        "/form", data=GOOD | {"csrf_token": token, "email": "asha<", "starts": "", "starts-day": "31"}, headers=FROM_HERE
    )
    assert answer.status_code == 422
    assert "<title>Error: Book a place \u2013 Children&#39;s MARS training</title>" in answer.text
    links = re.findall(r'<li><a href="(#[\w-]+)">(.*?)</a></li>', answer.text)
    assert links == [
        ("#email", "Enter an email address in the correct format, like name@example.com"),
        ("#starts-day", "The start date must include a month and year"),
    ]
    assert 'id="email" name="email" type="email" value="asha&lt;" aria-describedby="email-error"' in answer.text
    assert 'id="email-error"' in answer.text
    assert 'id="starts-day"' in answer.text


async def test_a_refusal_in_a_form_stands_at_its_top(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/open-form", data=GOOD | {"title": "full"}, headers=FROM_HERE)
    assert answer.status_code == 422
    assert "<li>This session is full. You can join the waiting list.</li>" in answer.text


async def test_more_than_two_hundred_fields_are_refused(browser: httpx2.AsyncClient) -> None:
    answers = [await browser.post("/open-form", data={f"f{n}": "x" for n in range(count)}, headers=FROM_HERE) for count in (150, 300)]
    assert [answer.status_code for answer in answers] == [422, 400]
    files = [("report", (f"{n}.txt", b"x")) for n in range(21)]
    assert (await browser.post("/open-form", files=files, headers=FROM_HERE)).status_code == 400


async def test_a_body_over_its_limit_is_refused_whether_it_says_its_length_or_not(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    large = b"title=" + b"x" * (1024 * 1024)

    async def drip() -> object:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    form = {**FROM_HERE, "Content-Type": "application/x-www-form-urlencoded"}
    answers = [await browser.post("/form", content=body, headers=form) for body in (large, drip())]  # type: ignore[arg-type]  # async bytes
    assert [(answer.status_code, heading(answer)) for answer in answers] == [(413, "What you sent is too large")] * 2


async def test_an_upload_may_be_larger_up_to_its_own_limit(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    token = token_in(await browser.get("/form"))
    two, thirty = ({"report": ("report.csv", b"x" * (size * 1024 * 1024))} for size in (2, 26))
    taken = await browser.post("/upload", files=two, data={"csrf_token": token}, headers=FROM_HERE)
    assert taken.json() == {"size": 2 * 1024 * 1024, "errors": {}}
    assert (await browser.post("/upload", files=thirty, data={"csrf_token": token}, headers=FROM_HERE)).status_code == 413
    assert (await browser.post("/small", files=two, data={"csrf_token": token}, headers=FROM_HERE)).status_code == 413


async def test_a_wrong_method_says_which_are_right(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/parts", headers=FROM_HERE)
    assert (answer.status_code, answer.headers["allow"], heading(answer)) == (405, "GET, HEAD", "That cannot be done from here")
    kept = await browser.delete("/kept", headers=FROM_HERE)
    assert (kept.status_code, kept.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("kind", "status", "title", "sentence"),
    [
        ("full", 409, "This cannot be done", "This session is full. You can join the waiting list."),
        ("field", 422, "Check what you entered", "The date must be in the future."),
        ("not-allowed", 403, "You cannot do this", "Only the training team can change this."),
        ("fast", 429, "Too many attempts", "You can try again in about 5 minutes."),
        (
            "database",
            503,
            "Sorry, the service is not available",
            "Nothing was changed. The service should be back in a minute: try again then.",
        ),
        ("bug", 500, "Sorry, there is a problem with the service", "Try again later."),
    ],
)
async def test_every_refusal_is_a_page_with_a_way_on(
    browser: httpx2.AsyncClient, kind: str, status: int, title: str, sentence: str
) -> None:
    answer = await browser.get(f"/refuse/{kind}")
    assert (answer.status_code, heading(answer)) == (status, title)
    assert sentence in says(answer)
    assert "mailto:mars.training@northlincs.example" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers.get("retry-after") == {429: "300", 503: "10"}.get(status)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_programs_are_answered_in_json(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/refuse/full", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json() == {"error": {"status": 409, "message": "This session is full. You can join the waiting list.", "code": "full"}}


async def test_json_is_taken_as_json_only(browser: httpx2.AsyncClient) -> None:
    plain = await browser.post("/json", content=b'{"a": 1}', headers=FROM_HERE | {"Content-Type": "text/plain"})
    broken = await browser.post("/json", content=b"{", headers=FROM_HERE | {"Content-Type": "application/json"})
    good = await browser.post("/json", content=b'{"a": 1}', headers=FROM_HERE | {"Content-Type": "application/json; charset=utf-8"})
    assert [answer.status_code for answer in (plain, broken, good)] == [415, 400, 200]
    assert good.json() == {"a": 1}


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", ""])
async def test_an_unknown_host_is_refused(browser: httpx2.AsyncClient, host: str) -> None:
    answer = await browser.get("/programme", headers={"Host": host})
    assert (answer.status_code, answer.text) == (400, "This service is not known by that name.\n")


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "[::1]:8000"])
async def test_loopback_is_known_by_all_its_names(browser: httpx2.AsyncClient, host: str) -> None:
    assert (await browser.get("/programme", headers={"Host": host})).status_code == 200


async def test_every_answer_carries_the_same_protective_headers(browser: httpx2.AsyncClient) -> None:
    expected = {name.decode(): value.decode() for name, value in security_headers("http://127.0.0.1:8000")}
    for address in ("/programme", "/parts", "/nowhere", "/refuse/bug", "/feed", "/favicon.ico", "/drip"):
        answer = await browser.get(address)
        assert {name: answer.headers.get(name) for name in expected} == expected
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", answer.headers["x-request-id"])


@pytest.mark.usefixtures("gallery")
async def test_https_is_strict_and_knows_one_name_only() -> None:
    transport = httpx2.ASGITransport(gallery_app("https://training.example.org"))
    async with httpx2.AsyncClient(transport=transport, base_url="https://training.example.org") as client:
        assert (await client.get("/programme")).headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert (await client.get("/programme", headers={"Host": "localhost"})).status_code == 400


async def test_personal_pages_are_not_stored_and_name_the_person(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    personal = await browser.get("/parts")
    assert personal.headers["cache-control"] == "no-store"
    assert "Asha Rahman" in personal.text
    assert "Not you? Sign out" in personal.text
    assert "Training team</a>" not in personal.text


async def test_pages_hold_nothing_inline(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "dee")
    for address in ("/programme", "/parts", "/form", "/desk/sessions", "/nowhere"):
        text = (await browser.get(address)).text
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", text) == []


async def test_every_address_that_a_page_loads_is_there(browser: httpx2.AsyncClient) -> None:
    text = (await browser.get("/programme")).text
    loaded = sorted(set(re.findall(r'"(/static/[^"]+)"', text)))
    assert [address.split("/", 3)[3] for address in loaded] == ["govuk-frontend/govuk-frontend.min.css", "icon.svg", "mars.css", "mars.js"]
    for address in loaded:
        answer = await browser.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert re.findall(r"url\((?!data:)", answer.text) == []
    accent = config.current().partnership.branding.accent
    own = await browser.get(next(address for address in loaded if address.endswith("mars.css")))
    assert own.text.endswith(f":root {{ --mars-accent: {accent}; }}\n")
    assert (await browser.get("/static/000000000000/mars.css")).headers["cache-control"] == "no-cache"
    assert [(await browser.get(f"/static/0/{name}")).status_code for name in ("govuk-frontend/README.md", "..%2Fpyproject.toml")] == [
        404,
        404,
    ]


async def test_the_first_view_of_a_list_is_small(browser: httpx2.AsyncClient) -> None:
    total = 0
    page = (await browser.get("/programme")).text
    digest = re.findall(r"/static/([0-9a-f]{12})/", page)[0]
    names = ("govuk-frontend/govuk-frontend.min.css", "govuk-frontend/govuk-frontend.min.js", "mars.css", "mars.js", "icon.svg")
    for address in ("/programme", *(f"/static/{digest}/{name}" for name in names)):
        async with browser.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
            total += len(b"".join([piece async for piece in answer.aiter_raw()]))
    assert total <= 40 * 1024


async def test_static_files_ask_for_nobody(browser: httpx2.AsyncClient) -> None:
    sign_in(browser, "asha")
    await browser.get("/favicon.ico")
    await browser.get("/feed")
    assert counter.looked_up == 0


async def test_text_is_compressed_where_that_is_wanted(browser: httpx2.AsyncClient) -> None:
    packed = await browser.get("/parts", headers={"Accept-Encoding": "gzip"})
    plain = await browser.get("/parts")
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert (await browser.get("/drip", headers={"Accept-Encoding": "gzip"})).text == "a" * 2000 + "b" * 2000


def test_every_route_says_who_may_use_it() -> None:
    table = {row.path: (row.methods, row.who, row.kept) for row in route_table(routes)}
    assert table["/desk/sessions"] == (("GET", "HEAD"), "desk", False)
    assert table["/form"] == (("GET", "HEAD", "POST"), "signed in", False)
    assert table["/kept"] == (("GET", "HEAD"), "anyone", True)
    assert "undeclared" not in {who for _, who, _ in table.values()}
