"""Who is one person in a report, how long they were there, and whose booking it is."""

from datetime import datetime, timedelta

import pytest

from marstraining.attendance.rules import ALL_OF_IT, Proposal, Thresholds, propose_mark
from marstraining.core.clock import LONDON
from marstraining.core.errors import Refused
from marstraining.meeting_reports.matching import Match, MatchedBy, match_people, presences
from marstraining.meeting_reports.model import Attendee, Booked, Fault, NamedFile, Report, Span, TaughtDay
from marstraining.meeting_reports.reading import read_report, read_reports
from marstraining.meeting_reports.spans import clipped, union, without
from tests.meeting_reports.file_bytes import tabs
from tests.meeting_reports.make_files import FILES

START = datetime(2022, 11, 14, 9, 30, tzinfo=LONDON)
DAY = TaughtDay(START, START + timedelta(hours=3), 180.0)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def span(start: int, end: int) -> Span:
    """A stay in minutes from the session's start."""
    return Span(at(start), at(end))


def zoom(*rows: str, day: TaughtDay | None = DAY) -> Report:
    """A Zoom report of rows "name,email,09:30,12:30" on 14 November 2022."""
    lines = ["Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes)"]
    for row in rows:
        name, email, joined, left = row.split(",")
        lines.append(f"{name},{email},14/11/2022 {joined},14/11/2022 {left},")
    return read_report("zoom.csv", "\n".join(lines).encode(), [day] if day else [])


def teams(*rows: str, activities: tuple[str, ...] = (), end: str = "12:31:40") -> Report:
    """A T2 report of rows "name|first join|last leave|duration|email", and of such stays in its third section."""
    text = tabs(
        "1. Summary",
        ("Start time", "14/11/22, 09:29:07"),
        ("End time", f"14/11/22, {end}"),
        "",
        "2. Participants",
        ("Name", "First join", "Last leave", "In-meeting duration", "Email"),
        *(_dated(row) for row in rows),
        "",
        "3. In-Meeting activities",
        ("Name", "Join time", "Leave time", "Duration", "Email"),
        *(_dated(row) for row in activities),
    )
    return read_report("teams.csv", text.encode(), [DAY])


def _dated(row: str) -> list[str]:
    name, joined, left, *rest = row.split("|")
    return [name, *(f"14/11/22, {time}" if time else "" for time in (joined, left)), *rest]


def found(report: Report) -> list[tuple[str, str | None, float]]:
    return [(person.name, person.email, person.minutes) for person in report.people]


def notes(report: Report) -> list[tuple[int, str]]:
    return [(note.row, note.text) for note in report.files[0].notes]


# ---- sets of times -------------------------------------------------------------------------------------------------------


def test_presence_on_two_devices_is_counted_once_and_cut_to_the_session() -> None:
    stays = [span(20, 60), span(-30, 30), span(100, 240), span(60, 70)]
    assert union(stays) == (span(-30, 70), span(100, 240))
    assert clipped(stays, [DAY.span]) == (span(0, 70), span(100, 180))
    assert without([span(0, 100)], [span(-5, 10), span(40, 50), span(90, 200)]) == (span(10, 40), span(50, 90))


# ---- who is one person ---------------------------------------------------------------------------------------------------


def test_the_same_address_is_one_person_whatever_the_name_and_case() -> None:
    report = zoom("Asha Patel,asha@x.example,09:30,10:30", "Ash,ASHA@x.example,10:00,12:30")
    assert found(report) == [("Asha Patel", "asha@x.example", 180.0)]
    assert report.people[0].keys == ("asha patel", "ash")


def test_two_addresses_are_two_people_though_they_share_a_name() -> None:
    report = zoom("Sam Jones,sam@a.example,09:30,12:30", "Sam Jones,sam@b.example,09:30,11:00")
    assert found(report) == [("Sam Jones", "sam@a.example", 180.0), ("Sam Jones", "sam@b.example", 90.0)]


