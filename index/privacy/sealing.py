"""Summaries whose specifics are sealed until enough accounts attest them (R1, R6 at rest).

Ingest reads a stream once, so when a word is first met nobody knows whether others will use it too. A summary is
therefore kept as a draft in which every specific is a keyed hash, and the draft is encrypted. When the last of the needed accounts uses a word,
the word itself is in memory and enters the vocabulary; a word that too few accounts used is never written in clear.
Nothing here may put an unattested word into a rendered summary, whoever wrote the summary.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from index.core.records import Conversation
from index.core.words import WORD, capitalised_inside, is_function_word, may_stand, normalise, stem
from index.privacy.sketch import sketch


@dataclass(frozen=True, slots=True)
class Term:
    """A specific: a word or a phrase. When the phrase is not attested its words are tried one by one."""

    text: str

    @property
    def words(self) -> list[str]:
        return [match.group() for match in WORD.finditer(self.text)]


@dataclass(frozen=True, slots=True)
class Prose:
    """A summary in sentences. Parts are text of an English closed class and punctuation (str), or specifics (Term)."""

    parts: tuple[str | Term, ...]
    cased: tuple[str, ...] = ()
    """Words that stand with a capital inside a sentence."""

    @classmethod
    def of(cls, text: str) -> "Prose":
        """Split a model's sentence so that everything but function words and punctuation is a specific."""
        text = _SYMBOLS.sub(" ", unicodedata.normalize("NFKC", text))
        parts: list[str | Term] = []
        end = 0
        for match in WORD.finditer(text):
            if may_stand(match.group(), text[: match.start()]):
                continue
            if between := text[end : match.start()]:
                parts.append(between)
            parts.append(Term(match.group()))
            end = match.end()
        if rest := text[end:]:
            parts.append(rest)
        return cls(tuple(parts), tuple(sorted(capitalised_inside(text))))


@dataclass(frozen=True, slots=True)
class Listing:
    """A summary as a list: heads from a closed lexicon of ours, then candidate terms of the conversation. `order`: its words
    as they were written one after the other, of which the vector is made. `cased`: those that stand with a capital inside a
    sentence."""

    heads: tuple[str, ...]
    terms: tuple[Term, ...]
    order: tuple[str, ...] = ()
    cased: tuple[str, ...] = ()


SummaryDraft = Prose | Listing

SUMMARY = "summary"
"""The facet that is a conversation's summary: what the user asks for."""

MAX_LISTED_TERMS = 10
"""Terms of a rendered listing: enough to place a request, too few to retell it."""

_SYMBOLS = regex.compile(r"[[\p{S}\p{C}]--[+%$€£]]", regex.V1)
"""Emoji, flags and the like are neither words nor punctuation: nothing attests them, so a sentence goes without."""

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}ー]"
_UNSPACED_GAPS = regex.compile(rf"(?<={_UNSPACED}) (?={_UNSPACED})")

_GAP = "…"
_GAPS = re.compile(r"…(?:[\s,;:'\"()-]*…)+")


@lru_cache(maxsize=100_000)
def _mark(key: bytes, phrase: str) -> int:
    """Cached, because most words of a batch were met before. The cache lives in memory alone, as the words do."""
    canonical = " ".join(stem(match.group()) for match in WORD.finditer(normalise(phrase)))
    digest = hashlib.blake2b(canonical.encode(), key=key, digest_size=8, person=b"shoal-term").digest()
    return int.from_bytes(digest, "big") >> 1


class Sealer:
    """Turns terms into keyed hashes. The key never enters the index folder."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mark(self, phrase: str) -> int:
        """A 63-bit keyed hash of a word or phrase, by its normalised, stemmed words."""
        return _mark(self._key, phrase)

    def edge(self, snapshot: int) -> float:
        """A draw from 0 to under 1 for a snapshot, always the same."""
        return edge_of(self.mark(f"snapshot {snapshot}"))

    def account(self, account: str) -> bytes:
        """The stored form of an account."""
        return hashlib.blake2b(
            account.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16, person=b"shoal-acct"
        ).digest()

    def content(self, parts: Iterable[str]) -> str:
        """A content address: the same conversation gives the same id, and nobody without the key can confirm a guess."""
        return self.contents(parts)[-1]

    def contents(self, parts: Iterable[str]) -> list[str]:
        """The content address of each beginning of these parts; the last is that of all."""
        hasher = hashlib.blake2b(key=self._key, digest_size=16, person=b"shoal-conv")
        found = []
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass")
            hasher.update(len(encoded).to_bytes(8, "big"))
            hasher.update(encoded)
            found.append(hasher.copy().hexdigest())
        return found

    def sketch(self, conversation: Conversation) -> bytes | None:
        """The form of the user's first message as keyed numbers (`index.privacy.sketch`); None: too short."""
        return sketch(self._key, conversation)

    def seal(self, drafts: Mapping[str, SummaryDraft]) -> tuple[str, dict[int, str]]:
        """Drafts by facet as JSON with every term replaced by its marks, and the clear words of those marks (memory
        only). A term's marks are the phrase's own first, then its words' when there are several.
        """
        clear: dict[int, str] = {}
        sealed = {facet: self._sealed(draft, clear) for facet, draft in drafts.items()}
        return json.dumps(sealed, ensure_ascii=False), clear

    def _sealed(self, draft: SummaryDraft, clear: dict[int, str]) -> object:
        def marks(term: Term) -> list[int]:
            candidates = [term.text]
            if len(term.words) > 1:
                candidates += [word for word in term.words if not is_function_word(normalise(word))]
            numbers = [self.mark(candidate) for candidate in candidates]
            clear.update(zip(numbers, candidates, strict=True))
            return numbers

        cased = [as_cased(self.mark(word)) for word in draft.cased]
        clear.update(zip(cased, draft.cased, strict=True))
        if isinstance(draft, Prose):
            return {"prose": [part if isinstance(part, str) else marks(part) for part in draft.parts], "cased": cased}
        order = [word if is_function_word(normalise(word)) else marks(Term(word))[0] for word in draft.order]
        return {"heads": draft.heads, "terms": [marks(term) for term in draft.terms], "order": order, "cased": cased}


