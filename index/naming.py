"""What a namer is given and returns, and the phrases a group of summaries is about.

`index` knows no model: a namer is handed in. It is a reader (R11): it sees screened summaries, has no tools, and what
it returns passes the gate's attestation before anyone sees it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log
from typing import NamedTuple, Protocol

import regex

from index.words import is_function_word, stem, words

MAX_SAMPLED = 50
"""Summaries shown to a namer, inside and just outside: the numbers of Clio §1 (G.5)."""

_SEGMENT = regex.compile(r"[;,.:!?…()\"\n]+")
_MAX_PHRASES = 24


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a group: its words as most often written, the accounts that used it, and how much it sets the
    group apart (higher is more)."""

    text: str
    accounts: int
    distinctiveness: float


@dataclass(frozen=True, slots=True)
class NamingSample:
    """One group to name. Texts are screened summaries; `phrases` are attested, best first."""

    phrases: tuple[Phrase, ...]
    inside: tuple[str, ...] = field(repr=False)
    nearby: tuple[str, ...] = field(repr=False)


class Namer(Protocol):
    """Names groups that stand side by side, so that no two are called the same. None: no honest name was found."""

    name: str

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]: ...


def phrases_of(text: str) -> dict[str, str]:
    """The phrases of a summary, canonical form to written form: words, and pairs of neighbouring content words."""
    found: dict[str, str] = {}
    for segment in _SEGMENT.split(text):
        written = list(words(segment))
        for word in written:
            if not is_function_word(word) and len(word) > 1:
                found.setdefault(stem(word), word)
        for left, right in pairwise(written):
            if not is_function_word(left) and not is_function_word(right):
                found.setdefault(f"{stem(left)} {stem(right)}", f"{left} {right}")
    return found


@dataclass(frozen=True, slots=True)
class Background:
    """How common phrases are in a snapshot, by language: a question particle is common in its own language only.

    `uses[language][phrase]` and `totals[language]` count summaries.
    """

    uses: Mapping[str, Mapping[str, int]]
    totals: Mapping[str, int]

    @classmethod
    def count(cls, texts: Iterable[str], languages: Iterable[str]) -> "Background":
        uses: dict[str, Counter[str]] = defaultdict(Counter)
        totals: Counter[str] = Counter()
        for text, language in zip(texts, languages, strict=True):
            uses[language].update(phrases_of(text).keys())
            totals[language] += 1
        return cls(uses, totals)

    def expected(self, phrase: str, mix: Mapping[str, float]) -> float:
        """The phrase's share among summaries with this mix of languages."""
        return sum(
            share * self.uses.get(language, {}).get(phrase, 0) / max(1, self.totals.get(language, 0))
            for language, share in mix.items()
        )


class Member(NamedTuple):
    """A summary as phrases are counted: its text, language and account number."""

    text: str
    language: str
    account: int


def group_phrases(members: Sequence[Member], background: Background, min_accounts: int) -> tuple[Phrase, ...]:
    """The group's phrases attested by at least `min_accounts` of its accounts, most telling first.

    The score is the share of the group's accounts times the log ratio to the share expected of its mix of languages
    (class-based TF-IDF, Grootendorst 2022, with accounts instead of counts).
    """
    users: dict[str, set[int]] = defaultdict(set)
    written: dict[str, Counter[str]] = defaultdict(Counter)
    uses: Counter[str] = Counter()
    for member in members:
        for canonical, form in phrases_of(member.text).items():
            users[canonical].add(member.account)
            written[canonical][form] += 1
            uses[canonical] += 1
    everyone = max(1, len({member.account for member in members}))
    counts = Counter(member.language for member in members)
    mix = {language: count / len(members) for language, count in counts.items()}
    found = []
    for canonical, who in users.items():
        if len(who) < min_accounts:
            continue
        share = uses[canonical] / len(members)
        lift = log(share / max(background.expected(canonical, mix), share / 1_000))
        bonus = 1.25 if " " in canonical else 1.0
        found.append(Phrase(written[canonical].most_common(1)[0][0], len(who), bonus * lift * len(who) / everyone))
    return tuple(sorted(found, key=lambda phrase: (-phrase.distinctiveness, phrase.text))[:_MAX_PHRASES])