def test_a_guest_of_a_name_that_two_signed_in_people_have_stays_apart() -> None:
    report = zoom("Sam Jones,sam@a.example,09:30,12:30", "Sam Jones,sam@b.example,09:30,11:00", "Jones Sam,,09:30,10:30")
    assert [person.email for person in report.people] == ["sam@a.example", "sam@b.example", None]


def test_a_guest_of_another_company_than_the_person_signed_in_stays_apart() -> None:
    report = teams("[Police] Sam Jones|09:30:00|12:30:00|3h|sam@police.example", "[Health] Sam Jones|09:30:00|10:30:00|1h|")
    assert [(person.company, person.minutes) for person in report.people] == [("Police", 180.0), ("Health", 60.0)]


def test_whoever_drops_out_and_comes_back_as_a_guest_is_one_person() -> None:
    report = zoom("Ben Cole,,09:30,10:00", "Ben Cole,,09:59,11:00", "Cole Ben,,11:30,12:30")
    assert found(report) == [("Ben Cole", None, 150.0)]
    assert (report.people[0].is_name_shared, notes(report)) == (False, [])


def test_guests_of_one_name_at_the_same_time_are_kept_apart_and_said_to_be() -> None:
    report = zoom("Ben Cole,,09:30,11:00", "Ben Cole,,10:00,12:30")
    assert found(report) == [("Ben Cole", None, 90.0), ("Ben Cole", None, 150.0)]
    assert [person.is_name_shared for person in report.people] == [True, True]
    assert [row for row, _ in notes(report)] == [2, 3]


def test_two_who_dialled_in_are_told_apart_by_numbers_that_are_then_gone() -> None:
    report = zoom("441724000123,,09:30,10:30", "441724000999,,09:30,12:30", "441724000123,,10:40,11:40")
    assert found(report) == [("Telephone 1", None, 120.0), ("Telephone 2", None, 180.0)]
    assert [person.keys for person in report.people] == [(), ()]
    assert "1724" not in repr(report)


# ---- how long ------------------------------------------------------------------------------------------------------------


def test_a_stated_duration_counts_as_far_as_the_first_and_last_moments_leave_room() -> None:
    report = teams(
        "Asha|08:30:00|12:30:00|3h 50m|a@x.example", "Ben|09:30:00|12:30:00|2h|b@x.example", "Cy|09:00:00|09:29:00|20m|c@x.example"
    )
    assert found(report) == [("Asha", "a@x.example", 180.0), ("Ben", "b@x.example", 120.0), ("Cy", "c@x.example", 0.0)]
    assert [person.is_stated for person in report.people] == [True, True, True]
    assert [person.spans for person in report.people] == [(), (), ()]


def test_without_a_session_nothing_is_cut_and_nothing_has_a_share() -> None:
    report = zoom("Asha,a@x.example,09:00,13:00", day=None)
    assert [(person.minutes, person.share) for person in report.people] == [(240.0, None)]


def test_breaks_are_left_out_of_the_minutes_taught_and_a_share_is_at_most_one() -> None:
    day = TaughtDay(DAY.starts_at, DAY.ends_at, 165.0)
    report = zoom("Asha,a@x.example,09:30,12:30", "Ben,b@x.example,09:30,11:00", day=day)
    assert [person.share for person in report.people] == [1.0, 90 / 165]


def test_the_third_section_counts_where_it_differs_from_the_stated_duration() -> None:
    report = teams("Asha|09:30:00|12:30:00|3h|a@x.example", activities=("Asha|09:30:00|10:30:00|1h|a@x.example",))
    assert found(report) == [("Asha", "a@x.example", 60.0)]
    assert notes(report) == [
        (7, "The stated duration and the times of the activities differ by more than a minute: the times count."),
    ]


