"""CSV files as people send them, and what is said about those that cannot be read."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.core.imports import Fault
from marstraining.core.spreadsheet import MAX_BYTES, Faults, Table, read_file, read_rows

COLUMNS = {"email": True, "name": True, "job_role": False}
ASHA = {"email": "asha@school.example", "name": "Asha Patel", "job_role": "dsl"}
PLAIN = "email,name,job_role\nasha@school.example,Asha Patel,dsl\n"


def read(text: str | bytes) -> Table:
    return read_rows(text if isinstance(text, bytes) else text.encode(), columns=COLUMNS)


def cells(table: Table) -> list[dict[str, str]]:
    assert table.faults.sentences() == []
    return [dict(row.cells) for row in table.rows]


def sentences(text: str | bytes) -> list[str]:
    return read(text).faults.sentences()


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.rstrip().encode(),
        b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
        b"Job-Role, E mail ,NAME\ndsl,asha@school.example,Asha Patel",
        b"\n,,\nemail,name,job_role\n\nasha@school.example,\xc2\xa0Asha Patel , dsl\n;;\n"[:-3],
        b'"email","name","job role"\n"asha@school.example","Asha Patel","dsl"\n',
        b"email,name,job_role,,\nasha@school.example,Asha Patel,dsl,,,,\n",
    ],
    ids=[
        "plain", "marked", "utf-16", "semicolons", "tabs", "windows", "old mac", "no last line end", "hint for Excel",
        "other headings", "blank rows", "quoted", "empty columns",
    ],
)  # fmt: skip
def test_a_file_says_the_same_however_it_was_saved(data: bytes) -> None:
    assert cells(read(data)) == [ASHA]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_names_keep_their_accents_in_every_encoding(encoding: str) -> None:
    name = "Zoë O\N{RIGHT SINGLE QUOTATION MARK}Neill"
    assert cells(read(f"email,name\nz@x.example,{name}".encode(encoding)))[0]["name"] == name


def test_rows_are_numbered_as_excel_numbers_them() -> None:
    table = read('email,name\na@x.example,"Ann\nof two lines"\n\nb@x.example,Bea\n')
    assert [(row.number, row.cells["name"]) for row in table.rows] == [(2, "Ann\nof two lines"), (4, "Bea")]


def test_row_numbers_begin_after_the_hint_for_excel() -> None:
    assert [row.number for row in read("sep=,\n" + PLAIN).rows] == [2]


def test_delimiters_quotes_and_breaks_inside_quotes_are_text() -> None:
    table = read('email;name;job_role\r\na@x.example;"Lee; ""Bo"", C";"one\r\ntwo"\r\n')
    assert cells(table) == [{"email": "a@x.example", "name": 'Lee; "Bo", C', "job_role": "one\ntwo"}]


def test_a_quotation_mark_inside_a_plain_cell_is_text() -> None:
    assert cells(read('email,name\na@x.example,Lee "Bo" C'))[0]["name"] == 'Lee "Bo" C'


def test_headings_nobody_asked_for_are_named_and_their_cells_left_out() -> None:
    table = read("email,name,Shoe size\na@x.example,Ann,5")
    assert (table.columns, table.unknown) == (("email", "name"), ("Shoe size",))
    assert cells(table) == [{"email": "a@x.example", "name": "Ann"}]


def test_to_an_import_a_heading_nobody_asked_for_is_a_fault_beside_the_others() -> None:
    rows, faults = read_file(b"email,name,Shoe size\na@x.example,Ann,5\n,Bea,6", COLUMNS)
    assert [row.number for row in rows] == [2]
    assert faults == (
        Fault(1, "", "The column Shoe size is not known here: use email, name, job_role"),
        Fault(3, "email", "This is blank."),
    )


def test_a_row_that_ends_before_an_optional_cell_is_read() -> None:
    assert cells(read("email,name,job_role\na@x.example,Ann"))[0]["job_role"] == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["The file is empty."]),
        ("\ufeff\n\n ,,\n", ["The file is empty."]),
        ("name,job_role\nAnn,dsl", ["Row 1, email: This column is missing. Check the headings in the first row."]),
        (
            "shoe size\n5",
            [
                "Row 1, email: This column is missing. Check the headings in the first row.",
                "Row 1, name: This column is missing. Check the headings in the first row.",
            ],
        ),
        ("email,name,E-mail\na,b,c", ["Row 1, email: This heading is there twice. Remove or rename one of the columns."]),
        (
            "email,name\na@x.example,Smith, Ann\n",
            ["Row 2: This row has 3 cells but there are 2 headings. Put a cell with a comma in quotation marks."],
        ),
        ("email,job_role,name\na@x.example\n", ["Row 2: This row has 1 cell but there are 3 headings."]),
        ("email,name\na@x.example, \n,Bea\n", ["Row 2, name: This is blank.", "Row 3, email: This is blank."]),
        ('email,name\nb@x.example,Bea\na@x.example,"Ann\nc@x.example,Cas', ["Row 3: A quotation mark opens here and is never closed."]),
        (
            'email,name\na@x.example,"Ann" Lee\nc@x.example,Cas',
            ["Row 2: A quotation mark is in the wrong place. Inside a quoted cell, write it twice."],
        ),
        (
            f"email,name\na@x.example,{'n' * 131_073}",
            ["Row 2: A cell has more than 131,072 characters. A quotation mark may be missing."],
        ),
        ("email,name\na@x.example,An\x07n", ["Row 2, name: A character here cannot be read. Save the file as CSV UTF-8."]),
        (
            b"email,name\na@x.example,Ann\nb@x.example,B\x81\xeb",
            ["Row 3, name: A character here cannot be read. Save the file as CSV UTF-8."],
        ),
        (b"\xef\xbb\xbfemail,name\na@x.example,Zo\xeb", ["Row 2, name: A character here cannot be read. Save the file as CSV UTF-8."]),
        (b"email,name\na@x.example,A\0nn", ["This file is not a CSV file, or it is damaged."]),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["This file is not a CSV file, or it is damaged."]),
        (b"%PDF-1.7", ["This is a PDF. Send the spreadsheet it was made from, saved as CSV."]),
        (
            b"PK\x03\x04\x14\x00",
            ["This is an Excel workbook. In Excel, choose Save as, then CSV UTF-8, and send that file."],
        ),
    ],
)
def test_every_fault_is_told_with_its_place(text: str | bytes, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_the_rows_without_fault_are_there_beside_the_faults() -> None:
    table = read("email,name\na@x.example,Ann\n,Bea\nc@x.example,Cas\n")
    assert [row.number for row in table.rows] == [2, 4]
    assert list(table.faults) == [Fault(3, "email", "This is blank.")]


def test_five_thousand_rows_are_read_and_no_more() -> None:
    enough = "email,name\n" + "a@x.example,Ann\n" * 5_000
    assert len(cells(read(enough))) == 5_000
    assert sentences(enough + "b@x.example,Bea") == ["Row 5002: The file has more than 5,000 rows. Split it into smaller files."]


def test_sixty_columns_are_read_and_no_more() -> None:
    heading = ",".join(["email", "name", *(f"c{n}" for n in range(58))])
    assert sentences(heading) == []
    assert sentences(heading + ",one") == ["Row 1: The file has more than 60 columns. Keep only those that are asked for."]


def test_a_huge_file_is_not_looked_into() -> None:
    assert sentences(b"a" * (MAX_BYTES + 1)) == ["The file is larger than 10 MB. Split it into smaller files."]


def test_an_importers_own_faults_join_those_of_reading_in_the_order_of_rows() -> None:
    faults = Faults()
    faults.add(12, "date", "Enter a real date, such as 2027-03-30.")
    faults.add(3, "", "This row has 1 cell but there are 2 headings.")
    faults.add(0, "", "The file names no session.")
    assert faults.sentences() == [
        "The file names no session.",
        "Row 3: This row has 1 cell but there are 2 headings.",
        "Row 12, date: Enter a real date, such as 2027-03-30.",
    ]
    assert (len(faults), bool(Faults())) == (3, False)


@given(data=st.binary(max_size=300))
def test_no_bytes_at_all_raise(data: bytes) -> None:
    table = read_rows(data, columns={"a": True})
    assert all(row.cells["a"] for row in table.rows)


@given(text=st.text(alphabet='email,name;\t"\n\r aé\x00', max_size=80))
def test_no_text_at_all_raises(text: str) -> None:
    for row in read("email,name\n" + text).rows:
        assert (bool(row.cells["email"]), bool(row.cells["name"])) == (True, True)


WORDS = st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufffd"), min_size=1).filter(str.strip)


@given(
    people=st.lists(st.tuples(WORDS, WORDS), max_size=8),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_spreadsheet_writes_is_what_is_read(people: list[tuple[str, str]], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([("email", "name"), *people])
    table = read(out.getvalue().encode(encoding))
    assert [(row.cells["email"], row.cells["name"]) for row in table.rows] == [(email.strip(), name.strip()) for email, name in people]
