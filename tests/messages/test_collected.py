"""The demo's mailbox: letters of a folder on a page, in the demo and nowhere else."""

from dataclasses import replace

import pytest

from marstraining.core import config
from marstraining.core.config import ConfigError, Settings, load_settings
from marstraining.messages.delivery import PostRoom, send_due_letters
from tests.conftest import SECRET_KEY, Clock, Visitor
from tests.messages.letters import NOTE, a_letter, queued


async def _sent(settings: Settings, clock: Clock, *, text: str) -> str:
    """A letter that lies in the folder; the value is its file's name."""
    await queued(a_letter("one", context={**NOTE, "text": text, "paragraphs": [text]}), now=clock.now)
    await send_due_letters(PostRoom(settings, name="tester"))
    folder = settings.mail_folder
    assert folder is not None
    [path] = folder.glob("*.eml")
    return path.name


async def test_the_demos_letters_are_read_on_a_page_and_its_own_links_can_be_followed(
    settings: Settings, client: Visitor, clock: Clock
) -> None:
    name = await _sent(settings, clock, text="See http://127.0.0.1:8000/me/account and http://evil.example/x <b>")
    config.use(replace(settings, shows_mail=True))
    listed = await client.get("/demo/mail")
    assert (f'href="/demo/mail/{name}"' in listed.text, "Parking on Tuesday" in listed.text) == (True, True)
    read = await client.get(f"/demo/mail/{name}")
    assert '<a class="govuk-link" href="http://127.0.0.1:8000/me/account">' in read.text
    assert ('href="http://evil.example' in read.text, "&lt;b&gt;" in read.text, "<b>" in read.text) == (False, True, False)
    assert read.headers["referrer-policy"] == "no-referrer"
    for wrong in ("../secret.key", "20260309T100000-00000099-desk_note.eml", ".eml"):
        assert (await client.get(f"/demo/mail/{wrong}")).status_code == 404


async def test_an_empty_mailbox_says_what_to_do(settings: Settings, client: Visitor) -> None:
    config.use(replace(settings, shows_mail=True))
    assert "No emails yet" in (await client.get("/demo/mail")).text


async def test_outside_the_demo_there_is_no_such_page(settings: Settings, client: Visitor, clock: Clock) -> None:
    name = await _sent(settings, clock, text="private")
    for path in ("/demo/mail", f"/demo/mail/{name}"):
        assert (await client.get(path)).status_code == 404
    assert "/demo/mail" not in (await client.get("/sign-in")).text


@pytest.mark.parametrize(
    "environ",
    [
        {"MARS_BASE_URL": "https://training.example.org", "MARS_SMTP_URL": "file:///var/mail"},
        {"MARS_BASE_URL": "http://127.0.0.1:8000", "MARS_SMTP_URL": "smtp://mail.example.org"},
    ],
)
def test_no_other_installation_can_show_its_letters(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="MARS_SHOW_MAIL is for the demo"):
        load_settings({"MARS_SECRET_KEY": SECRET_KEY, "MARS_SHOW_MAIL": "yes", **environ})