def test_stays_that_could_be_of_two_people_count_for_neither() -> None:
    report = teams("Dana Twin|09:30:00|12:30:00|1h|", "Dana Twin|09:30:00|12:30:00|2h|", activities=("Dana Twin|09:40:00|10:00:00|20m|",))
    assert [(person.minutes, person.is_name_shared) for person in report.people] == [(60.0, True), (120.0, True)]
    assert "Another of the same name was there at the same time, so the stated duration counts." in {text for _, text in notes(report)}


def test_a_meeting_that_stood_open_from_the_evening_before_is_the_sessions() -> None:
    text = "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes)\n"
    rows = "Dee,d@x.example,13/11/2022 21:00,14/11/2022 12:40,940\nAsha,a@x.example,14/11/2022 09:30,14/11/2022 12:30,180\n"
    report = read_report("z.csv", (text + rows).encode(), [DAY])
    assert (found(report), report.days) == ([("Dee", "d@x.example", 180.0), ("Asha", "a@x.example", 180.0)], (DAY,))


def test_a_leaving_time_that_is_missing_is_the_meetings_end() -> None:
    report = teams("Asha|10:00:00||| a@x.example", end="12:00:00")
    assert [(person.minutes, person.is_end_assumed) for person in report.people] == [(120.0, True)]
    assert notes(report)[-1] == (7, "There is no leaving time: counted until the meeting ended.")


def test_times_that_cannot_be_read_are_noted_by_row_and_the_duration_counts() -> None:
    report = teams(
        "Asha|soon|12:30:00|3h 5 apples|a@x.example", "Ben|12:30:00|09:30:00|1h|b@x.example", "Cy|09:30:00|10:00:00|3h|c@x.example"
    )
    assert found(report) == [("Asha", "a@x.example", 0.0), ("Ben", "b@x.example", 60.0), ("Cy", "c@x.example", 30.0)]
    assert notes(report) == [
        (7, "The duration cannot be read."),
        (7, "The joining time cannot be read."),
        (7, "There is no joining time and no duration: it counts as 0 minutes."),
        (8, "The leaving time is before the joining time: the stated duration counts."),
        (9, "The stated duration is longer than the times allow: the times count."),
    ]


def test_nobody_is_in_a_meeting_for_more_than_thirty_hours() -> None:
    head = "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes)\n"
    rows = "Asha,a@x.example,14/11/2022 09:30,16/11/2022 12:30,180\nBen,b@x.example,14/11/2022 09:30,16/11/2022 12:30,3060\n"
    report = read_report("z.csv", (head + rows).encode(), [DAY])
    assert found(report) == [("Asha", "a@x.example", 180.0), ("Ben", "b@x.example", 0.0)]
    assert notes(report) == [
        (2, "The joining and leaving times are more than 30 hours apart: the stated duration counts."),
        (3, "The duration cannot be read."),
        (3, "The joining and leaving times are more than 30 hours apart: it counts as 0 minutes."),
    ]
    events = tabs(
        ("Full Name", "User Action", "Timestamp"),
        ("Asha", "Joined", "14/11/2022, 09:30:00"),
        ("Asha", "Left", "16/11/2022, 09:30:00"),
        ("Ben", "Joined", "14/11/2022, 09:30:00"),
    )
    listed = read_report("t0.csv", events.encode())
    assert found(listed) == [("Asha", None, 0.0), ("Ben", None, 0.0)]
    assert notes(listed) == [
        (3, "The joining and leaving times are more than 30 hours apart: it counts as 0 minutes."),
        (4, "There is no leaving time within 30 hours: it counts as 0 minutes."),
    ]


def test_a_row_with_a_cell_too_many_is_not_counted_and_one_without_anybody_neither() -> None:
    text = "Name (Original Name),User Email,Total Duration (Minutes)\nPatel, Asha,a@x.example,10\n,,20\nBen,b@x.example,30\n"
    report = read_report("z.csv", text.encode())
    assert found(report) == [("Ben", "b@x.example", 30.0)]
    assert notes(report)[1:] == [
        (2, "The row has more cells than there are headings and is not counted."),
        (3, "The row has neither a name nor an email address and is not counted."),
    ]


