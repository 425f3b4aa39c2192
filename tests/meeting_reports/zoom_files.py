"""The synthetic reports of Zoom, for `make_files`."""

from tests.meeting_reports.file_bytes import lines

Z5_HEADINGS = "Attended,User Name (Original Name),First Name,Last Name,Email,Registration Time,Approval Status,Join Time,Leave Time,Time in Session (minutes),Is Guest,Country/Region Name"  # fmt: skip  # noqa: E501


def zoom_meetings() -> dict[str, bytes]:
    joins = lines(
        "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Recording Consent",
        "AP (Asha Patel),a.patel@example.org,11/14/2022 09:31:00 AM,11/14/2022 10:40:08 AM,70,Yes,",
        "Asha Patel (she/her),a.patel@example.org,11/14/2022 10:41:00 AM,11/14/2022 12:30:00 PM,109,Yes,",
        "Ben Cole # Police,,11/14/2022 9:45:15 AM,11/14/2022 11:00:15 AM,75,Yes,",
        "Dee Ward,dee@council.example,11/14/2022 09:20:00 AM,11/14/2022 12:35:00 PM,195,No,",
        end="\n",
    )
    new = lines(
        "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest,Recording disclaimer response,In waiting room",
        "Asha Patel,a.patel@example.org,2022-11-14 09:15:00,2022-11-14 09:29:10,15,Yes,,Yes",
        "Asha Patel,a.patel@example.org,2022-11-14 09:29:10,2022-11-14 12:30:00,181,Yes,OK,No",
        "447700900123,,2022-11-14 09:30:00,2022-11-14 12:00:00,150,Yes,,No",
    )
    users = lines(
        "Name (Original Name),User Email, Total Durection(Minutes),Guest",
        "Asha Patel,a.patel@example.org,179,Yes",
        "Ben Cole,,80,Yes",
        "Dee Ward,dee@council.example,200,No",
    )
    with_meeting = lines(
        "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants,",
        '812 3456 7890,"Child Protection, core",14/11/2022 09:20,14/11/2022 12:35,dee@council.example,195,3,',
        ",,,,,,",
        "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Recording Consent",
        "Asha Patel,a.patel@example.org,14/11/2022 09:31,14/11/2022 12:30,179,Yes,",
        "Ben Cole,,14/11/2022 10:00,14/11/2022 10:30,30,Yes,",
    )
    combined = lines(
        "Topic,Meeting ID,User Name,User Email,Department,Group,Has Zoom Rooms?,Creation Time,Start Time,End Time,Duration (Minutes),Participants,Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Recording Consent,In Waiting Room",  # noqa: E501
        "Child Protection,812 3456 7890,Dee Ward,dee@council.example,,,No,25/10/2022 08:00,14/11/2022 09:20,14/11/2022 12:35,195,2,Asha Patel,a.patel@example.org,14/11/2022 09:31,14/11/2022 12:30,179,Yes,,No",  # noqa: E501
        "Child Protection,812 3456 7890,Dee Ward,dee@council.example,,,No,25/10/2022 08:00,14/11/2022 09:20,14/11/2022 12:35,195,2,Ben Cole,,14/11/2022 10:00,14/11/2022 10:30,30,Yes,,No",  # noqa: E501
    )
    times_only = lines(
        "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest",
        "Asha Patel,a.patel@example.org,09:31,12:30,179,Yes",
        "Ben Cole,,23:50,00:10,20,Yes",
    )
    return {
        "z1_joins": joins,
        "z1n_waiting_room": new,
        "z2_misspelt": users,
        "z3_resaved": with_meeting,
        "z3o_combined": combined,
        "z1_times_only": times_only,
    }


def zoom_webinars() -> dict[str, bytes]:
    rows = (
        "Attendee Report,",
        'Report Generated:,"Nov 14, 2022 1:05 PM"',
        "Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registrants,Unique Viewers,Total Users",
        'Neglect webinar,812 3456 7890,"Nov 14, 2022 9:25 AM",190,4,2,3',
        "Host Details,",
        "Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest,Country/Region Name,",
        'Yes,Dee Ward,dee@council.example,"Nov 14, 2022 09:25:00","Nov 14, 2022 12:35:00",190,No,United Kingdom,',
        "Panelist Details,",
        "Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest,Country/Region Name,",
        'Yes,Tom Trainer,tom@example.org,"Nov 14, 2022 09:28:00","Nov 14, 2022 12:31:00",183,Yes,United Kingdom,',
        "Attendee Details,",
        f"{Z5_HEADINGS},",
        'Yes,AP (Asha Patel),Asha,Patel,a.patel@example.org,"Nov 01, 2022 08:00:00",approved,"Nov 14, 2022 09:30:00","Nov 14, 2022 10:30:00",60,Yes,United Kingdom,',  # noqa: E501
        'Yes,AP (Asha Patel),Asha,Patel,a.patel@example.org,"Nov 01, 2022 08:00:00",approved,"Nov 14, 2022 10:31:00","Nov 14, 2022 12:30:00",119,Yes,United Kingdom,',  # noqa: E501
        'No,--,Ben,Cole,ben@police.example,"Nov 02, 2022 08:00:00",approved,--,--,--,--,--,',
    )
    tabbed = (
        "Attendee Report",
        "Report generated time\t11/14/2022 01:05:00 PM",
        "Topic\tWebinar ID\tActual Start Time\tActual Duration (minutes)\t# Registrants\tUnique Viewers\tTotal Users",
        "Neglect webinar\t812 3456 7890\t11/14/2022 09:25:00 AM\t190\t2\t1\t1",
        "Attendee Details",
        "Attended\tUser Name (Original Name)\tEmail\tJoin Time\tLeave Time\tTime in Session (minutes)\tIs Guest\tCountry/Region Name",
        "Yes\tAsha Patel\ta.patel@example.org\t11/14/2022 09:30:00 AM\t11/14/2022 12:30:00 PM\t180\tYes\tUnited Kingdom",
        "No\tBen Cole\tben@police.example\t--\t--\t--\t--\t--",
        "Other Attended",
        "User Name\tJoin Time\tLeave Time\tTime in Session (minutes)\tCountry/Region Name",
        "447700900123\t11/14/2022 09:40:00 AM\t11/14/2022 10:40:00 AM\t60\tUnited Kingdom",
    )
    return {"z5_no_shows": lines(*rows, end="\n"), "z5_tabs": lines(*tabbed)}
