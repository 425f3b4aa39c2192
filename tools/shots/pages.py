"""Which pages are shown, to whom, with what typed; and where the references in their addresses come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOBODY, LEARNER, TRAINER, AGENCY_LEAD, DESK, ADMINISTRATOR = "", "learner", "trainer", "agency_lead", "desk", "administrator"


@dataclass(frozen=True)
class Shown:
    """One picture: its file's name, the address, who looks, and what is typed by field before a button is pressed.

    Words in braces in an address are references found in the demo, see `REFERENCES`, or links of letters. In the button's name `|` stands
    between two that it may have. `status` is what the address answers.
    """

    name: str
    address: str
    by: str = NOBODY
    typed: Mapping[str, str] = field(default_factory=dict)
    press: str = ""
    status: int = 200


_IN_60_DAYS = (datetime.now(UTC) + timedelta(days=60)).date()
_SOON = (_IN_60_DAYS + timedelta(days=-_IN_60_DAYS.weekday() % 7 + 1)).isoformat()  # a Tuesday: courses are on weekdays
_COMING = "s.state = 'published' AND s.starts_at > datetime('now')"
_TAKEN = "(SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state IN ('confirmed', 'offered'))"
_SESSION = "SELECT s.ref FROM programme_session s JOIN programme_course c ON c.id = s.course_id WHERE "
_OWN = (
    "SELECT b.ref FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id "
    "WHERE b.learner_id = (SELECT id FROM people_person WHERE name = 'Asha Begum') AND b.state = "
)
_OWN_LATER = f"{_OWN}'confirmed' AND s.starts_at > datetime('now') ORDER BY s.starts_at DESC LIMIT 1"
_OPEN = f"{_SESSION}{_COMING} AND c.code = 'CP' AND s.delivery = 'in person' AND {_TAKEN} BETWEEN 5 AND s.capacity - 1 ORDER BY s.starts_at"
_FULL = f"{_SESSION}{_COMING} AND {_TAKEN} >= s.capacity AND s.has_catering ORDER BY s.starts_at"
_BOOKING = "SELECT b.ref FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id WHERE "
_NEEDS = "SELECT 1 FROM bookings_needs n JOIN bookings_booking b ON b.id = n.booking_id WHERE b.session_id = s.id"
_PAST = f"{_SESSION}s.state = 'published' AND s.starts_at < datetime('now') AND {_TAKEN} > 0 ORDER BY s.starts_at DESC"
_TAUGHT = (
    "SELECT s.ref FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id"
    f" JOIN people_person p ON p.id = t.person_id WHERE p.name = 'Tom Hargreave' AND {_COMING} ORDER BY s.starts_at"
)
_ON_ROLL = (
    "SELECT p.ref FROM people_person p JOIN bookings_booking b ON b.learner_id = p.id JOIN programme_session s ON s.id = b.session_id"
    " WHERE b.state = 'confirmed' AND s.ref = (SELECT ref FROM "
)
# Each is read from the demo's database; a page whose reference is not found is reported, not left out in silence.
REFERENCES = {
    "entry": "SELECT ref FROM search_entry WHERE key = 'cse'",
    "meeting": "SELECT ref FROM reports_meeting WHERE meets_on > date('now') AND removed_at IS NULL ORDER BY meets_on",
    "paper": "SELECT s.ref FROM reports_snapshot s JOIN reports_meeting m ON m.snapshot_id = s.id ORDER BY m.meets_on DESC",
    "draft_report": "SELECT s.ref FROM reports_snapshot s WHERE s.kind = 'quarterly' AND NOT EXISTS"
    " (SELECT 1 FROM reports_wording w WHERE w.snapshot_id = s.id AND w.signed_at IS NOT NULL) ORDER BY s.id DESC",
    "open": _OPEN,
    "full": _FULL,
    "online": f"{_SESSION}{_COMING} AND c.code = 'EHPP' AND s.delivery = 'online' AND {_TAKEN} < s.capacity ORDER BY s.starts_at DESC",
    "hybrid": f"{_SESSION}{_COMING} AND s.capacity_room > 0 ORDER BY s.starts_at",
    "two_days": f"{_SESSION}{_COMING} AND c.code = 'GCP2-TTT' AND {_TAKEN} > 0",
    "not_open": f"{_SESSION}{_COMING} AND s.opens_at > datetime('now') ORDER BY s.starts_at",
    "elsewhere": f"{_SESSION}{_COMING} AND c.code = 'EYUPDAD' ORDER BY s.starts_at",
    "headcount": f"{_SESSION}{_COMING} AND s.is_headcount_only ORDER BY s.starts_at",
    "undecided": f"{_SESSION}{_COMING} AND s.decide_by IS NOT NULL AND s.decided_at IS NULL ORDER BY s.starts_at",
    "invited": f"{_SESSION}{_COMING} AND EXISTS (SELECT 1 FROM programme_invited i WHERE i.session_id = s.id) ORDER BY s.starts_at",
    "needs": f"{_SESSION}{_COMING} AND EXISTS ({_NEEDS}) ORDER BY s.starts_at",
    "off": f"{_SESSION}s.state = 'called_off'",
    "postponed": f"{_SESSION}s.state = 'postponed'",
    "draft": f"{_SESSION}s.state = 'draft' ORDER BY s.starts_at",
    "past": _PAST,
    "past_person": f"{_ON_ROLL}({_PAST}) LIMIT 1)",
    "taught_person": f"{_ON_ROLL}({_TAUGHT}) LIMIT 1)",
    "own": f"SELECT ref FROM programme_session WHERE id = (SELECT session_id FROM bookings_booking WHERE ref = ({_OWN_LATER}))",
    "teaching": _TAUGHT,
    "teaching_needs": "SELECT s.ref FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id"
    f" JOIN people_person p ON p.id = t.person_id WHERE p.name = 'Tom Hargreave' AND {_COMING} AND EXISTS ({_NEEDS}) ORDER BY s.starts_at",
    "booked": f"{_OWN}'confirmed' AND s.starts_at > datetime('now') ORDER BY s.starts_at",
    "booked_later": _OWN_LATER,
    "been": f"{_OWN}'confirmed' AND s.starts_at < datetime('now')",
    "waiting": f"{_OWN}'waiting'",
    "asked": "SELECT b.ref FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id"
    " JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
    " WHERE p.name = 'Lena Osei' AND b.state = 'confirmed' AND c.code = 'EHPP' AND s.starts_at > datetime('now')",
    "offered": f"{_OWN}'offered'",
    "of_open": f"{_BOOKING}b.state = 'confirmed' AND s.ref = ({_OPEN} LIMIT 1)",
    "of_full": f"{_BOOKING}b.state = 'waiting' AND s.ref = ({_FULL} LIMIT 1)",
    "venue": "SELECT ref FROM programme_venue WHERE NOT is_online AND directions <> ''",
    "unused": "SELECT p.ref FROM people_person p JOIN record_accreditation a ON a.person_id = p.id WHERE a.flagged_on IS NOT NULL",
    "asha": "SELECT ref FROM people_person WHERE name = 'Asha Begum'",
    "lena": "SELECT ref FROM people_person WHERE name = 'Lena Osei'",
    "tom": "SELECT ref FROM people_person WHERE name = 'Tom Hargreave'",
    "suggested": "SELECT code FROM people_agency WHERE state = 'suggested'",
    "letter": "SELECT ref FROM messages_letter WHERE template = 'joining_instructions'",
    "failed_letter": "SELECT ref FROM messages_letter WHERE state = 'failed'",
    "sign_in_letter": "SELECT ref FROM messages_letter WHERE template = 'sign_in'",
}

# What stands in letters of the demo, by the words around the token.
LINKS = {
    "letter_link": r"/b/[0-9a-z]+/[^/\s\"<>]+(?=\s)",
    "sign_in_link": r"/sign-in/l/[^/\s\"<>]+",
    "use_link": r"/accreditations/[0-9a-z]+/[^/\s\"<>?]+",
    "finish_link": r"/book/l/[^/\s\"<>]+",
    "confirm_link": r"/me/account/confirm/[^/\s\"<>]+",
}

# Done once, before any picture, so that the letters of these are there: they change the demo that is shown.
FIRST = (
    Shown("", "/sign-in", typed={"email": "lena.osei@stlukes.example"}, press="Email me a link"),
    Shown(
        "",
        "/sessions/{open}/book",
        typed={
            "name": "Noor Haddad",
            "email": "noor.haddad@example.org",
            "agency": "not-listed",
            "agency_typed": "Brigg Youth Club",
            "job_role": "school_staff",
        },
        press="Email me the link",
    ),
    Shown("", "/me/account/email", LEARNER, {"email": "asha.begum@example.org"}, "Send me a link"),
)

PUBLIC = (
    Shown("home", "/"),
    Shown("programme", "/programme"),
    Shown("programme-filtered", "/programme?delivery=in+person&places=yes&when=half+day"),
    Shown("programme-nothing", "/programme?q=nothing-like-this"),
    Shown("programme-wrong-date", "/programme?from=32/13/2027"),
    Shown("month", "/programme/month"),
    Shown("courses", "/courses"),
    Shown("course", "/courses/CP"),
    Shown("course-prerequisite", "/courses/GCP2"),
    Shown("search", "/search"),
    Shown("search-found", "/search?q=neglect+training+for+early+years+staff"),
    Shown("search-mended", "/search?q=nelgect+toolkit"),
    Shown("search-two-dates", "/search?q=early+help+next+friday"),
    Shown("search-nothing", "/search?q=xylophone"),
    Shown("search-signpost", "/search?help=child_at_risk"),
    Shown("desk-lexicon", "/desk/lexicon?try=nelgect+training+in+may", by=DESK),
    Shown("desk-lexicon-new", "/desk/lexicon/new", by=DESK),
    Shown("desk-lexicon-entry", "/desk/lexicon/{entry}", by=DESK),
    Shown("resources", "/resources"),
    Shown("resources-nothing", "/resources?q=nothing-like-this"),
    Shown("resource", "/resources/7MB-CSE"),
    Shown("resource-broken", "/resources/CAMP-LOOKCLOSER"),
    Shown("resource-withdrawn", "/resources/7MB-SLEEP", status=410),
    Shown("topics", "/topics"),
    Shown("topic", "/topics/neglect"),
    Shown("topic-news", "/topics/neglect/news"),
    Shown("topic-news-wrong", "/topics/neglect/news", press="Tell me what is new"),
    Shown("topic-news-sent", "/topics/neglect/news", typed={"email": "new.comer@example.org"}, press="Tell me what is new"),
    Shown("topic-confirm-over", "/bulletins/confirm/nothing"),
    Shown("calendar", "/calendar"),
    Shown("calendar-filtered", "/calendar?delivery=online"),
    Shown("help", "/help"),
    Shown("chat", "/chat"),
    Shown("chat-found", "/chat", typed={"text": "child protection training"}, press="Send"),
    Shown("chat-worry", "/chat", typed={"text": "a child told me her dad hits her"}, press="Send"),
    Shown("chat-not-understood", "/chat", typed={"text": "xylq"}, press="Send"),
    Shown("chat-understands", "/chat/what-it-understands"),
    Shown("chat-works", "/chat/how-it-works"),
    Shown("privacy", "/privacy"),
    Shown("accessibility", "/accessibility"),
    *(
        Shown(f"session-{name.replace('_', '-')}", f"/sessions/{{{name}}}")
        for name in ("open", "full", "online", "hybrid", "two_days", "not_open", "elsewhere", "headcount", "off", "postponed", "past")
    ),
    Shown("newcomer", "/sessions/{open}/book"),
    Shown("newcomer-hybrid", "/sessions/{hybrid}/book"),
    Shown("newcomer-wrong", "/sessions/{open}/book", press="Email me the link"),
    Shown(
        "newcomer-sent",
        "/sessions/{online}/book",
        typed={
            "name": "Idris Khan",
            "email": "idris.khan@example.org",
            "agency": "not-listed",
            "agency_typed": "Ashby Chapel",
            "job_role": "governor",
        },
        press="Email me the link",
    ),
    Shown("newcomer-finish", "{finish_link}"),
    Shown("newcomer-link-over", "/book/l/nothing", status=404),
    Shown("lost-link", "/sessions/{open}/lost-link"),
    Shown("from-letter", "{letter_link}"),
    Shown("from-letter-cancel", "{letter_link}/cancel"),
    Shown("from-letter-wrong", "/b/{booked}/wrong", status=404),
    Shown("check-in", "/check-in"),
    Shown("check-in-wrong", "/check-in", press="Check in"),
    Shown("demo-letters", "/demo/mail"),
    Shown("demo-letter", "/demo/mail/{demo_letter}"),
    Shown("sign-in", "/sign-in"),
    Shown("sign-in-wrong", "/sign-in", typed={"email": "asha.begum"}, press="Email me a link"),
    Shown("sign-in-sent", "/sign-in", typed={"email": "nobody@example.org"}, press="Email me a link"),
    Shown("sign-in-link", "{sign_in_link}"),
    Shown("sign-in-link-over", "/sign-in/l/nothing", status=410),
    Shown("bulletins-stop", "/bulletins/stop/nothing", status=404),
    Shown("error-404", "/no-such-page", status=404),
    Shown("error-405", "/sign-out", status=405),
)

PERSONAL = (
    Shown("me", "/me", LEARNER),
    Shown("chat-card", "/chat", LEARNER, typed={"text": "book me on the next child protection course"}, press="Send"),
    Shown("chat-bookings", "/chat", LEARNER, typed={"text": "what have I booked"}, press="Send"),
    Shown("me-nothing", "/me", ADMINISTRATOR),
    Shown("me-news", "/me/news", LEARNER),
    Shown("me-telegram", "/me/account/telegram", LEARNER),
    Shown("me-trainer", "/me", TRAINER),
    Shown("me-agency-lead", "/me", AGENCY_LEAD),
    Shown("me-programme", "/me/programme", LEARNER),
    Shown("me-session", "/me/sessions/{open}", LEARNER),
    Shown("me-session-booked", "/me/sessions/{own}", LEARNER),
    Shown("me-session-teaching", "/me/sessions/{teaching}", TRAINER),
    Shown("me-course", "/me/courses/CP", LEARNER),
    Shown("me-resources", "/me/resources", LEARNER),
    Shown("teaching", "/teaching/{teaching}", TRAINER),
    Shown("register", "/teaching/{teaching}/register", TRAINER),
    Shown("register-needs", "/teaching/{teaching_needs}/register", TRAINER, press="Show what they need"),
    Shown("register-lock", "/teaching/{teaching}/register/lock", TRAINER),
    Shown("register-check-in", "/teaching/{teaching}/check-in", TRAINER),
    Shown("register-walk-in", "/teaching/{teaching}/register/walk-in", TRAINER),
    Shown("register-walk-in-add", "/teaching/{teaching}/register/walk-in/add", TRAINER),
    Shown("register-person", "/teaching/{teaching}/register/people/{taught_person}", TRAINER),
    Shown("teaching-files", "/teaching/{teaching}/files", TRAINER),
    Shown("teaching-report", "/teaching/{teaching}/report", TRAINER),
    Shown("me-files", "/me/files", LEARNER),
    Shown("teaching-needs", "/teaching/{teaching_needs}", TRAINER, press="Show what they need"),
    Shown("book", "/sessions/{online}/book", LEARNER),
    Shown("book-full", "/sessions/{full}/book", AGENCY_LEAD),
    Shown("book-hybrid", "/sessions/{hybrid}/book", AGENCY_LEAD),
    Shown("book-prerequisite", "/sessions/{full}/book", TRAINER),
    Shown("book-again", "/sessions/{own}/book", LEARNER),
    Shown("booking", "/bookings/{booked}", LEARNER),
    Shown("booking-later", "/bookings/{booked_later}?done=booked", LEARNER),
    Shown("booking-past", "/bookings/{been}", LEARNER),
    Shown("booking-waiting", "/bookings/{waiting}", LEARNER),
    Shown("booking-offered", "/bookings/{offered}", LEARNER),
    Shown("booking-cancel", "/bookings/{booked_later}/cancel", LEARNER),
    Shown("booking-leave-list", "/bookings/{waiting}/cancel", LEARNER),
    Shown("booking-needs", "/bookings/{booked_later}/needs", LEARNER),
    Shown("booking-questions", "/bookings/{asked}/questions", AGENCY_LEAD),
    Shown("new-dates", "/courses/CP/new-dates", LEARNER),
    Shown("me-calendar", "/me/calendar", LEARNER),
    Shown("me-calendar-made", "/me/calendar", TRAINER, press="Make my calendar address|Make a new address"),
    Shown("account", "/me/account", LEARNER),
    Shown("account-name", "/me/account/name", LEARNER),
    Shown("account-email", "/me/account/email", LEARNER),
    Shown("account-email-confirm", "{confirm_link}", LEARNER),
    Shown("account-calendar", "/me/account/calendar", LEARNER),
    Shown("account-agency-lead", "/me/account", AGENCY_LEAD),
    Shown("account-digest", "/me/account/digest", AGENCY_LEAD),
    Shown("agency-due", "/agency/due", AGENCY_LEAD),
    Shown("still-using", "{use_link}"),
    Shown("desk-record-unused", "/desk/people/{unused}/record", DESK),
    Shown("account-post", "/me/account/post", LEARNER),
    Shown("error-personal", "/desk", LEARNER, status=404),
)

TODAY = (
    "decisions", "postponed", "trainers", "links", "low", "numbers", "lists", "offers",
    "needs", "registers", "leavers", "learning", "organisations", "unused",
)  # fmt: skip
AT_THE_DESK = (
    Shown("desk-today", "/desk", DESK),
    *(Shown(f"desk-today-{kind}", f"/desk/today/{kind}", DESK) for kind in TODAY),
    Shown("desk-sessions", "/desk/sessions", DESK),
    Shown("desk-sessions-nothing", "/desk/sessions?q=nothing-like-this", DESK),
    *(
        Shown(f"desk-session-{name.replace('_', '-')}", f"/desk/sessions/{{{name}}}", DESK)
        for name in ("open", "full", "hybrid", "two_days", "undecided", "draft", "postponed", "off", "past", "headcount")
    ),
    Shown("desk-resources", "/desk/resources", DESK),
    Shown("desk-resource", "/desk/resources/7MB-CSE", DESK),
    Shown("desk-resource-new", "/desk/resources/new", DESK),
    Shown("desk-resource-edit", "/desk/resources/KIT-GCP2/edit", DESK),
    Shown("desk-resource-file", "/desk/resources/7MB-CSE/file", DESK),
    Shown("desk-resource-check", "/desk/resources/7MB-CSE/check", DESK),
    Shown("desk-resource-withdraw", "/desk/resources/7MB-CSE/withdraw", DESK),
    Shown("desk-book", "/desk/sessions/{open}/book", DESK),
    Shown("desk-book-found", "/desk/sessions/{open}/book?q=asha", DESK),
    Shown("desk-book-new", "/desk/sessions/{open}/book/new", DESK),
    Shown("desk-book-person", "/desk/sessions/{open}/book/{lena}", DESK),
    Shown("desk-book-list", "/desk/sessions/{full}/book/{lena}", DESK),
    Shown("desk-booking", "/desk/sessions/{open}/bookings/{of_open}", DESK),
    Shown("desk-booking-waiting", "/desk/sessions/{full}/bookings/{of_full}", DESK),
    Shown("desk-booking-cancel", "/desk/sessions/{open}/bookings/{of_open}/cancel", DESK),
    Shown("desk-needs", "/desk/sessions/{needs}/needs", DESK),
    Shown("desk-invited", "/desk/sessions/{invited}/invited", DESK),
    Shown("desk-headcount", "/desk/sessions/{headcount}/headcount", DESK),
    Shown("desk-register", "/desk/sessions/{past}/register", DESK),
    Shown("desk-register-person", "/desk/sessions/{past}/register/people/{past_person}", DESK),
    Shown("desk-register-lock", "/desk/sessions/{past}/register/lock", DESK),
    Shown("desk-register-walk-in", "/desk/sessions/{past}/register/walk-in?q=asha", DESK),
    Shown("desk-register-walk-in-add", "/desk/sessions/{past}/register/walk-in/add", DESK),
    Shown("desk-check-in", "/desk/sessions/{past}/check-in", DESK),
    Shown("desk-files", "/desk/sessions/{past}/files", DESK),
    Shown("desk-reports", "/desk/sessions/{past}/reports", DESK),
    Shown("board", "/board", DESK),
    Shown("board-meeting", "/board/meetings/{meeting}", DESK),
    Shown("board-meeting-new", "/board/meetings/new", DESK),
    Shown("board-meeting-proposed", f"/board/meetings/new?on={_IN_60_DAYS.isoformat()}", DESK),
    Shown("board-meetings-year", "/board/meetings/year", DESK),
    Shown("board-paper", "/board/reports/{paper}", DESK),
    Shown("board-restricted", "/board/reports/{paper}/restricted", DESK),
    Shown("board-words", "/board/reports/{draft_report}/words", DESK),
    Shown("desk-uploads", "/desk/uploads", DESK),
    Shown("desk-trainer-reports", "/desk/sessions/{past}/trainer-reports", DESK),
    Shown("desk-phones", "/desk/sessions/{open}/phones", DESK),
    Shown("desk-write", "/desk/sessions/{open}/write", DESK),
    Shown(
        "desk-write-preview",
        "/desk/sessions/{open}/write",
        DESK,
        {"subject": "Where to park", "text": "Please use the rear car park."},
        "Preview",
    ),
    Shown("desk-call-off", "/desk/sessions/{open}/call-off", DESK),
    Shown("desk-postpone", "/desk/sessions/{open}/postpone", DESK),
    Shown("desk-joining", "/desk/sessions/{open}/joining", DESK),
    Shown("desk-move", "/desk/sessions/{open}/move", DESK),
    Shown("desk-move-postponed", "/desk/sessions/{postponed}/move", DESK),
    Shown("desk-online", "/desk/sessions/{open}/online", DESK),
    Shown("desk-places", "/desk/sessions/{open}/places", DESK),
    Shown("desk-decide", "/desk/sessions/{undecided}/decide", DESK),
    Shown("desk-trainers", "/desk/sessions/{open}/trainers", DESK),
    Shown("desk-session-choose", "/desk/sessions/new", DESK),
    Shown("desk-session-new", "/desk/sessions/new?course=CP", DESK),
    Shown("desk-session-new-wrong", "/desk/sessions/new?course=CP", DESK, press="Save"),
    Shown("desk-session-edit", "/desk/sessions/{open}/edit", DESK),
    Shown("desk-session-copy", "/desk/sessions/{open}/copy", DESK),
    Shown("desk-session-delete", "/desk/sessions/{draft}/delete", DESK),
    Shown("desk-series-choose", "/desk/series", DESK),
    Shown("desk-series", "/desk/series?course=CP", DESK),
    Shown("desk-series-looked", "/desk/series?course=CP", DESK, {"first": _SOON, "starts": "09:30", "ends": "15:30"}, "Look at the dates"),
    Shown("desk-series-wrong", "/desk/series?course=CP", DESK, press="Look at the dates"),
    Shown("desk-roll", "/desk/roll-forward", DESK),
    Shown("desk-roll-looked", "/desk/roll-forward", DESK, press="Look at the dates"),
    Shown("desk-courses", "/desk/courses", DESK),
    Shown("desk-course-new", "/desk/courses/new", DESK),
    Shown("desk-course-wrong", "/desk/courses/new", DESK, press="Save the course"),
    Shown("desk-course-edit", "/desk/courses/CP/edit", DESK),
    Shown("desk-venues", "/desk/venues", DESK),
    Shown("desk-venue-new", "/desk/venues/new", DESK),
    Shown("desk-venue-edit", "/desk/venues/{venue}/edit", DESK),
    Shown("desk-people", "/desk/people", DESK),
    Shown("desk-people-found", "/desk/people?q=begum", DESK),
    Shown("desk-person", "/desk/people/{asha}", DESK),
    Shown("desk-person-administrator", "/desk/people/{tom}", ADMINISTRATOR),
    Shown("desk-person-bookings", "/desk/people/{asha}/bookings", DESK),
    Shown("desk-person-new", "/desk/people/new", DESK),
    Shown("desk-person-new-wrong", "/desk/people/new", DESK, press="Add this person"),
    Shown("desk-person-merge", "/desk/people/{asha}/merge", DESK),
    Shown("desk-person-leaver", "/desk/people/{asha}/leaver", DESK),
    Shown("desk-agencies", "/desk/agencies", DESK),
    Shown("desk-agency", "/desk/agencies/STLUKES", DESK),
    Shown("desk-agency-suggested", "/desk/agencies/{suggested}", DESK),
    Shown("desk-agency-new", "/desk/agencies/new", DESK),
    Shown("desk-agency-edit", "/desk/agencies/STLUKES/edit", DESK),
    Shown("desk-agency-merge", "/desk/agencies/{suggested}/merge", DESK),
    Shown("desk-contacts", "/desk/contacts", DESK),
    Shown("desk-letters", "/desk/letters", DESK),
    Shown("desk-letters-failed", "/desk/letters?state=failed", DESK),
    Shown("desk-letters-nothing", "/desk/letters?q=nothing-like-this", DESK),
    Shown("desk-letters-bounced", "/desk/letters/bounced", DESK),
    Shown("desk-letter", "/desk/letters/{letter}", DESK),
    Shown("desk-letter-failed", "/desk/letters/{failed_letter}", DESK),
    Shown("desk-letter-sign-in", "/desk/letters/{sign_in_letter}", DESK),
    Shown("desk-history", "/desk/history", DESK),
    Shown("desk-history-session", "/desk/history/session/{open}", DESK),
    Shown("desk-history-letter", "/desk/history/letter/{failed_letter}", DESK),
    Shown("desk-error-404", "/desk/sessions/nothing", DESK, status=404),
)

EVERY_PAGE = (*PUBLIC, *PERSONAL, *AT_THE_DESK)

# Routes that give a file, a word to a machine or only an answer to a button: nothing to look at. Of /confirm there is nothing to see for
# whoever has just signed in.
NOT_TO_LOOK_AT = {
    "/sitemap.xml", "/search/suggestions",
    "/robots.txt", "/.well-known/security.txt", "/healthz", "/readyz", "/metrics", "/calendar/programme.ics",
    "/sessions/{ref}.ics", "/bookings/{ref}/calendar.ics", "/calendar/{token}.ics", "/desk/letters/{ref}/body", "/sign-in/sent",
    "/sessions/{ref}/book/sent", "/files/{ref}", "/confirm",
    *(f"{prefix}/{ending}" for prefix in ("/teaching/{ref}", "/desk/sessions/{ref}")
      for ending in ("check-in.svg", "check-in.json", "print/{kind}", "reports/columns/{waiting}")),
}  # fmt: skip

ERRORS = (400, 403, 409, 413, 415, 422, 429, 500, 503)  # pages that no visitor can bring about at will, by their status

# For the README: page, by whom, how wide and high.
README = {
    "programme": ("/programme", NOBODY, 1280, 900),
    "session-phone": ("/sessions/{open}", NOBODY, 390, 800),
    "me": ("/me", LEARNER, 1280, 900),
    "today": ("/desk", DESK, 1280, 900),
}
