"""What the tests of `index` share: a home in a temporary folder and the one Presidio screen of the session."""

from pathlib import Path

import pytest

from index.home import Home
from index.screening import Screen
from tests.fakes.corpus import shared_screen


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shoal")


@pytest.fixture(scope="session")
def screen() -> Screen:
    return shared_screen()
