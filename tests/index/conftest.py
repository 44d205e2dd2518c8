"""What the tests of `index` share: a home in a temporary folder."""

from pathlib import Path

import pytest

from index.core.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shoal")
