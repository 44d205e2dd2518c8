"""A served gate for each test, over a copy of the small index."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.gate import Served, served


@pytest.fixture
async def gate(own_home: Path) -> AsyncIterator[Served]:
    async with served(own_home) as made:
        yield made
