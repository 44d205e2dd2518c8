"""What a namer is given and returns, and the phrases a group of summaries is about.

`index` knows no model: a namer is handed in. It is a reader (R11): it sees screened summaries, has no tools, and what
it returns passes `index.naming.verdicts` and the gate's attestation before anyone sees it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from math import log
from typing import NamedTuple, Protocol

import regex

from index.core.records import UNKNOWN
from index.core.words import is_function_word, stem, words

NEARBY = 200
"""Summaries just outside a group whose phrases a namer is shown."""

_SEGMENT = regex.compile(r"[;,.:!?…()\"\n]+")
_MAX_PHRASES = 32
_MAX_WORDS = 4
_LONGER = (1.0, 1.25, 1.4, 1.5)
"""What a phrase's score gains with its words: a longer one says more where as many use it."""

_TOGETHER = 0.6
"""Share of the rarer of two overlapping phrases that must stand beside the other before the two are read as one."""

_ONE_LANGUAGE = 0.9
"""Share of a group from which on it counts as one language's, or as that of a few."""

_LANGUAGES, _SOME_OF_IT = 3, 0.1
"""How many languages are a few, and the share that each needs."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a group: its words as most often written, the accounts that used it, and how much it sets the
    group apart (higher is more). `share` is of the group's accounts; `lift` is the natural log of how many times more
    common the phrase is here than among summaries of the same languages."""

    text: str
    accounts: int
    distinctiveness: float
    share: float = 1.0
    lift: float = 1.0


@dataclass(frozen=True, slots=True)
class Label:
    """A name from the public vocabulary, and how well it fits a group: a cosine."""

    text: str
    fit: float


@dataclass(frozen=True, slots=True)
class NamingSample:
    """One group to name: `phrases` are its own, best first, and `nearby` those of what lies just outside it. Both are
    attested by many accounts, and no single summary is here: a namer that obeys an instruction in a summary, or is made
    to single one out, has none to reveal (docs/decisions/0011).

    `language` is the one of nearly all its conversations, or the few, or "". `children` are the names of the groups it is made of.
    `labels` of the public vocabulary fit it best, the best first; no word of them comes from a conversation. `barred` holds stems that the name may not use and `taken` names that others have: a second try gets both.
    """

    phrases: tuple[Phrase, ...] = field(repr=False)
    nearby: tuple[Phrase, ...] = field(default=(), repr=False)
    language: str = ""
    children: tuple[str, ...] = ()
    barred: frozenset[str] = frozenset()
    taken: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()


class Namer(Protocol):
    """Names groups that stand side by side, so that no two are called the same. None: no honest name was found."""

    name: str

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]: ...


def phrases_of(text: str) -> dict[str, str]:
    """The phrases of a summary, canonical form to written form: words, and runs of up to four words that begin and end
    with content words and hold function words only between ("recipes for soup")."""
    found: dict[str, str] = {}
    for segment in _SEGMENT.split(text):
        written = list(words(segment))
        content = [not is_function_word(word) for word in written]
        stems = [stem(word) for word in written]
        for start, word in enumerate(written):
            if not content[start]:
                continue
            if len(word) > 1:
                found.setdefault(stems[start], word)
            for end in range(start + 2, min(start + _MAX_WORDS, len(written)) + 1):
                if content[end - 1] and len(set(stems[start:end])) == end - start:
                    found.setdefault(" ".join(stems[start:end]), " ".join(written[start:end]))
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


def group_language(members: Sequence[Member]) -> str:
    """The language of nearly all of these, or the two or three that are together ("German and French"), or ""."""
    counts = Counter(member.language for member in members)
    known = [(language, count) for language, count in counts.items() if language != UNKNOWN]
    chosen: list[str] = []
    covered = 0
    for language, count in sorted(known, key=lambda item: (-item[1], item[0]))[:_LANGUAGES]:
        if count < _SOME_OF_IT * len(members):
            break
        chosen.append(language)
        covered += count
        if covered >= _ONE_LANGUAGE * len(members):
            return " and ".join([", ".join(chosen[:-1]), chosen[-1]] if len(chosen) > 1 else chosen)
    return ""


