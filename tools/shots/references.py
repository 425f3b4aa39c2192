"""Where the references in addresses come from, and what is done first so that there is something to show."""

from tools.shots.shown import DESK, LEARNER, Shown

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
_ASHA = "(SELECT id FROM people_person WHERE name = 'Asha Begum')"
_OF_ST_LUKES = (
    "FROM people_person p JOIN people_position o ON o.person_id = p.id JOIN people_agency a ON a.id = o.agency_id WHERE a.code = 'STLUKES'"
)
_REPORTED = (
    f"{_SESSION}s.state = 'published' AND s.delivery = 'online' AND s.ends_at < datetime('now') AND {_TAKEN} > 3 ORDER BY s.starts_at DESC"
)
_CERTIFIED = (
    "SELECT s.ref FROM certificates_certificate c JOIN programme_session s ON s.id = c.session_id GROUP BY s.id"
    " ORDER BY s.starts_at DESC LIMIT 1"
)
_IN_PART = (
    "FROM attendance_mark m JOIN programme_session s ON s.id = m.session_id JOIN people_person p ON p.id = m.person_id"
    " WHERE m.mark = 'partial' AND m.superseded_at IS NULL ORDER BY s.starts_at DESC, p.id"
)
_SURVEY = "SELECT v.ref FROM evaluation_survey v WHERE "
# Each is read from the demo's database; a page whose reference is not found is reported, not left out in silence.
REFERENCES = {
    "entry": "SELECT ref FROM search_entry WHERE key = 'cse'",
    "meeting": "SELECT ref FROM reports_meeting WHERE meets_on > date('now') AND removed_at IS NULL ORDER BY meets_on",
    "paper": "SELECT s.ref FROM reports_snapshot s JOIN reports_meeting m ON m.snapshot_id = s.id ORDER BY m.meets_on",
    "draft_report": "SELECT s.ref FROM reports_snapshot s WHERE s.kind = 'quarterly' AND NOT EXISTS"
    " (SELECT 1 FROM reports_wording w WHERE w.snapshot_id = s.id AND w.signed_at IS NOT NULL) ORDER BY s.id DESC",
    "own_post": f"SELECT id FROM people_position WHERE person_id = {_ASHA} AND ends_on IS NULL",
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
    # Nobody whose role's link is followed, which ends the other links of its owner.
    "somebodys_email": "SELECT email FROM people_person p WHERE email IS NOT NULL AND state = 'active' AND NOT EXISTS"
    " (SELECT 1 FROM people_challenge c WHERE c.person_id = p.id)",
    "trainer_of_open": "SELECT p.ref FROM programme_trainer t JOIN people_person p ON p.id = t.person_id JOIN programme_session s"
    f" ON s.id = t.session_id WHERE t.state = 'accepted' AND s.ref = ({_OPEN} LIMIT 1)",
    "asha": "SELECT ref FROM people_person WHERE name = 'Asha Begum'",
    "lena": "SELECT ref FROM people_person WHERE name = 'Lena Osei'",
    "tom": "SELECT ref FROM people_person WHERE name = 'Tom Hargreave'",
    "suggested": "SELECT code FROM people_agency WHERE state = 'suggested'",
    "letter": "SELECT ref FROM messages_letter WHERE template = 'joining_instructions'",
    "failed_letter": "SELECT ref FROM messages_letter WHERE state = 'failed'",
    "colleague": f"SELECT p.ref {_OF_ST_LUKES} AND p.name <> 'Lena Osei' ORDER BY p.name",
    "of_colleague": f"SELECT b.ref FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id WHERE {_COMING}"
    f" AND b.state = 'confirmed' AND b.learner_id IN (SELECT p.id {_OF_ST_LUKES} AND p.name <> 'Lena Osei') ORDER BY s.starts_at",
    "allocated": f"{_SESSION}EXISTS (SELECT 1 FROM bookings_allocation a WHERE a.session_id = s.id)",
    "ledger_entry": "SELECT id FROM bookings_ledger WHERE waived_at IS NULL ORDER BY at DESC",
    "taught_past": "SELECT s.ref FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id JOIN people_person p"
    " ON p.id = t.person_id JOIN evaluation_survey v ON v.session_id = s.id AND v.kind = 'after' WHERE p.name = 'Tom Hargreave'"
    " ORDER BY s.starts_at DESC",
    "reported": _REPORTED,
    "stranger": f"SELECT r.ref FROM attendance_reported_person r JOIN programme_session s ON s.id = r.session_id"
    f" WHERE r.became = 'unmatched' AND s.ref = ({_REPORTED} LIMIT 1)",
    # As Zoom writes it, in the time of the machine: two who are booked and nobody's names.
    "meeting_rows": "SELECT group_concat(line, char(10)) FROM (SELECT p.name || ',' || p.email"
    " || strftime(',%m/%d/%Y %H:%M:00', s.starts_at) || strftime(',%m/%d/%Y %H:%M:00,115,Yes', s.starts_at, '+115 minutes') AS line"
    " FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id JOIN programme_session s ON s.id = b.session_id"
    f" WHERE b.state = 'confirmed' AND p.email IS NOT NULL AND s.ref = ({_REPORTED} LIMIT 1) LIMIT 6)",
    "meeting_stranger": "SELECT 'Jo B,' || strftime(',%m/%d/%Y %H:%M:00', s.starts_at)"
    " || strftime(',%m/%d/%Y %H:%M:00,60,Yes', s.starts_at, '+60 minutes')"
    f" FROM programme_session s WHERE s.ref = ({_REPORTED} LIMIT 1)",
    "certificate": f"SELECT ref FROM certificates_certificate WHERE person_id = {_ASHA} ORDER BY issued_at DESC",
    "certificate_code": f"SELECT code FROM certificates_certificate WHERE person_id = {_ASHA} ORDER BY issued_at DESC",
    "certified": _CERTIFIED,
    "of_certified": "SELECT c.ref FROM certificates_certificate c JOIN programme_session s ON s.id = c.session_id"
    f" WHERE s.ref = ({_CERTIFIED})",
    "in_part": f"SELECT s.ref {_IN_PART}",
    "in_part_person": f"SELECT p.ref {_IN_PART}",
    "open_survey": f"{_SURVEY}v.kind = 'after' AND v.closed_at IS NULL",
    "room_survey": f"{_SURVEY}v.kind = 'after' AND v.closed_at IS NULL",
    "closed_survey": f"{_SURVEY}v.kind = 'after' AND v.closed_at IS NOT NULL ORDER BY v.asked DESC",
    "partners": f"{_SURVEY}v.kind = 'partnership'",
    "partners_instrument": "SELECT ref FROM evaluation_instrument WHERE kind = 'partnership'",
    "restricted": "SELECT code FROM resources_resource WHERE requires_id IS NOT NULL AND withdrawn_at IS NULL",
    "instrument": "SELECT ref FROM evaluation_instrument WHERE kind = 'after' ORDER BY id",
    "sign_in_letter": "SELECT ref FROM messages_letter WHERE template = 'sign_in'",
}

