import subprocess
import sys
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any, cast

import pypdfium2
import pytest
from pypdf import PdfReader

from marstraining.certificates.paper import certificate_pdf
from marstraining.certificates.rules import Facts
from marstraining.core.config import Settings

CODE = "0123456789abcdef"
FACTS = Facts(
    name="Asha Patel",
    course_code="CP",
    course_title="Child Protection",
    level="Level 3",
    mode="In person",
    minutes=360,
    outcomes=("Recognise abuse and neglect",),
    delivered_by=("Tess Trainer", "Priya Shah"),
    organisation="St Luke's School",
    meets_annex_c=True,
    completed_on=date(2026, 3, 10),
    issued_by="Children's MARS board",
)


async def made(facts: Facts, settings: Settings) -> PdfReader:
    return PdfReader(BytesIO(await certificate_pdf(facts, code=CODE, issued_on="13 March 2026", settings=settings)))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


async def test_it_is_one_page_of_a4_tagged_with_title_language_and_the_mark_of_pdf_ua(settings: Settings) -> None:
    reader = await made(FACTS, settings)
    root: Any = reader.root_object
    width, height = (float(side) for side in reader.pages[0].mediabox[2:])
    assert (len(reader.pages), round(width), round(height)) == (1, 595, 842)
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"], root["/ViewerPreferences"]["/DisplayDocTitle"]) == (True, "en-GB", True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Certificate: Child Protection, Asha Patel"
    assert b"pdfuaid:part>1<" in root["/Metadata"].get_data()
    assert "/StructTreeRoot" in root


async def test_it_says_everything_that_was_frozen_and_how_to_check_it(settings: Settings) -> None:
    said = text_of(await made(FACTS, settings))
    for words in (
        "Certificate of training", "This is to certify that Asha Patel St Luke's School has completed Child Protection",
        "Completed on 10 March 2026 Time 6 hours Level Level 3 How In person Delivered by Tess Trainer, Priya Shah Meets EYFS Annex C Yes",
        "• Recognise abuse and neglect", "0123 4567 89AB CDEF Check it at 127.0.0.1:8000/verify with this code.",
        "Issued on 13 March 2026 by Children's MARS board. This certificate does not expire",
    ):  # fmt: skip
        assert words in said


async def test_one_for_part_of_a_session_says_so_and_never_that_it_was_completed(settings: Settings) -> None:
    said = text_of(await made(replace(FACTS, is_partial=True, minutes=95), settings))
    assert "Record of attendance in part" in said
    assert "attended part of Child Protection" in said
    assert "Time attended 1 hour 35 minutes" in said
    assert "Annex C" not in said
    assert ("has completed" in said, "Recognise abuse" in said) == (False, False)


@pytest.mark.parametrize(
    "name", ["#let x = 1 *bold*", 'Ann _O_ `Hara` $x$ <b> @ref \\ "q"', "= Heading", "Zoë Ștefan Nguyễn", "Ольга", '"); #panic("x']
)  # fmt: skip
async def test_a_name_that_looks_like_markup_is_shown_as_it_is(name: str, settings: Settings) -> None:
    assert f"that {name} St Luke's School" in text_of(await made(replace(FACTS, name=name), settings))


@pytest.mark.parametrize("name", ["Asha 👍🏽 Patel", "Asha 李小龙 Patel", "Asha 🦊🦊🦊 Patel"])
async def test_a_character_that_no_font_here_has_leaves_the_rest_and_the_tags(name: str, settings: Settings) -> None:
    reader = await made(replace(FACTS, name=name), settings)
    said, root = text_of(reader), cast("Any", reader.root_object)
    assert (said.index("that Asha ") < said.index(" Patel St Luke's"), root["/MarkInfo"]["/Marked"]) == (True, True)


async def test_the_longest_words_stay_on_the_page(settings: Settings) -> None:
    long = replace(
        FACTS, name="Maria-Magdalena " * 12, course_title="Working together " * 11, outcomes=("Something that people can do " * 4,) * 12
    )
    pdf = await certificate_pdf(long, code=CODE, issued_on="13 March 2026", settings=settings)
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) <= 2
    for number in range(len(document)):
        page = document[number].get_textpage()
        boxes = [page.get_rect(index) for index in range(page.count_rects())]
        assert all(left >= 60 and right <= 595 - 60 for left, _, right, _ in boxes)


@pytest.mark.whole
def test_the_application_does_not_load_typst() -> None:
    loaded = "import sys, marstraining.app; print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout.strip() == "False"
