"""Looks for planted strings in everything that was written or said, in any of the forms in which they could hide.

A finding of it is a place and a number of plants, never the plant itself.
"""

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick

from index.stores.everything import stored_values


class Traces:
    """Searches for `plants` (each given once), ignoring case, in UTF-8 and UTF-16, base64, percent, JSON and hex form."""

    def __init__(self, plants: Sequence[str]) -> None:
        self._count = len(plants)
        folded: list[tuple[bytes, int]] = []
        exact: list[tuple[bytes, int]] = []
        for number, plant in enumerate(plants):
            folded += [(form.lower(), number) for form in _folding(plant)]
            exact += [(form, number) for form in _exact(plant)]
        self._folded, self._folded_of = _automaton(folded)
        self._exact, self._exact_of = _automaton(exact)
        self.found: dict[int, set[str]] = {}
        """Numbers of plants that were found, and where."""

    def look(self, where: str, content: bytes) -> None:
        """Search one piece of content."""
        for number in {
            self._folded_of[match[0]]
            for match in self._folded.find_matches_as_indexes(content.lower(), overlapping=True)
        }:
            self.found.setdefault(number, set()).add(where)
        for number in {
            self._exact_of[match[0]] for match in self._exact.find_matches_as_indexes(content, overlapping=True)
        }:
            self.found.setdefault(number, set()).add(where)

    def look_at_files(self, folder: Path) -> int:
        """Search every byte of every file below a folder (links are not followed), their names, and every value of
        every database; returns the number of files."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        for path in files:
            self.look(path.name, str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes())
        for where, row in database_rows(folder):
            self.look(where, row.encode())
        return len(files)


def database_rows(folder: Path) -> Iterator[tuple[str, str]]:
    """(file, one row as text) of every database below a folder."""
    for path, row in stored_values(folder):
        yield path.name, row
    for path in sorted(folder.rglob("*.sqlite3")):
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in names:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield path.name, " | ".join(map(_text, row))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _automaton(forms: Iterable[tuple[bytes, int]]) -> tuple[BytesAhoCorasick, list[int]]:
    unique = dict(forms)
    return BytesAhoCorasick(list(unique)), list(unique.values())


def _folding(plant: str) -> Iterator[bytes]:
    yield plant.encode()
    yield plant.lower().encode()
    yield plant.encode("utf-16-le")
    yield plant.encode("utf-16-be")
    yield plant.encode().hex().encode()
    yield quote(plant, safe="").encode()
    yield quote(plant).encode()
    yield plant.replace(" ", "+").encode()
    yield json.dumps(plant)[1:-1].encode()
    yield plant.replace(" ", "").replace("-", "").encode()


def _exact(plant: str) -> Iterator[bytes]:
    """Base64 at each of the three alignments, without the letters that depend on what stands beside."""
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plant.encode()).rstrip(b"=")
        inner = coded[(0, 2, 3)[shift] : -1]
        if len(inner) >= 8:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")
