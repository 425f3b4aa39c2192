"""Writes the synthetic reports beside it: `python tests/meeting_reports/make_files.py`. Every person in them is invented.

They are made, since tabs, CR LF, UTF-16 and narrow spaces do not survive editors; a test holds the folder to what this makes.
"""

import json
import re
import zlib
from pathlib import Path

from tests.meeting_reports.file_bytes import big, lines, little, tabs
from tests.meeting_reports.zoom_files import zoom_meetings, zoom_webinars

FILES = Path(__file__).resolve().parent / "files"

T2_HEADINGS = ("Name", "First join", "Last leave", "In-meeting duration", "Email", "Participant ID (UPN)", "Role")
T2_ACTIVITY = ("Name", "Join time", "Leave time", "Duration", "Email", "Role")
ENGAGEMENT = (
    "Engagement: Reaction-Applause", "Engagement: Reaction-Laugh", "Engagement: Reaction-Like", "Engagement: Reaction-Love",
    "Engagement: Reaction-Surprised", "Engagement: Camera On", "Engagement: Raise Hands", "Engagement: Unmute",
)  # fmt: skip
T1_HEADINGS = ("Full Name", "Join Time", "Leave Time", "Duration", "Email", "Role", "Participant ID (UPN)")
Cells = tuple[str, ...]


def teams(
    *people: Cells,
    day: str = "14/11/22",
    start: str = "09:29:07",
    end: str = "12:31:40",
    title: str = "Child Protection: core (virtual)",
    listed: int | None = None,
    average: str = "",
    activities: tuple[Cells, ...] = (),
    headings: Cells = T2_HEADINGS,
) -> str:
    """A T2 report. A person is name, first join, last leave, duration, email and what follows; times are on the day."""

    def dated(time: str) -> str:
        return f"{day}, {time}" if time and "," not in time else time

    summary = [
        "1. Summary",
        ("Meeting title", title),
        ("Attended participants", str(listed if listed is not None else len(people))),
        ("Start time", dated(start)),
        ("End time", dated(end)),
        ("Meeting duration", "3h 2m 33s"),
        *([("Average attendance time", average)] if average else []),
    ]
    rows = [(name, dated(first), dated(last), *rest) for name, first, last, *rest in people]
    stays = [(name, dated(first), last if "only" in rest else dated(last), *(cell for cell in rest if cell != "only")) for name, first, last, *rest in activities]  # fmt: skip  # noqa: E501
    return tabs(*summary, "", "2. Participants", headings, *rows, "", "3. In-Meeting activities", T2_ACTIVITY, *stays)


# ---- the people of the reports, as T2 rows -----------------------------------------------------------------------------

ASHA = ("Patel, Asha (External)", "09:30:52", "12:30:12", "2h 58m 20s", "a.patel@example.org", "a.patel@example.org", "Presenter")
BEN = ("[Humberside Police] Ben Cole (Unverified)", "09:45:00", "11:00:00", "1h 15m", "", "", "Attendee")
DEE = ("Dee Ward", "09:29:07", "12:31:40", "3h 2m 33s", "dee@council.example", "dee@council.example", "Organiser")


def stay(person: Cells, joined: str, left: str, duration: str) -> Cells:
    return (person[0], joined, left, duration, person[4], person[6])


ASHA_STAYS = (stay(ASHA, "09:30:52", "10:40:00", "1h 9m 8s"), stay(ASHA, "10:41:00", "12:30:12", "1h 49m 12s"))
STAYS = (*ASHA_STAYS, stay(BEN, "09:45:00", "11:00:00", "1h 15m"), stay(DEE, "09:29:07", "12:31:40", "3h 2m 33s"))


# ---- Teams -------------------------------------------------------------------------------------------------------------


