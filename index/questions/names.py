"""Which words of a question name something that is listed, in any language that the encoder knows.

A question is mostly about the asking ("how many people ask for"), and only what is left names a subject. So each run of words
is compared with two lists, the names and the words that questions are made of, and is a name only where the first is clearly
nearer.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import regex

from index.core.words import FUNCTION_WORDS
from index.embedding.encoder import Encoder
from index.questions.keeping import kept
from index.questions.spoken import function_words, language_of
from index.questions.values import Found, Name
from index.stores.vectors import Vectors

FACET = "facet"
"""The kind of the names of facets."""
_LONGEST = 4
"""Words of the longest run that may be a name."""

_NEAR, _CLEAR = 0.64, 0.06
"""Cosine to a name from which a run of words may be it, and by how much it must be nearer than the words of asking."""

_NEAR_IN_ENGLISH = 0.74
"""The same for a single English word, because most of these are listed as they are written."""

_SHORTEST = 4
"""Letters of a name from which on other words may be near to it: the vector of an abbreviation says little."""

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}'’-]*")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_JAPANESE = regex.compile(r"\p{Han}+|[\p{Katakana}ー]+|[A-Za-z]+")
_HAN = regex.compile(r"\p{Han}")
_BETWEEN = regex.compile(r"[\s·・の的-]*")


@dataclass(frozen=True)
class NameFinder:
    """Names and the words of asking in one encoder's space."""

    encoder: Encoder
    names: Sequence[Name]
    asking: frozenset[str]
    """Words and short phrases that questions are made of and that are no names."""
    always: frozenset[str]
    """Names of facets, which are names although some of them are function words ("topics")."""
    _exact: Mapping[str, Name] = field(repr=False)
    _near: Sequence[Name] = field(repr=False)
    _named: Vectors = field(repr=False)
    _asked: Vectors = field(repr=False)

    @classmethod
    def of(cls, encoder: Encoder, names: Sequence[Name], asking: Sequence[str], folder: Path) -> "NameFinder":
        """With the vectors kept in a folder, else made now."""
        exact: dict[str, Name] = {}
        for name in names:
            exact.setdefault(_folded(name.text), name)
        words = [word for word in dict.fromkeys((*asking, *sorted(FUNCTION_WORDS))) if _folded(word) not in exact]
        near = [name for name in names if len(name.text) >= _SHORTEST]
        vectors = kept(folder, "names", encoder, [*(name.text.casefold() for name in near), *words])
        folded = frozenset(map(_folded, words))
        always = frozenset(text for text, name in exact.items() if name.kind == FACET)
        return cls(encoder, names, folded, always, exact, near, vectors[: len(near)], vectors[len(near) :])

    def find(
        self, question: str, taken: Sequence[tuple[int, int]] = (), without: Sequence[tuple[int, int]] = ()
    ) -> list[Found]:
        """The names in a question, in its order. `taken`: places that mean something else; `without`: places that are no
        name by themselves, and may be a part of one."""
        is_english = language_of(question) == "English"
        found, others = [], []
        for start, end in spans(question, taken, self.always):
            if (start, end) in without:
                continue
            words = question[start:end]
            if name := self._exact.get(_folded(words)):
                found.append(_found(name, words, start, end, 1.0))
            elif _folded(words) not in self.asking:
                others.append((start, end))
        if others:
            vectors = self.encoder.encode([question[start:end].casefold() for start, end in others])
            near, frame = vectors @ self._named.T, (vectors @ self._asked.T).max(axis=1)
            for place, (start, end) in enumerate(others):
                best = int(near[place].argmax())
                fit = float(near[place, best])
                near_enough = _NEAR_IN_ENGLISH if is_english and " " not in question[start:end] else _NEAR
                if fit >= near_enough and fit >= float(frame[place]) + _CLEAR:
                    found.append(_found(self._near[best], question[start:end], start, end, fit))
        return sorted(_apart(found), key=lambda item: item.start)


def _found(name: Name, words: str, start: int, end: int, fit: float) -> Found:
    return Found(name.label, name.kind, words, start, end, name.is_abuse, fit)


def _folded(text: str) -> str:
    """A text without case, hyphens and the ending of a plural."""
    words = text.casefold().replace("-", " ").replace("’", "'").removesuffix("'s").split()
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )


def _apart(found: Sequence[Found]) -> Iterator[Found]:
    """Of overlapping ones the best: an exact name before a near one, of two exact ones the longer."""
    used: list[tuple[int, int]] = []
    for item in sorted(found, key=lambda item: (-item.fit, item.start - item.end)):
        if all(item.end <= start or item.start >= end for start, end in used):
            used.append((item.start, item.end))
            yield item


def spans(
    question: str, taken: Sequence[tuple[int, int]] = (), names: Container[str] = ()
) -> Iterator[tuple[int, int]]:
    """Places of the runs of words that begin and end with no function word, and of function words that are `names`."""
    words = list(_words(question))
    empty = function_words(language_of(question))
    for first in range(len(words)):
        for last in range(first, min(first + _LONGEST, len(words))):
            start, end = words[first][0], words[last][1]
            if last > first and not _BETWEEN.fullmatch(question[words[last - 1][1] : words[last][0]]):
                break
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            edges = question[start : words[first][1]], question[words[last][0] : end]
            is_empty = any(edge.casefold() in empty or edge.isnumeric() for edge in edges)
            if end - start > 1 and (not is_empty or _folded(question[start:end]) in names):
                yield start, end


def _words(question: str) -> Iterator[tuple[int, int]]:
    if _KANA.search(question):
        yield from (match.span() for match in _JAPANESE.finditer(question))
    elif _HAN.search(question):
        import rjieba

        place = 0
        for word in rjieba.cut(question):
            if _WORD.match(word):
                yield place, place + len(word)
            place += len(word)
    else:
        yield from (match.span() for match in _WORD.finditer(question))
