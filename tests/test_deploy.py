"""The runbook's steps make whatever the units need, and no command of it runs without the service's settings."""

import re
import subprocess
from pathlib import Path

import pytest

from marstraining.core.paths import MIGRATIONS

DEPLOY = MIGRATIONS.parent / "deploy"
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text(encoding="utf-8")
SET_UP = RUNBOOK.partition("## Set up")[2].partition("\n## ")[0]
# What `pip install` makes, step 2.
OF_THE_WHEEL = {"/opt/marstraining/bin/marstraining", "/opt/marstraining/bin/marstraining-bot"}


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.name)
def test_whatever_a_unit_needs_is_made_by_a_step_of_the_runbook(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    needed = re.findall(r"^(?:ExecStart|EnvironmentFile|ReadWritePaths)=(\S+)", text, re.MULTILINE)
    made = {path.rstrip("`,.;:") for path in re.findall(r"install -[dm][^`]* (/\S+?)`", SET_UP)} | OF_THE_WHEEL
    assert [path for path in needed if path not in made] == []


def test_the_runbook_never_runs_the_command_without_the_services_settings() -> None:
    wrapper = DEPLOY / "marstraining.sh"
    assert f"install -m 0755 deploy/{wrapper.name} /usr/local/sbin/marstraining" in SET_UP.partition("marstraining migrate")[0]
    assert not re.search(r"`/opt/marstraining/bin/marstraining [a-z]", RUNBOOK)
    text = wrapper.read_text(encoding="utf-8")
    assert "EnvironmentFile=/etc/marstraining/env" in text
    assert "--uid=marstraining" in text


def test_the_wrapper_hands_every_word_on(tmp_path: Path) -> None:
    stub = tmp_path / "systemd-run"
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    stub.chmod(0o755)
    said = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", str(DEPLOY / "marstraining.sh"), "person", "add", "--name", "Dee Desk"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True, timeout=10,
    ).stdout.splitlines()  # fmt: skip
    assert said[-5:] == ["/opt/marstraining/bin/marstraining", "person", "add", "--name", "Dee Desk"]


def test_backups_find_pg_dump_and_their_own_script_in_the_image_and_run_beside_it() -> None:
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    server = re.search(r"image: postgres:(\d+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert server
    assert f"postgresql-client-{server[1]}" in image
    assert "deploy/backup.sh /usr/local/bin/marstraining-backup" in image
    assert "marstraining-backup /var/backups/marstraining" in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert "postgresql-client" in SET_UP