def teams_events() -> dict[str, bytes]:
    header = ("Full Name", "User Action", "Timestamp")
    american = tabs(
        header,
        ("Dee Ward", "Joined before", "11/14/2022, 9:20:00 AM"),
        ("Asha Patel", "Joined", "11/14/2022, 9:31:02 AM"),
        ("Ben Cole (Guest)", "Joined", "11/14/2022, 9:35:00 AM"),
        ("Ben Cole (Guest)", "Left", "11/14/2022, 10:00:00 AM"),
        ("Ben Cole (Guest)", "Joined", "11/14/2022, 10:05:00 AM"),
        ("Asha Patel", "Left", "11/14/2022, 12:29:40 PM"),
    )
    european = tabs(
        header,
        ("Patel, Asha", "Joined", "14/11/2022, 9:30:00 AM"),
        ("Patel, Asha", "Left", "14/11/2022, 12:30:00 PM"),
        ("Ben Cole", "Joined", "14/11/2022, 9:40:00 AM"),
        ("Ben Cole", "Left", "14/11/2022, 12:00:00 PM"),
    )
    return {"t0_last_left_missing": little(american), "t0_day_first": little(european)}


def teams_joins() -> dict[str, bytes]:
    asha = ("a.patel@example.org", "Attendee", "a.patel@tenant.example")
    dee = ("dee@council.example", "Organiser", "dee@council.example")
    two = tabs(
        "Meeting Summary",
        ("Total Number of Participants", "2"),
        ("Meeting Title", "Child Protection: core (virtual)"),
        ("Meeting Start Time", "11/14/2022, 9:29:07 AM"),
        ("Meeting End Time", "11/14/2022, 12:31:40 PM"),
        "",
        T1_HEADINGS,
        ("Asha Patel", "11/14/2022, 9:30:52 AM", "11/14/2022, 10:00:14 AM", "29m 22s", *asha),
        ("Dee Ward", "11/14/2022, 9:29:07 AM", "11/14/2022, 12:31:40 PM", "3h 2m 33s", *dee),
        ("Asha Patel", "11/14/2022, 10:05:00 AM", "11/14/2022, 12:30:00 PM", "2h 25m", *asha),
    )  # fmt: skip
    comma = lines(
        "Meeting Summary,,,,,,",
        "Total Number of Participants,2,,,,,",
        "Meeting Title,Child Protection: core (virtual),,,,,",
        "Meeting Start Time,14/11/2022 09:29,,,,,",
        "Meeting End Time,14/11/2022 12:31,,,,,",
        "Meeting Id,d2a1c0de,,,,,",
        ",,,,,,",
        "Full Name,Join Time,Leave Time,Duration,Email,Role,Participant ID (UPN)",
        '"Patel, Asha",14/11/2022 09:31,14/11/2022 12:30,2h 59m,A.Patel@Example.org,Attendee,a.patel@tenant.example',
        "Dee Ward,14/11/2022 09:29,14/11/2022 12:31,3h 2m,dee@council.example,Organiser,dee@council.example",
    )
    return {"t1_two_joins": little(two), "t1_comma_resaved": comma}


def teams_reports() -> dict[str, bytes]:
    british = teams(ASHA, BEN, DEE, activities=STAYS, average="2h 31m 7s")
    american = (
        teams(ASHA, BEN, DEE, activities=(*STAYS[:3], (*STAYS[3][:2], "12:31:40 PM", *STAYS[3][3:], "only")), day="11/14/22")
        .replace("First join", "First Join")
        .replace("In-meeting duration", "In-Meeting Duration")
        .replace("In-Meeting activities", "In-Meeting Activities")
    )
    title = '"Safeguarding day\r\n2. Participants welcome, ""core"" (virtual)"'
    return {
        "t2_en_gb_utf16be": big(british),
        "t2_en_us_utf16le": little(_american_times(american)),
        "t2_no_mark": british.encode("utf-16-le"),
        "t2_title_over_lines": little(teams(ASHA, DEE, activities=(*ASHA_STAYS, STAYS[3]), title=title)),
        "t2_narrow_space": little(_american_times(american).replace(" AM", "\u202fAM").replace(" PM", "\u202fPM")),
        "t2_resaved_dates_torn": _torn(_american_times(american)),
    }


def _american_times(text: str) -> str:
    """The same file with a twelve-hour clock, as Teams writes it in the United States."""

    def twelve(found: re.Match[str]) -> str:
        hour = int(found[2])
        return f"{found[1]}{(hour - 1) % 12 + 1}:{found[3]} {'AM' if hour < 12 else 'PM'}"

    return re.sub(r"(11/14/22, )(\d\d):(\d\d:\d\d)", twelve, text)