def group_phrases(
    members: Sequence[Member],
    background: Background,
    min_accounts: int,
    read: Callable[[str], Mapping[str, str]] = phrases_of,
) -> tuple[Phrase, ...]:
    """The group's phrases attested by at least `min_accounts` of its accounts, most telling first. `read` gives the
    phrases of a text; who names many groups that lie beside each other hands in one that remembers.

    The score is the share of the group's accounts times the log ratio to the share expected of its mix of languages
    (class-based TF-IDF, Grootendorst 2022, with accounts instead of counts), and more for longer phrases. Listed pairs
    that overlap and stand together ("press submit", "submit button") are read as one phrase.
    """
    forms = [read(member.text) for member in members]
    everywhere: dict[str, list[int]] = defaultdict(list)
    for place, of_member in enumerate(forms):
        for canonical in of_member:
            everywhere[canonical].append(place)
    # Most phrases are of one summary or two: how they are written is not counted.
    used = {canonical: places for canonical, places in everywhere.items() if len(places) >= min_accounts}
    scoring = _Scoring(members, background, min_accounts)
    found = {}
    for canonical, places in used.items():
        written = Counter(forms[place][canonical] for place in places).most_common(1)[0][0]
        if (phrase := scoring.phrase(written, places, (canonical,))) is not None:
            found[canonical] = phrase
    best = sorted(found, key=lambda canonical: (-found[canonical].distinctiveness, canonical))[:_MAX_PHRASES]
    chained = _chained([canonical for canonical in best if " " in canonical], found, used, scoring)
    every = {phrase.text: phrase for phrase in (*(found[canonical] for canonical in best), *chained)}
    return tuple(sorted(every.values(), key=lambda phrase: (-phrase.distinctiveness, phrase.text))[:_MAX_PHRASES])


def _chained(
    pairs: Sequence[str], found: Mapping[str, Phrase], used: Mapping[str, Sequence[int]], scoring: "_Scoring"
) -> list[Phrase]:
    """Phrases that begin with the word another ends with, joined where they are mostly in the same summaries."""
    joined = []
    for left, right in permutations(pairs, 2):
        if left.split()[-1] != right.split()[0] or len(left.split()) + len(right.split()) > _MAX_WORDS + 1:
            continue
        both = set(used[left]).intersection(used[right])
        if len(both) < _TOGETHER * min(len(used[left]), len(used[right])):
            continue
        if len(set(f"{left} {right}".split())) != len(left.split()) + len(right.split()) - 1:
            continue
        text = f"{found[left].text} {' '.join(found[right].text.split()[1:])}"
        if (phrase := scoring.phrase(text, both, (left, right))) is not None:
            joined.append(phrase)
    return joined


class _Scoring:
    """Scores phrases of one group by who of it used them."""

    def __init__(self, members: Sequence[Member], background: Background, min_accounts: int) -> None:
        self._members = members
        self._background = background
        self._min_accounts = min_accounts
        self._everyone = max(1, len({member.account for member in members}))
        counts = Counter(member.language for member in members)
        self._mix = {language: count / len(members) for language, count in counts.items()}

    def phrase(self, text: str, places: Collection[int], canonical: Sequence[str]) -> Phrase | None:
        """The phrase that these members used, or None where too few accounts did. Of several canonical forms it is as
        rare as the rarest."""
        if len(places) < self._min_accounts:
            return None
        accounts = len({self._members[place].account for place in places})
        if accounts < self._min_accounts:
            return None
        share = len(places) / len(self._members)
        expected = min(self._background.expected(form, self._mix) for form in canonical)
        lift = log(share / max(expected, share / 1_000))
        of_accounts = accounts / self._everyone
        longer = _LONGER[min(len(text.split()), _MAX_WORDS) - 1]
        return Phrase(text, accounts, longer * lift * of_accounts, of_accounts, lift)
