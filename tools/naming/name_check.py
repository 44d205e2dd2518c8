"""The one place where a name's right to be shown is decided: attestation (R6), generalisation, and the auditor (R11).

A name is shown when every specific of it is attested and no auditor objects. One that fails by specifics of known kinds
alone, or of its details alone, is generalised, and what comes out must pass the same. The built-in rules judge always; a model's verdicts, where
one was consulted, are added to theirs. Data plane: it reads members' summaries and gives names or nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

from index.core.words import specifics
from index.privacy.judgement import Judgement, NameAuditor, Proposed, stricter
from index.privacy.sealing import SUMMARY
from index.snapshots.snapshot import Rows, Snapshot
from index.vocabulary import OF_PHRASES, public_part
from tools.naming.attestation import Attestation, members_digest
from tools.naming.generalisation import generalise, shortened
from tools.naming.given_names import problem_with

_FAR = 5
"""Beside a special category (an illness, a religion) a word must be common in the whole index: used by so many times the
accounts that a name needs. A name of a person is not, even where somebody invents enough accounts for the first threshold."""


def _beside_special(text: str) -> str:
    """The words of a name beside those of special categories; empty where it has none of these."""
    from index.privacy.auditor.rules import has_special_category

    if not has_special_category(text):
        return ""
    return " ".join(sorted(word for word in specifics(text) if not has_special_category(word)))


def _marked(text: str, found: str | None) -> str | None:
    """What may be shown of a name that is made of phrases, saying so."""
    return f"{OF_PHRASES}{found}" if found and text.startswith(OF_PHRASES) else found


class ProposedName(NamedTuple):
    """A proposed name, the summaries it is to stand for (ascending), and their number as it may be said."""

    text: str
    rows: Rows
    conversations: int


class NameCheck:
    """Decides over one snapshot and remembers: verdicts are kept by text and group. `voices`: as how many some accounts
    count."""

    def __init__(
        self, snapshot: Snapshot, min_accounts: Callable[[str, Rows], int], voices: Callable[[Collection[int]], int]
    ) -> None:
        self._attestation = Attestation(snapshot, min_accounts, voices)
        self._common = Attestation(snapshot, lambda word, rows: _FAR * min_accounts(word, rows))
        self._snapshot = snapshot
        self._everything = np.arange(len(snapshot), dtype=np.int64)
        self._verdicts: dict[tuple[str, bytes], Judgement] = {}

    def shown(self, names: Sequence[tuple[str, Rows]], about: str = SUMMARY) -> list[str | None]:
        """For each name the text that may be shown: itself, a generalised form, or None. Of a name that begins with a label of
        the public vocabulary only what is behind it is checked: at least the label may be shown."""
        parts = [public_part(text, self._snapshot.own_labels) for text, _ in names]
        checked = self._shown([(rest, rows) for (_, rest), (_, rows) in zip(parts, names, strict=True)], about)
        return [
            (text if not rest or found == rest else label) if label else _marked(text, found)
            for (text, _), (label, rest), found in zip(names, parts, checked, strict=True)
        ]

    def _shown(self, names: Sequence[tuple[str, Rows]], about: str) -> list[str | None]:
        texts = self._attested(names, about)
        kept = [
            None if text is None or self._verdict(text, rows).is_rejected else text
            for text, (_, rows) in zip(texts, names, strict=True)
        ]
        beside = [_beside_special(text) if text else "" for text in kept]
        is_common = self._common.attested([(words, self._everything) for words in beside], about)
        return [
            text if common or not words else None for text, words, common in zip(kept, beside, is_common, strict=True)
        ]

    def problem_with(self, text: str, present: str) -> str | None:
        """Why an analyst cannot call a theme so, whose name is `present`; None where that is possible."""
        return problem_with(text, present, self._snapshot, self._common)

    async def consult(self, auditor: NameAuditor, names: Sequence[ProposedName], about: str = SUMMARY) -> None:
        """Have a model judge what would be shown and was not judged before. It can only take away."""
        shown = await asyncio.to_thread(self.shown, [(name.text, name.rows) for name in names], about)
        asked = {
            (text, members_digest(name.rows)): Proposed(text, name.conversations)
            for text, name in zip(shown, names, strict=True)
            if text is not None
        }
        fresh = {key: proposed for key, proposed in asked.items() if key not in self._verdicts}
        if fresh:
            judged = await auditor.judge(list(fresh.values()))
            self._verdicts.update(zip(fresh, judged, strict=True))

    def _attested(self, names: Sequence[tuple[str, Rows]], about: str) -> list[str | None]:
        found: list[str | None] = [None] * len(names)
        again: list[tuple[int, str]] = []
        for place, missing in enumerate(self._attestation.missing(names, about)):
            if missing is None:
                continue
            if not missing:
                found[place] = names[place][0]
            elif (less := generalise(names[place][0], missing) or shortened(names[place][0], missing)) is not None:
                again.append((place, less))
        passed = self._attestation.attested([(text, names[place][1]) for place, text in again], about)
        for (place, text), is_attested in zip(again, passed, strict=True):
            found[place] = text if is_attested else None
        return found

    def _verdict(self, text: str, rows: Rows) -> Judgement:
        from index.privacy.auditor.rules import (
            judge,  # its patterns take time to compile, and many answers hold no name
        )

        rules = judge(text)
        model = self._verdicts.get((text, members_digest(rows)))
        return rules if model is None else stricter(rules, model)