def _torn(text: str) -> bytes:
    """Saved with commas by a program that put no quotation marks around dates, so that each date is torn from its time."""
    rows = [row.split("\t") for row in text.split("\r\n")]
    quoted = [[f'"{cell}"' if "," in cell and "/22" not in cell else cell for cell in row] for row in rows]
    return "\n".join(",".join(row) for row in quoted).encode()


def teams_people() -> dict[str, bytes]:
    def person(name: str, joined: str, left: str, duration: str, email: str = "", upn: str = "") -> Cells:
        return (name, joined, left, duration, email, upn, "Presenter")

    engaged = teams(
        (*ASHA, "3", "", "1", "", "", "2", "1", "4"),
        BEN[:4],
        ("Riley Short (Council) (External)", "", "", "", "riley.short@example.org"),
        headings=(*T2_HEADINGS, *ENGAGEMENT),
        activities=STAYS[:3],
    ) + tabs(
        "", "4. Meeting Engagement", ("Name", "Engagement Type", "Time"), ("Patel, Asha (External)", "Raise Hands", "14/11/22, 10:00:00")
    )
    telephones = teams(
        person('" 441724000123 (Unverified)"', "09:32:00", "12:30:00", "2h 58m"),
        person("+44 7700 9****", "09:40:00", "10:40:00", "1h"),
        person("Carla Diaz (07700 900456)", "09:30:00", "12:30:00", "3h", "carla@example.org"),
        listed=5,
    )
    twice = teams(
        person("Dana Twin (Unverified)", "09:30:00", "11:00:00", "1h 30m"),
        person("Dana Twin (Unverified)", "10:00:00", "12:30:00", "2h 30m"),
        person("Casey Guest (Unverified)", "09:31:00", "10:00:00", "29m"),
        person("Casey Guest (Unverified)", "10:01:00", "12:30:00", "2h 29m"),
        activities=(
            ("Dana Twin (Unverified)", "09:30:00", "11:00:00", "1h 30m", "", "Presenter"),
            ("Dana Twin (Unverified)", "10:00:00", "12:30:00", "2h 30m", "", "Presenter"),
        ),
    )
    guest = teams(
        person("Asha Patel", "09:30:00", "11:00:00", "1h 30m", "a.patel@example.org", "a.patel@tenant.example"),
        person("Patel, Asha (Unverified)", "10:55:00", "12:30:00", "1h 35m"),
        person("Wong, Lee", "09:30:00", "10:00:00", "30m", "lee.wong@example.org"),
        person('"Lee  Wong\t(External)"', "10:30:00", "12:30:00", "2h", "LEE.WONG@example.org"),
    )
    upn = teams(
        person("Noor Hussain", "09:30:00", "12:30:00", "3h", "", "noor.hussain@tenant.example"),
        person("Kai Invalid", "09:30:00", "12:30:00", "3h", "kai.invalid(at)example", "kai@tenant.example"),
        person("Zoe\u0308 O'Neill-Mu\u0308ller", "", "12:00:00", "30m", "zoe@example.org", "z@tenant.example"),
    )
    hall = teams(
        person("Baysgarth House - Hall", "09:30:00", "12:30:00", "3h", "hall@baysgarth.example"),
        person("Dee Ward", "09:30:00", "12:30:00", "3h", "dee@council.example"),
    )
    return {
        "t2e_short_rows": little(engaged),
        "t2_telephones": little(telephones),
        "t2_same_name_twice": little(twice),
        "t2_guest_and_signed_in": little(guest),
        "t2_no_email_but_upn": little(upn),
        "t2_hall_of_twelve": little(hall),
    }


