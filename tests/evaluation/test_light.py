"""What a web process loads."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.whole


def test_the_web_application_loads_no_statistics() -> None:
    asked = "import marstraining.app, sys; print(sorted({'scipy', 'numpy'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert told.stdout.strip() == "[]"