@pytest.mark.parametrize("cell", ['"Asha\nBen', '"Asha"x', '"Asha\nBen"'])
def test_a_quotation_mark_that_swallows_rows_is_not_mended(cell: str) -> None:
    text = f"Name (Original Name),User Email,Total Duration (Minutes)\n{cell},a@x.example,10\nBen,b@x.example,30\n"
    with pytest.raises(Refused) as refused:
        read_report("z.csv", text.encode())
    assert refused.value.code == Fault.UNCLOSED_QUOTE


def test_two_events_of_joining_count_from_the_first_and_leaving_twice_once() -> None:
    text = tabs(
        ("Full Name", "User Action", "Timestamp"),
        ("Asha", "Left", "14/11/2022, 09:00:00"),
        ("Asha", "Joined", "14/11/2022, 09:30:00"),
        ("Asha", "Joined", "14/11/2022, 09:40:00"),
        ("Asha", "Left", "14/11/2022, 10:30:00"),
        ("Asha", "Waved", "14/11/2022, 10:40:00"),
    )
    report = read_report("t0.csv", text.encode(), [DAY])
    assert found(report) == [("Asha", None, 60.0)]
    assert notes(report)[1:] == [
        (2, "Left without having joined: not counted."),
        (4, "Joined again without having left: counted from the first."),
        (6, "The row says neither joined nor left and is not counted."),
    ]


# ---- what a share speaks for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "standard", "all_of_it"),
    [
        (180.0, Proposal.ATTENDED, Proposal.ATTENDED),
        (179.9, Proposal.ATTENDED, Proposal.PARTIAL),
        (153.0, Proposal.ATTENDED, Proposal.PARTIAL),
        (152.9, Proposal.PARTIAL, Proposal.PARTIAL),
        (90.0, Proposal.PARTIAL, Proposal.PARTIAL),
        (89.9, Proposal.INSUFFICIENT, Proposal.INSUFFICIENT),
        (0.0, Proposal.INSUFFICIENT, Proposal.INSUFFICIENT),
    ],
)
def test_a_mark_is_proposed_by_the_courses_thresholds(minutes: float, standard: Proposal, all_of_it: Proposal) -> None:
    share = minutes / 180
    assert (propose_mark(share, Thresholds()), propose_mark(share, ALL_OF_IT)) == (standard, all_of_it)


@pytest.mark.parametrize(("attended", "partial"), [(1.1, 0.5), (0.5, 0.6), (0.8, 0.0)])
def test_thresholds_out_of_order_are_refused(attended: float, partial: float) -> None:
    with pytest.raises(Refused) as refused:
        Thresholds(attended, partial)
    assert refused.value.code == "thresholds"


# ---- whose booking it is -------------------------------------------------------------------------------------------------

ASHA = Booked(1, "Asha Patel", ("asha@school.example",), ("asha.home@mail.example",))
BEN = Booked(2, "Ben Cole", ("ben@police.example",))
CARLA = Booked(3, "Carla van der Berg")
SAM, OTHER_SAM = Booked(4, "Sam Jones", ("sam@a.example",)), Booked(5, "Sam Jones", ("sam@b.example",))


def matched(report: Report, *booked: Booked) -> list[Match]:
    return match_people(report.people, booked)


def test_matching_goes_by_address_then_by_another_known_address_then_by_whole_name() -> None:
    report = zoom(
        "Somebody,ASHA@school.example,09:30,12:30",
        "Police 7,,09:30,12:30",
        "berg carla van der,,09:30,12:30",
        "BC,ben@police.example,09:30,12:30",
    )
    assert matched(report, ASHA, BEN, CARLA) == [
        Match(1, MatchedBy.EMAIL),
        Match(),
        Match(3, MatchedBy.NAME),
        Match(2, MatchedBy.EMAIL),
    ]
    assert matched(zoom("A,asha.home@mail.example,09:30,12:30"), ASHA) == [Match(1, MatchedBy.ALIAS_EMAIL)]