def teams_dates() -> dict[str, bytes]:
    stays = STAYS[:3]
    first = teams((*ASHA[:3], "1h 30m", *ASHA[4:]), end="11:02:10", activities=(stay(ASHA, "09:30:52", "11:02:10", "1h 31m 18s"),))
    second = teams(
        (*ASHA[:1], "11:10:00", "12:30:00", "1h 20m", *ASHA[4:]),
        start="11:09:00",
        activities=(stay(ASHA, "11:10:00", "12:30:00", "1h 20m"),),
    )
    return {
        "t2_day_is_month": little(teams(ASHA, BEN, day="05/05/26", activities=stays)),
        "t2_ambiguous_date": little(teams(ASHA, BEN, day="05/06/26", activities=stays)),
        "t2_wrong_session_date": little(teams(ASHA, BEN, day="21/11/22", activities=stays)),
        "t2_first_of_two": little(first.replace("12:30:12", "11:02:10").replace("1h 30m\t", "1h 31m 18s\t")),
        "t2_second_of_two": little(second),
    }


def teams_translated() -> dict[str, bytes]:
    brazil = tabs(
        "1. Resumo",
        ("Título da reunião", "Proteção à criança"),
        ("Participantes presentes", "2"),
        ("Hora de início", "14/11/22, 09:29:00"),
        ("Hora de término", "14/11/22, 12:31:00"),
        ("Duração da reunião", "3 h 2 min"),
        "",
        "2. Participantes",
        ("Nome", "Primeiro ingresso", "Última saída", "Duração na reunião", "Email", "ID do participante (UPN)", "Função"),
        ("Davi Rocha", "14/11/22, 09:30:00", "14/11/22, 12:30:00", "2 h 58 min 5 s", "davi@example.org", "davi@example.org", "Organizador"),
        ("Elisa Melo (Convidado)", "14/11/22, 10:10:00", "14/11/22, 10:55:00", "45m", "", "", "Participante"),
        "",
        "3. Atividades em Reunião",
        ("Nome", "Horário de Entrada", "Horário de Saída", "Duração", "Email", "Função"),
        ("Davi Rocha", "14/11/22, 09:30:00", "14/11/22, 11:00:00", "1 h 30 min", "davi@example.org", "Organizador"),
        ("Davi Rocha", "14/11/22, 11:01:55", "14/11/22, 12:30:00", "1 h 28 min 5 s", "davi@example.org", "Organizador"),
    )  # fmt: skip
    german = tabs(
        "1. Zusammenfassung",
        ("Besprechungstitel", "Kinderschutz"),
        ("Teilnehmer", "1"),
        "",
        "2. Teilnehmer",
        ("Name", "Erster Beitritt", "Letztes Verlassen", "Dauer der Besprechung", "E-Mail", "Teilnehmer-ID (UPN)", "Rolle"),
        ("Ada Lang", "06.10.26, 18:01:00", "06.10.26, 19:00:00", "59 Min. 0 Sek.", "ada@example.org", "ada@example.org", "Teilnehmer"),
    )  # fmt: skip
    return {"t3_portuguese": little(brazil), "t3_german": little(german)}


