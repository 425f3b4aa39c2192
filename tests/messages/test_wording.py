import pytest

from marstraining.core.errors import Refused
from marstraining.messages.wording import check_wording, filled

NAMES = ("name", "title", "dates")


@pytest.mark.parametrize("text", ["", "Plain.", "Dear {{name}}, {{ title }} is on {{dates}}", "one { brace } alone"])
def test_letters_1_known_placeholders_are_taken(text: str) -> None:
    check_wording(text, NAMES)


@pytest.mark.parametrize("text", ["{{nmae}}", "{{name.__class__}}", "{{ }}", "{{name", "name}}", "{{na{{name}}me}}", "{{name|safe}}"])
def test_letters_1_unknown_placeholders_are_refused_on_saving(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_wording(text, NAMES, field="text")
    assert refusal.value.field == "text"


def test_letters_1_values_are_escaped_per_part_and_never_expanded_twice() -> None:
    values = {"name": "<b>{{title}}</b>", "title": "A & B\nBcc: x"}
    wording = "<i>{{name}}</i> & {{ title }}"
    assert filled(wording, values, part="text") == "<i><b>{{title}}</b></i> & A & B\nBcc: x"
    assert filled(wording, values, part="html") == "&lt;i&gt;&lt;b&gt;{{title}}&lt;/b&gt;&lt;/i&gt; &amp; A &amp; B\nBcc: x"
    assert filled(wording, values, part="subject") == "<i><b>{{title}}</b></i> & A & B Bcc: x"