def test_a_name_that_is_nearly_one_is_suggested_and_never_taken() -> None:
    report = zoom("Aisha Pattel,,09:30,12:30", "Cole Benn,,09:30,12:30", "Bernard Coleman,,09:30,12:30")
    assert matched(report, ASHA, BEN) == [Match(suggested_ids=(1,)), Match(suggested_ids=(2,)), Match()]


def test_a_name_that_two_booked_people_have_is_for_a_person_to_decide() -> None:
    assert matched(zoom("Sam Jones,,09:30,12:30"), SAM, OTHER_SAM) == [Match(suggested_ids=(4, 5))]


def test_two_in_the_meeting_who_claim_one_booking_by_name_are_for_a_person_to_decide() -> None:
    report = zoom("Ben Cole,one@x.example,09:30,12:30", "Ben Cole,two@x.example,09:30,12:30")
    assert matched(report, BEN) == [Match(suggested_ids=(2,)), Match(suggested_ids=(2,))]
    assert matched(zoom("Ben Cole,,09:30,11:00", "Ben Cole,,10:00,12:30"), BEN) == [Match(suggested_ids=(2,))] * 2


def test_somebody_with_an_address_of_their_own_does_not_become_the_namesake_who_was_there() -> None:
    report = zoom("Ben,ben@police.example,09:30,12:30", "Ben Cole,other@x.example,09:30,12:30")
    assert matched(report, BEN) == [Match(2, MatchedBy.EMAIL), Match(suggested_ids=(2,))]


def test_the_same_person_signed_in_and_as_a_guest_under_the_name_of_the_booking_is_one() -> None:
    report = zoom("B,ben@police.example,09:30,11:00", "Ben Cole,,10:30,12:30")
    matches = matched(report, BEN)
    assert matches == [Match(2, MatchedBy.EMAIL), Match(2, MatchedBy.NAME)]
    shown = presences(report.people, [(place, match.booked_id or 0) for place, match in enumerate(matches)], report.days)
    assert [(booked, presence.seconds / 60, presence.share, presence.sources) for booked, presence in shown.items()] == [
        (2, 180.0, 1.0, (0, 1))
    ]


def test_telephones_are_matched_by_hand_alone() -> None:
    assert matched(zoom("441724000123,,09:30,12:30"), ASHA, Booked(9, "")) == [Match()]


def test_an_address_that_two_booked_people_have_is_nobodys() -> None:
    shared = (Booked(1, "Asha Patel", ("office@x.example",)), Booked(2, "Ben Cole", ("office@x.example",)))
    assert matched(zoom("Office,office@x.example,09:30,12:30"), *shared) == [Match()]


def test_one_login_of_a_hall_is_evidence_for_each_of_the_twelve_in_it() -> None:
    data = (FILES / "t2_hall_of_twelve.csv").read_bytes()
    report = read_reports([NamedFile("hall.csv", data)], [DAY])
    shown = presences(report.people, [(0, booked) for booked in range(1, 13)], report.days)
    assert {booked: (presence.seconds / 60, presence.share) for booked, presence in shown.items()} == dict.fromkeys(
        range(1, 13), (180.0, 1.0)
    )


def test_durations_of_two_records_of_one_person_are_not_counted_beyond_their_times() -> None:
    people = [
        Attendee("B", "", None, ("b",), ((0, 1),), (), span(0, 90), 85 * 60.0, is_stated=True),
        Attendee("Ben", "", None, ("ben",), ((0, 2),), (), span(30, 100), 65 * 60.0, is_stated=True),
        Attendee("Ben C", "", None, ("ben c",), ((0, 3),), (span(90, 110),), span(90, 110), 20 * 60.0),
    ]
    presence = presences(people, [(0, 2), (1, 2), (2, 2), (2, 2)], [DAY])[2]
    assert (presence.seconds / 60, presence.is_stated, presence.spans, presence.sources) == (110.0, True, (span(90, 110),), (0, 1, 2))
