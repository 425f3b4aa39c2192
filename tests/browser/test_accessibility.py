"""axe finds nothing on any page, wide and narrow; nothing runs over the edge, and no page logs an error."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from playwright.async_api import Browser

from marstraining.attendance.actions import open_check_in
from marstraining.attendance.rules import MarkWord
from marstraining.bookings.actions import Wish, ask_to_book, book_place, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.certificates.actions import grant_owed_accreditations, issue_owed_certificates, withdraw_certificate
from marstraining.certificates.models import Certificate
from marstraining.core import config
from marstraining.core.clock import now, today_of
from marstraining.core.db import execute
from marstraining.core.tokens import derive_token, hash_token
from marstraining.core.viewer import SYSTEM, Role
from marstraining.core.working_time import WorkingCalendar
from marstraining.coverage.actions import NewLearning, add_external, seed_rules
from marstraining.coverage.actions.use import PURPOSE as ABOUT_USE
from marstraining.coverage.evidence import Evidence
from marstraining.digests.models import Digest
from marstraining.meeting_reports.model import NamedFile
from marstraining.meeting_reports.reading import look_at
from marstraining.messages.actions.health import flag_bounced_address, note_server_failing
from marstraining.messages.delivery import PostRoom, send_due_letters
from marstraining.messages.rules import Priority
from marstraining.people.actions import ask_for_sign_in, ask_to_confirm
from marstraining.people.models import Agency, Person, Position, SignIn
from marstraining.programme.models import Course, Session, SessionTrainer
from marstraining.record.models import Accreditation
from marstraining.reported_marks.actions.lists import put_aside
from marstraining.reports.actions import (
    add_meeting,
    name_action,
    remove_meeting,
    sign_off,
    take_annual_snapshot,
    take_paper,
    take_quarterly_snapshot,
)
from marstraining.reports.rules import Period, proposed_meeting
from marstraining.uploads.models import UploadedFile
from tests import makers
from tests.attendance.registers import a_held_session
from tests.browser.conftest import Site
from tests.browser.faults import faults_of
from tests.certificates.held import held_session, lock, mark
from tests.messages.letters import a_letter, an_entry, queued, row_of
from tests.reports.quarters import QUARTER, a_change, a_later_block, a_quarter

pytestmark = pytest.mark.browser

PUBLIC = (
    "/", "/programme", "/programme?q=nothing-like-this", "/programme?from=32/13/2027", "/programme/month", "/courses", "/courses/CP",
    "/calendar", "/help", "/accessibility", "/privacy", "/sign-in", "/sessions/{open}", "/sessions/{full}", "/sessions/{past}",
    "/sessions/{open}/book", "/sessions/{open}/lost-link", "/no-such-page", "/book/l/nothing", "/sign-in/l/nothing",
)  # fmt: skip
PERSONAL = (
    "/me", "/me/calendar", "/me/account", "/me/programme", "/sessions/{open}/book", "/sessions/{full}/book", "/bookings/{booked}",
    "/bookings/{booked}/cancel", "/bookings/{booked}/needs", "/bookings/{waiting}",
)  # fmt: skip
DESK = (
    "/desk", "/desk/sessions", "/desk/sessions/{open}", "/desk/courses", "/desk/venues", "/desk/people", "/desk/people/{asha}",
    "/desk/people/{asha}/leaver", "/desk/agencies", "/desk/agencies/new", "/desk/letters",
    "/desk/history", "/desk/history/session/{open}", "/desk/today/trainers", "/desk/sessions/{open}/book?q=a",
    "/desk/sessions/{open}/book/new", "/desk/sessions/{open}/needs", "/desk/sessions/{open}/write", "/desk/sessions/{open}/places",
    "/desk/sessions/{open}/decide", "/desk/sessions/{open}/call-off", "/desk/sessions/{open}/postpone", "/desk/sessions/{open}/move",
    "/desk/sessions/{open}/allocations", "/desk/ledger",
    "/desk/sessions/{open}/joining", "/desk/sessions/{open}/online", "/desk/sessions/{full}", "/desk/sessions/{open}/phones",
    "/desk/people/{asha}/bookings", "/desk/courses/CP/edit", "/desk/sessions/{invited}/invited", "/desk/sessions/{counted}/headcount",
)  # fmt: skip
LETTERS = (
    "/desk/letters", "/desk/letters?state=sent", "/desk/letters?state=held", "/desk/letters?state=failed",
    "/desk/letters?q=nothing-like-this", "/desk/letters/bounced", "/desk/letters/{sent}", "/desk/letters/{held}",
    "/desk/letters/{failed}", "/desk/letters/{sign_in}", "/desk/history/letter/{failed}", "/desk",
)  # fmt: skip


RECORD = ("/me/record", "/me/record/external", "/me/certificates", "/certificates/{valid}", "/certificates/{withdrawn}")
USE = ("{use}", "{use}?say=no", "{use}?done=use-yes")
CHECKED = ("/verify", "/verify?code=", "/verify?code=0000", "/verify?code={valid_code}", "/verify?code={withdrawn_code}", "{link}")
PAPERS = (
    "/desk/sessions/{held}/certificates", "/desk/sessions/{held}/certificates/{valid}/withdraw",
    "/desk/sessions/{held}/certificates/part/{ben}", "/desk/people/{asha}/record", "/desk/coverage", "/desk/coverage?month=overdue",
    "/desk/coverage?rule=NONE&month=later", "/desk/rules", "/desk/rules/MA-CORE", "/desk/rules/new", "/desk/courses/CP/edit",
    "/desk/rules/GCP2-USE", "/desk/today/unused",
)  # fmt: skip


async def test_public_pages(site: Site, chromium: Browser) -> None:
    addresses = [address.format(open=site.open_ref, full=site.full_ref, past=site.past_ref) for address in PUBLIC]
    assert await faults_of(chromium, site, addresses, []) == {}


async def test_pages_behind_letters_in_the_browser_that_asked_and_in_another(site: Site, chromium: Browser) -> None:
    wish = Wish(session_id=(await Session.get(ref=site.open_ref)).id, email="nia@school.example", name="Nia Newcomer")
    await ask_to_book(wish, network="192.0.2.1", cookie_token="wish", now=now())
    await ask_for_sign_in(site.asha.email or "", next_path="", network="192.0.2.1", cookie_token="challenge", now=now())
    addresses = [
        f"/book/l/{await site.token_of('finish_booking', 'link_token')}",
        f"/sign-in/l/{await site.token_of('sign_in', 'link_token')}",
    ]
    cookies: list[dict[str, object]] = [{"name": name, "value": name, "url": site.base_url} for name in ("wish", "challenge")]
    waiting = [f"/sessions/{site.open_ref}/book/sent", "/sign-in/sent"]
    assert await faults_of(chromium, site, [*addresses, *waiting], cookies) == {}
    assert await faults_of(chromium, site, addresses, []) == {}


async def test_personal_pages(site: Site, chromium: Browser) -> None:
    open_id, full_id = (await Session.get(ref=site.open_ref)).id, (await Session.get(ref=site.full_ref)).id
    by = makers.as_learner(site.asha)
    waiting = await join_list(BookPlace(session_id=full_id, learner_id=site.asha.id), by=by, now=now())
    before = [address for address in PERSONAL if address == "/sessions/{open}/book"]
    cookies = await site.sign_in(site.asha)
    assert await faults_of(chromium, site, [address.format(open=site.open_ref) for address in before], cookies) == {}
    booked = await book_place(BookPlace(session_id=open_id, learner_id=site.asha.id), by=by, now=now())
    names = {"open": site.open_ref, "full": site.full_ref, "booked": booked.ref, "waiting": waiting.ref}
    assert await faults_of(chromium, site, [address.format(**names) for address in PERSONAL], cookies) == {}
    assert await Booking.all().count() == 2


async def test_desk_pages(site: Site, chromium: Browser) -> None:
    open_id = (await Session.get(ref=site.open_ref)).id
    await book_place(BookPlace(session_id=open_id, learner_id=site.asha.id), by=makers.as_learner(site.asha), now=now())
    course = await Course.get(code="CP")
    invited = await makers.make_session(course=course, now=now(), starts=now() + timedelta(days=40), access="invited")
    counted = await makers.make_session(course=course, now=now(), starts=now() - timedelta(days=9), is_headcount_only=True)
    names = {"open": site.open_ref, "full": site.full_ref, "asha": site.asha.ref, "invited": invited.ref, "counted": counted.ref}
    addresses = [address.format(**names) for address in DESK]
    assert await faults_of(chromium, site, addresses, await site.sign_in(site.dee)) == {}


async def test_a_trainers_pages(site: Site, chromium: Browser) -> None:
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=await Session.get(ref=site.open_ref), person=tess, state="accepted", asked_at=now())
    addresses = ["/me", f"/teaching/{site.open_ref}", f"/me/sessions/{site.open_ref}"]
    assert await faults_of(chromium, site, addresses, await site.sign_in(tess)) == {}


async def test_the_register(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=3, course=await makers.make_course(last_admission_minutes=15))
    await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=now())
    pages = ("", f"/people/{held.learners[0].ref}", "/walk-in", "/walk-in?q=learner", "/walk-in/add", "/lock")
    addresses = [held.teaching + path for path in pages] + [
        f"/teaching/{held.session.ref}/check-in",
        "/check-in",
        "/check-in?q=123456",
        "/me/files",
    ]
    addresses += [f"/teaching/{held.session.ref}/{path}" for path in ("files", "report")]
    assert await faults_of(chromium, site, addresses, await site.sign_in(held.trainer)) == {}
    at_the_desk = [address.replace("/teaching/", "/desk/sessions/") for address in addresses if not address.endswith("/report")]
    at_the_desk += [f"/desk/sessions/{held.session.ref}/trainer-reports"]
    assert await faults_of(chromium, site, at_the_desk, await site.sign_in(site.dee)) == {}


async def test_records_certificates_and_rules(site: Site, chromium: Browser) -> None:
    names = await _a_year_of_training(site)
    at_desk, own = await site.sign_in(site.dee), await site.sign_in(site.asha)
    assert await faults_of(chromium, site, [address.format(**names) for address in RECORD], own) == {}
    assert await faults_of(chromium, site, [address.format(**names) for address in USE], []) == {}
    context = await chromium.new_context()
    await context.add_cookies(own)  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(f"{site.base_url}/certificates/{names['valid']}")
    names["link"] = (await page.locator(".mars-address").inner_text()).removeprefix(site.base_url)
    await context.close()
    assert await faults_of(chromium, site, [address.format(**names) for address in CHECKED], []) == {}
    assert await faults_of(chromium, site, [address.format(**names) for address in PAPERS], at_desk) == {}


async def test_the_boards_reports(site: Site, chromium: Browser) -> None:
    at_desk, nobody_yet = await site.sign_in(site.dee), await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,))
    reading = await site.sign_in(nobody_yet)
    assert await faults_of(chromium, site, ["/board"], reading) == {}
    held = await a_quarter(now(), code="CP-ISLE")
    await a_change(held.course, answers=12, asked=20)
    await a_later_block(answers=24, asked=40)
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=SYSTEM, now=now())
    annual, _ = await take_annual_snapshot(Period(2022), by=SYSTEM, now=now())
    shown = [f"/board/reports/{frozen.ref}", f"/board/reports/{annual.ref}"]
    assert await faults_of(chromium, site, ["/board", *shown, f"{shown[0]}/words", f"{shown[0]}/restricted"], at_desk) == {}
    assert await faults_of(chromium, site, ["/board", *shown], reading) == {}


async def test_the_boards_calendar(site: Site, chromium: Browser) -> None:
    at_desk, rae = await site.sign_in(site.dee), await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,))
    today = today_of(now())
    # As it was two months ago: one meeting with a signed paper, one with a draft that is late, one far off, one that was removed.
    then = now() - timedelta(days=60)
    refs = []
    for number, day in enumerate((-20, 12, 100, 200)):
        usual = proposed_meeting(today + timedelta(days=day), WorkingCalendar(), today=today - timedelta(days=60))
        draft = replace(usual, period=Period.holding(today).step(number - 4), place="Civic Centre", starts=time(14), note="Bring the plan")
        refs.append(await add_meeting(draft, by=SYSTEM, now=then))
    past, late, _, gone = refs
    paper = await take_paper(past, by=SYSTEM, now=now())
    await name_action(paper, "Train two more trainers", "Training coordinator", today, by=SYSTEM, now=now())
    await sign_off(paper, by=SYSTEM, now=now())
    await remove_meeting(gone, "Called off by the chair", by=SYSTEM, now=now())
    in_a_year = f"/board/meetings/new?on={(today + timedelta(days=300)).isoformat()}"
    year = f"/board/meetings/year?which=1&weekday=0&every=3&first={today:%Y-%m}&count=6&place="
    addresses = [
        "/board", "/desk", f"/board/meetings/{late}", f"/board/meetings/{past}", "/board/meetings/new",
        "/board/meetings/new?on-day=31&on-month=2", in_a_year,
        "/board/meetings/year", year, "/board/meetings/year?which=9", f"/board/reports/{paper}", f"/board/reports/{paper}/words",
    ]  # fmt: skip
    assert await faults_of(chromium, site, addresses, at_desk) == {}
    drafted = await take_paper(late, by=SYSTEM, now=now())
    await name_action(drafted, "Write to schools", "Ann Lee", today + timedelta(days=9), by=SYSTEM, now=now())
    shown = ["/board", f"/board/meetings/{late}", f"/board/reports/{drafted}", f"/board/reports/{drafted}/words"]
    assert await faults_of(chromium, site, shown, at_desk) == {}
    assert await faults_of(chromium, site, ["/board", f"/board/reports/{drafted}"], await site.sign_in(rae)) == {}


async def _a_year_of_training(site: Site) -> dict[str, str]:
    """Certificates that stand and that do not, somebody who came to part, learning elsewhere, an accreditation that ends, the rules."""
    await seed_rules(now=now())
    desk = makers.as_desk(site.dee)
    ben = await makers.make_person("Ben Cole", agency=await makers.make_agency("Humberside Police"), job_role="multi_agency")
    starts = now().replace(hour=9, minute=30, second=0, microsecond=0) - timedelta(days=40)
    licensed = await makers.make_course(
        "Graded Care Profile 2",
        code="GCP2",
        grants_accreditation=True,
        accreditation_months=2,
        counts_as="GCP2-P",
        outcomes=["Use the tool", "Share what it says"],
    )
    sessions = [await held_session(site.asha, ben, course=licensed, starts=starts, hours=6)]
    sessions.append(await held_session(site.asha, course=await Course.get(code="CP"), starts=starts - timedelta(days=30)))
    for session in sessions:
        await mark(session, site.asha, MarkWord.ATTENDED)
    await mark(sessions[0], ben, MarkWord.PARTIAL, minutes=140)
    for session in sessions:
        await lock(session)
    await issue_owed_certificates(now=now())
    await grant_owed_accreditations(now=now())
    await Accreditation.all().update(nonce="n", flagged_on=starts.date())
    held = await Accreditation.get()
    use = f"/accreditations/{held.ref}/{derive_token(config.current().secret_key, ABOUT_USE, held.id, 'n')}"
    valid, withdrawn = [await Certificate.get(session_id=session.id) for session in sessions]
    await withdraw_certificate(withdrawn.id, reason="Issued to the wrong person", by=desk, now=now())
    evidence = Evidence("certificate of the webinar.pdf", "application/pdf", b"%PDF-1.7")
    learnt = NewLearning("Neglect: what we learn from reviews", "NSPCC", starts.date(), 90, is_participatory=True, counts_as="DSL-ANNUAL")
    await add_external(learnt, evidence, by=makers.as_learner(site.asha), now=now())
    return {
        "valid": valid.ref, "withdrawn": withdrawn.ref, "valid_code": valid.code, "withdrawn_code": withdrawn.code,
        "held": sessions[0].ref, "ben": ben.ref, "asha": site.asha.ref, "use": use,
    }  # fmt: skip


SHEET = "Delegate,School,Work email,Time in,Time out,\nAsha Patel,St Luke's,asha@stlukes.example,09:30,12:30,x\nBen Cole,Police,,,,\n"


async def test_lists_whose_columns_nobody_knows_and_files_that_need_somebody(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=2, days=2)
    desk = makers.as_desk(site.dee)
    found = look_at(NamedFile("sign-in sheet of Hewson House.csv", SHEET.encode()))
    assert found
    files = [f"sheet {number}.csv" for number in (1, 2)]
    refs = [await put_aside(held.session.id, name, SHEET.encode() + name.encode(), name, found, by=desk, now=now()) for name in files]
    by_tess = await put_aside(held.session.id, "tess.csv", SHEET.encode(), "t", found, by=makers.as_learner(held.trainer), now=now())
    long_ago = now() - timedelta(hours=2)
    for number, (state, threat, last_error) in enumerate((("infected", "Eicar-Test-Signature", ""), ("waiting", "", "size limit"))):
        await UploadedFile.create(
            ref=f"{number:010}", file_name="a-rather-long-name-of-a-certificate-without-any-space.pdf", size=1, purpose="evidence",
            state=state, threat=threat, last_error=last_error, person=site.asha, at=long_ago, waiting_since=long_ago,
        )  # fmt: skip
    root = f"/desk/sessions/{held.session.ref}"
    addresses = [f"{root}/reports", f"{root}/reports?done=gone", f"{root}/reports/columns/{refs[0]}", "/desk/uploads", "/desk"]
    assert await faults_of(chromium, site, addresses, await site.sign_in(site.dee)) == {}
    own = [f"/teaching/{held.session.ref}/reports", f"/teaching/{held.session.ref}/reports/columns/{by_tess}"]
    assert await faults_of(chromium, site, own, await site.sign_in(held.trainer)) == {}
    await UploadedFile.all().delete()
    assert await faults_of(chromium, site, ["/desk/uploads"], await site.sign_in(site.dee)) == {}


async def test_the_outbox(site: Site, chromium: Browser) -> None:
    entry = an_entry()
    await queued(
        a_letter("sent", calendar=(entry,)), a_letter("held"), a_letter("failed"), a_letter("sign_in", priority=Priority.SIGN_IN), now=now()
    )
    await execute(
        "UPDATE messages_letter SET state = key, last_error = 'The recipient was not accepted: 550', tries = 2 WHERE key <> 'sign_in'"
    )
    failed = await row_of("failed")
    await flag_bounced_address("asha@school.example", letter_id=failed["id"], reason="550 no such mailbox", now=now())
    await note_server_failing("the mail server does not accept our user name and password", now=now())
    refs = {key: (await row_of(key))["ref"] for key in ("sent", "held", "failed", "sign_in")}
    addresses = [address.format(**refs) for address in LETTERS]
    assert await faults_of(chromium, site, addresses, await site.sign_in(site.dee)) == {}


async def test_confirming_who_it_is_and_the_demos_letters(site: Site, chromium: Browser) -> None:
    cookies = await site.sign_in(site.dee)
    await SignIn.all().update(stepped_up_at=None)
    await Person.filter(id=site.dee.id).update(second_email="dee@home.example")
    asking, file = "/confirm?next=/desk/people", "/confirm?next=/desk/people%3Fexport%3Dcsv&file=yes"
    assert await faults_of(chromium, site, [asking], cookies) == {}
    token = cookies[0]["value"]
    await ask_to_confirm(sign_in_token=token, network="192.0.2.1", device="Chromium", by=makers.as_desk(site.dee), now=now())
    assert await faults_of(chromium, site, [asking], cookies) == {}
    await SignIn.all().update(stepped_up_at=now())
    config.use(replace(config.current(), shows_mail=True))
    await queued(a_letter("one"), now=now())
    await send_due_letters(PostRoom(config.current(), name="tester"))
    folder = config.current().mail_folder
    assert folder is not None
    letters = [f"/demo/mail/{path.name}" for path in folder.glob("*.eml")]
    assert len(letters) == 2
    assert await faults_of(chromium, site, [file, "/demo/mail", *letters], cookies) == {}


LEAD = (
    "/agency", "/agency/staff", "/agency/staff?q=nobody", "/agency/staff/{asha}", "/agency/bookings", "/agency/bookings/{booked}",
    "/agency/bookings/{booked}/cancel",
    "/agency/sessions/{open}", "/agency/ledger", "/agency/check", "/agency/inspection", "/agency/due", "/me/sessions/{open}",
    "/me/account", "/me/account/digest", "{stop}", "{stop}?done=weekly",
)  # fmt: skip


async def test_an_agency_leads_pages(site: Site, chromium: Browser) -> None:
    open_id = (await Session.get(ref=site.open_ref)).id
    booked = await book_place(BookPlace(session_id=open_id, learner_id=site.asha.id), by=makers.as_learner(site.asha), now=now())
    school = await Agency.get(id=(await Position.get(person_id=site.asha.id)).agency_id)
    lena = await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    licensed = await makers.make_course("Graded Care Profile 2", grants_accreditation=True)
    await Accreditation.create(person=site.asha, course=licensed, granted_on=now().date(), flagged_on=now().date())
    await Digest.create(person=lena, told_until=now(), weekly_on=now().date(), nonce="n", token_hash=hash_token("t" * 64))
    names = {"open": site.open_ref, "asha": site.asha.ref, "booked": booked.ref, "stop": f"/digests/stop/{'t' * 64}"}
    assert await faults_of(chromium, site, [address.format(**names) for address in LEAD], await site.sign_in(lena)) == {}
