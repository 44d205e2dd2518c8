"""Distinct phrases that an index was asked near, in the present month: what the budget of phrases counts (`phrases_per_month`).

Each new phrase selects another union of cells, so their number bounds what all of them together can tell. Everybody's
phrases count as the ledger has them, also where a threshold refused the answer; what this budget refused does not.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tools.core.ledger import Ledger


class Phrases:
    """Reads on where it stopped. Use it under the ledger's lock."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._month, self._read, self._known = "", 0, set[str]()

    def known(self) -> set[str]:
        """The phrases of this month (UTC), in lower case."""
        month = f"{datetime.now(UTC):%Y-%m}"
        if month != self._month:
            self._month, self._read, self._known = month, 0, set()
        for seq, arguments in self._ledger.asked_since(f"{month}-01", self._read):
            self._read = seq
            self._known |= set(_near(_parsed(arguments)))
        return self._known


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def _near(value: Any) -> Iterator[str]:
    """Every phrase in a tool's arguments, however deep."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ("near", "phrase") and isinstance(item, str):
                yield item.casefold()
            else:
                yield from _near(item)
    elif isinstance(value, list):
        for item in value:
            yield from _near(item)
