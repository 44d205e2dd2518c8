"""Attestation (R6): whether every specific of a name is used by enough accounts of the group that it names.

It holds whoever wrote the name, a model or the built-in namer. A conversation attests its summary's words and the name
of its language, which is a closed facet. Many names are attested at once, because the reading of summaries is what
costs. Data plane: it reads members' summaries and says only yes or no.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from index.core.words import specifics
from index.naming.verdicts import attests, is_clean
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Codes, Rows, Snapshot

_FIRST_PAGE = 64
_GROWTH = 4
"""Most names are attested by a few dozen of their group's summaries, so reading starts small."""


@dataclass(slots=True)
class _Open:
    """A name under examination: the specifics that too few accounts are known to use, and who uses them."""

    rows: Rows
    missing: set[str]
    users: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def read(self, found: frozenset[str], account: int) -> None:
        for word in self.missing & found:
            self.users[word].add(account)


class Attestation:
    """Attests names over one snapshot, and remembers what it found. `min_accounts`: accounts of a group's rows that must use
    this word; `voices`: as how many some accounts count."""

    def __init__(
        self,
        snapshot: Snapshot,
        min_accounts: Callable[[str, Rows], int],
        voices: Callable[[Collection[int]], int] = len,
    ) -> None:
        self._snapshot = snapshot
        self._min_accounts = min_accounts
        self._voices = voices
        self._known: dict[tuple[str, str, bytes], frozenset[str] | None] = {}

    def attested(self, names: Sequence[tuple[str, Rows]], about: str = SUMMARY) -> list[bool]:
        """For each name whether it may be shown for the summaries of its rows (ascending), by their texts of a facet."""
        return [missing is not None and not missing for missing in self.missing(names, about)]

    def missing(self, names: Sequence[tuple[str, Rows]], about: str = SUMMARY) -> list[frozenset[str] | None]:
        """For each name the specifics that too few accounts of its rows (ascending) use, empty where all are attested.
        None: the text is not plain, or a detector objects, and no support can make it showable."""
        keys = [(text, about, members_digest(rows)) for text, rows in names]
        opened: dict[tuple[str, str, bytes], _Open] = {}
        for key, (text, rows) in zip(keys, names, strict=True):
            if key not in self._known and key not in opened:
                if is_clean(text):
                    opened[key] = _Open(rows, set(specifics(text)))
                else:
                    self._known[key] = None
        self._examine(list(opened.values()), about)
        self._known.update((key, frozenset(name.missing)) for key, name in opened.items())
        return [self._known[key] for key in keys]

    @cached_property
    def _languages(self) -> Codes:
        return self._snapshot.facet("language")

    def _examine(self, names: Sequence[_Open], about: str) -> None:
        """Read each group's summaries, a page of all groups at a time, until its specifics are attested or it ends."""
        start, size = 0, _FIRST_PAGE
        while names := [name for name in names if name.missing and start < len(name.rows)]:
            pages = [name.rows[start : start + size] for name in names]
            together = np.unique(np.concatenate(pages))
            texts = self._snapshot.texts(together, about)
            languages = self._languages.codes[together].tolist()
            found = {
                row: attests(text, self._languages.values[language])
                for row, text, language in zip(together.tolist(), texts, languages, strict=True)
            }
            for name, page in zip(names, pages, strict=True):
                for row, account in zip(page.tolist(), self._snapshot.accounts[page].tolist(), strict=True):
                    name.read(found[row], account)
                name.missing = {word for word in name.missing if not self._is_enough(word, name.rows, name.users[word])}
            start, size = start + size, size * _GROWTH

    def _is_enough(self, word: str, rows: Rows, users: set[int]) -> bool:
        least = self._min_accounts(word, rows)
        return len(users) >= least and self._voices(users) >= least


def members_digest(rows: Rows) -> bytes:
    """What tells one group from another in a cache."""
    return hashlib.sha256(rows.tobytes()).digest()