def as_cased(mark: int) -> int:
    """The mark under which it is counted who wrote a word with a capital inside a sentence: below zero. The other way round
    it gives the word's own mark."""
    return ~mark


@dataclass(frozen=True, slots=True)
class Attested:
    """A word that enough accounts used, and how many conversations used it since."""

    word: str
    uses: int


Vocabulary = Mapping[int, Attested]

EDGE_BITS = 10
"""Bits of a mark that `edge_of` reads."""


def edge_of(mark: int) -> float:
    """A draw from 0 to 1 for a word, secret as its mark is: by how much the number of accounts that a name needs is higher, so
    that it is no test for whoever invents all of them but one."""
    return (mark & ((1 << EDGE_BITS) - 1)) / (1 << EDGE_BITS)


def render(sealed: str, vocabulary: Vocabulary) -> dict[str, str]:
    """Each facet's text with attested terms in clear and the others left out. Never empty: at least a gap sign."""
    return {facet: _render(draft, vocabulary) or _GAP for facet, draft in json.loads(sealed).items()}


def _render(draft: dict[str, Any], vocabulary: Vocabulary) -> str:
    return _render_prose(draft["prose"], vocabulary) if "prose" in draft else _render_listing(draft, vocabulary)


def _render_prose(parts: list[str | list[int]], vocabulary: Vocabulary) -> str:
    shown: list[str] = []
    for part in parts:
        if isinstance(part, str):
            shown.append(part)
            continue
        found = [vocabulary[mark].word for mark in part[:1] if mark in vocabulary]
        found = found or [vocabulary[mark].word for mark in part[1:] if mark in vocabulary]
        shown.append(" ".join(found) or _GAP)
    text = " ".join("".join(shown).split())
    return _GAPS.sub(_GAP, text).strip()


def _render_listing(draft: dict[str, list[list[int]]], vocabulary: Vocabulary) -> str:
    """Terms by how widely they are used, so that their order is not the conversation's (no copied sentence)."""
    chosen: dict[int, Attested] = {}
    covered: set[int] = set()
    for phrase, *single in draft["terms"]:
        if phrase in vocabulary:
            chosen[phrase] = vocabulary[phrase]
            covered.update(single)
    for _, *single in draft["terms"]:
        chosen.update((mark, vocabulary[mark]) for mark in single if mark in vocabulary and mark not in covered)
    kept = [attested for mark, attested in chosen.items() if mark not in covered]
    rarest = sorted(kept, key=lambda attested: (attested.uses, attested.word))[:MAX_LISTED_TERMS]
    ordered = sorted(rarest, key=lambda attested: (-attested.uses, attested.word))
    return "; ".join([*map(str, draft["heads"]), *(attested.word for attested in ordered)])


def embeddable(sealed: str, vocabulary: Vocabulary) -> tuple[str, float]:
    """What the vector of a draft is made of: the summary's attested words as they were written one after the other, and of
    a summary in sentences these; and the share of its words that too few accounts used. In memory only: nothing that reads
    so is stored or shown."""
    draft = json.loads(sealed)[SUMMARY]
    written = draft.get("order")
    if not written:
        return _render(draft, vocabulary) or _GAP, 0.0
    found = [vocabulary[word].word if word in vocabulary else word for word in written]
    kept = [word for word in found if isinstance(word, str)]
    return _UNSPACED_GAPS.sub("", " ".join(kept)) or _GAP, 1 - len(kept) / len(written)


def marks_of(sealed: str) -> set[int]:
    """Every mark in a sealed draft."""
    found: set[int] = set()
    for draft in json.loads(sealed).values():
        parts = draft["prose"] if "prose" in draft else draft["terms"]
        found.update(mark for part in parts if not isinstance(part, str) for mark in part)
        found.update(word for word in draft.get("order", ()) if not isinstance(word, str))
        found.update(draft.get("cased", ()))
    return found