# What stands in letters of the demo, by the words around the token.
LINKS = {
    "letter_link": r"/b/[0-9a-z]+/[^/\s\"<>]+(?=\s)",
    "sign_in_link": r"/sign-in/l/[^/\s\"<>]+",
    "use_link": r"/accreditations/[0-9a-z]+/[^/\s\"<>?]+",
    "finish_link": r"/book/l/[^/\s\"<>]+",
    "approval_link": r"/approvals/[0-9a-z]+/[^/\s\"<>]+",
    "feedback_link": r"/evaluation/[^/\s\"<>]+",
    "confirm_link": r"/me/account/confirm/[^/\s\"<>]+",
}

# What stands on a page: where, who looks, and the words around it.
PAGE_LINKS = {"certificate_link": ("/certificates/{certificate}", LEARNER, r"/c/[0-9a-z]+/[^/\s\"<>]+")}

# Done once, before any picture, so that the letters of these are there: they change the demo that is shown.
FIRST = (
    Shown("", "/sign-in", typed={"email": "{somebodys_email}"}, press="Email me a link"),
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
# The same, but of what sends no letter.
FIRST_WITHOUT_LETTER = (
    Shown(
        "",
        "/desk/evaluation/partners",
        DESK,
        {
            "title": "What stops your staff from coming",
            "instrument": "{partners_instrument}",
            "sectors": "Education, schools",
            "whom": "leads",
            "days": "21",
        },
        "Continue",
        "Send it to .*",
    ),
    Shown(
        "",
        "/desk/sessions/{reported}/reports",
        DESK,
        press="Read the reports",
        sends=(
            "files",
            "participants.csv",
            "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest\n{meeting_rows}\n{meeting_stranger}\n",
        ),
    ),
)