def teams_events_in_public() -> dict[str, bytes]:
    live = (
        "SessionId,ParticipantId,FullName,UserAgent,UtcEventTimestamp,Action,Role",
        "s1,p1,Asha Patel,Mozilla/5.0,10/24/2026 11:30:00 PM,Joined,Attendee",
        "s2,p2,Ben Cole,Mozilla/5.0,10/25/2026 12:15:00 AM,Joined,Attendee",
        "s2,p2,Ben Cole,Mozilla/5.0,10/25/2026 12:45:00 AM,Left,Attendee",
        "s3,p1,Asha Patel,Teams/1.0,10/25/2026 12:50:00 AM,Joined,Attendee",
        "s1,p1,Asha Patel,Mozilla/5.0,10/25/2026 1:10:00 AM,Left,Attendee",
        "s3,p1,Asha Patel,Teams/1.0,10/25/2026 2:30:00 AM,Left,Attendee",
    )
    webinar = tabs(
        "1. Summary",
        ("Meeting title", "Neglect webinar"),
        ("Attended participants", "1"),
        ("Start time", "14/11/22, 09:29:07"),
        ("End time", "14/11/22, 12:31:40"),
        "",
        "2. Participants",
        ("First Name", "Last Name", "Email", "Registration Time", "Registration Status", "First join", "Last leave", "In-meeting duration"),
        ("Asha", "Patel", "a.patel@example.org", "01/11/22, 08:00:00", "Approved", "14/11/22, 09:30:00", "14/11/22, 12:30:00", "3h"),
        ("Ben", "Cole", "ben@police.example", "02/11/22, 08:00:00", "Approved", "", "", ""),
    )
    registered = ("First Name", "Last Name", "Email", "Registration Time", "Registration Status", "Attended")
    asha = ("Asha", "Patel", "a.patel@example.org", "01/11/22, 08:00:00", "Approved", "Yes")
    ben = ("Ben", "Cole", "ben@police.example", "02/11/22, 08:00:00", "Approved", "No")
    kai = ("Kai", "Late", "kai@example.org", "14/11/22, 10:00:00", "Approved", "Yes")
    summary = ("1. Summary", ("Meeting title", "Neglect webinar"), ("Start time", "14/11/22, 09:29:07"), ("End time", "14/11/22, 12:31:40"))
    joined = ("Name", "First join", "Last leave", "In-meeting duration", "Email")
    stay = ("Patel, Asha", "14/11/22, 09:30:00", "14/11/22, 11:00:00", "1h 30m", "a.patel@example.org")
    attended = tabs(*summary, "", "2. Registrations", registered, asha, ben, kai)
    both = tabs(*summary, "", "2. Registrations", registered, asha, ben, "", "3. Participants", joined, stay)
    return {
        "t4_clock_change": lines(*live),
        "t5_webinar": little(webinar),
        "t5_attended": little(attended),
        "t5_registrations_and_times": little(both),
    }


def teams_graph() -> dict[str, bytes]:
    graph = {
        "id": "c9b6db1c",
        "totalParticipantCount": 3,
        "meetingStartDateTime": "2026-06-05T08:29:07.945Z",
        "meetingEndDateTime": "2026-06-05T11:31:40.77Z",
        "attendanceRecords": [
            {
                "emailAddress": "A.Patel@example.org",
                "totalAttendanceInSeconds": 10000,
                "role": "Presenter",
                "identity": {"id": "dc17674c", "displayName": "Patel, Asha", "tenantId": None},
                "attendanceIntervals": [
                    _interval("2026-06-05T08:31:00.2782182Z", "2026-06-05T09:31:00.7218491Z", 3600),
                    _interval("2026-06-05T09:40:00Z", "2026-06-05T11:26:40Z", 6400),
                ],
                "registrationId": None,
            },
            _graph_record(None, 1800, {"displayName": "Ben Cole (Guest)"}),
            _graph_record("", 60, None),
        ],
    }
    return {"t6_graph": json.dumps(graph, indent=1).encode()}


def _interval(joined: str, left: str, seconds: int) -> dict[str, object]:
    return {"joinDateTime": joined, "leaveDateTime": left, "durationInSeconds": seconds}


def _graph_record(email: str | None, seconds: int, identity: dict[str, str] | None) -> dict[str, object]:
    return {"emailAddress": email, "totalAttendanceInSeconds": seconds, "identity": identity, "attendanceIntervals": []}


# ---- fatal -------------------------------------------------------------------------------------------------------------


def fatal() -> dict[str, bytes]:
    unclosed = teams((f'"{ASHA[0]}', *ASHA[1:]), BEN, DEE, activities=STAYS)
    empty = tabs("1. Summary", ("Meeting title", "Child Protection"), ("Attended participants", "0"), ("Start time", "14/11/22, 09:29:07"))
    return {"fatal_unclosed_quote": little(unclosed), "fatal_no_participants": little(empty), "fatal_picture": _picture()}


def _picture() -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def every_file() -> dict[str, bytes]:
    """All files by their names."""
    makers = (
        teams_events, teams_joins, teams_reports, teams_people, teams_dates, teams_translated, teams_events_in_public, teams_graph,
        zoom_meetings, zoom_webinars, fatal,
    )  # fmt: skip
    return {f"{name}.{'json' if name == 't6_graph' else 'csv'}": data for make in makers for name, data in make().items()}


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    for file_name, content in every_file().items():
        (FILES / file_name).write_bytes(content)
