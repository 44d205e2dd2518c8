"""Which kind of request a text is: the nearest of the public vocabulary, or "unclear".

Read at ingest from the request itself, in memory, by the multilingual encoder alone, and only the label is kept: a closed
value like any facet. So it does not depend on which words enough people used, which matters most in small languages.
Publishing asks a conversation's neighbours too, because one request of a few words is read wrongly more often than a dozen.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.core.files import written_whole
from index.core.records import UNKNOWN, Conversation
from index.embedding.encoder import Encoder
from index.labels import LabelSpace
from index.naming.samples import Label
from index.stores.vectors import Vectors
from index.vocabulary import LANGUAGES, UNCLEAR, VARIOUS, Request, vocabulary

_BATCH, _VOTED = 512, 4_096
"""Texts whose nearness, and conversations whose votes, are in memory at once."""

_SHARP = 0.05
"""Temperature over cosines: phrasings a twentieth less near count a third. docs/benchmarks/themes.md has others."""

_NEAR_ENOUGH = 0.24
"""Cosine to the nearest phrasing below which a text is of no kind that is listed."""

_READ = 240
"""Characters of a request that are read: enough to know its kind."""


@dataclass(frozen=True)
class Kinds:
    """The vocabulary in one encoder's space. `phrasings`: labels and phrasings in order, shape (n, d), unit length."""

    phrasings: Vectors = field(repr=False)

    @classmethod
    def of(cls, encoder: Encoder, folder: Path) -> "Kinds":
        """With the vectors of this encoder, which are kept in a folder: to make them takes seconds."""
        file = folder / f"vocabulary-{vocabulary().digest}-{encoder.identity}.npy"
        try:
            return cls(np.load(file))
        except (OSError, ValueError):
            texts = [text for request in vocabulary().requests for text in (request.label, *request.phrasings)]
            found = encoder.encode(texts)
        with written_whole(file) as partial:
            np.save(partial, found)
        return cls(found)

    @property
    def requests(self) -> Sequence[Request]:
        return vocabulary().requests

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """Where each request's phrasings begin."""
        sizes = [1 + len(request.phrasings) for request in self.requests]
        return np.cumsum([0, *sizes[:-1]]).astype(np.int64)

    @cached_property
    def middles(self) -> Vectors:
        """The middle of each request's phrasings, shape (requests, d), unit length."""
        sums = np.add.reduceat(self.phrasings, self._starts, axis=0)
        found: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
        return found

    def by_label(self) -> dict[str, Vectors]:
        """The middle of each request's phrasings, by its label."""
        return {request.label: middle for request, middle in zip(self.requests, self.middles, strict=True)}

    def read(self, vectors: Vectors) -> list[str]:
        """The label of each text's kind by its vector, or UNCLEAR."""
        found: list[str] = []
        for start in range(0, len(vectors), _BATCH):
            nearness = vectors[start : start + _BATCH] @ self.phrasings.T
            best = nearness.max(axis=1)
            weights = np.add.reduceat(np.exp((nearness - best[:, None]) / _SHARP), self._starts, axis=1)
            # The field first, by all of its requests together: several that are near say more than the nearest one.
            fields = (weights @ self._in_field).argmax(axis=1)
            places = np.where(self._in_field[:, fields].T > 0, weights, -1.0).argmax(axis=1)
            found += [
                self.requests[place].label if enough else UNCLEAR
                for place, enough in zip(places.tolist(), (best >= _NEAR_ENOUGH).tolist(), strict=True)
            ]
        return found

    @cached_property
    def _in_field(self) -> NDArray[np.float32]:
        """Which request is of which field, shape (requests, fields)."""
        fields = vocabulary().fields
        found = np.zeros((len(self.requests), len(fields)), dtype=np.float32)
        found[np.arange(len(self.requests)), [fields.index(request.field) for request in self.requests]] = 1
        return found


@dataclass(frozen=True)
class KindReader:
    """Reads the kinds of conversations at ingest. `kinds`: in the space of `encoder`."""

    encoder: Encoder
    kinds: Kinds

    def __call__(self, batch: Sequence[Conversation]) -> list[str]:
        """A label of the vocabulary for each, or UNCLEAR: where nothing listed is near, or the encoder does not know the
        language. Texts stay in memory (R1)."""
        found = self.kinds.read(self.encoder.encode([_beginning(conversation) for conversation in batch]))
        return [
            label if _knows(conversation.language) else UNCLEAR
            for label, conversation in zip(found, batch, strict=True)
        ]


def _beginning(conversation: Conversation) -> str:
    return "\n".join(conversation.said_by("user"))[:_READ]


def _knows(language: str | None) -> bool:
    return language in (None, UNKNOWN) or language in LANGUAGES


def places_of(labels: Sequence[str]) -> NDArray[np.int64]:
    """The place of each label in the vocabulary, or -1."""
    place = {request.label: number for number, request in enumerate(vocabulary().requests)}
    return np.array([place.get(label, -1) for label in labels], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Named:
    """Of each conversation the field and the area, as places in the vocabulary's fields and areas; -1: unclear."""

    fields: NDArray[np.int64]
    areas: NDArray[np.int64]

    def field_names(self) -> list[str]:
        return [vocabulary().fields[place] if place >= 0 else UNCLEAR for place in self.fields.tolist()]

    def area_names(self) -> list[str]:
        return [vocabulary().areas[place] if place >= 0 else UNCLEAR for place in self.areas.tolist()]


def voted(kinds: NDArray[np.int64], neighbours: NDArray[np.int64], similarity: NDArray[np.float64]) -> Named:
    """Field and area of each conversation, by its own kind and its neighbours'. `kinds`: places in the vocabulary, shape (n,);
    `neighbours`: rows, shape (m, k), and the cosine to them, of the first m conversations, which are voted on. A neighbour's
    voice weighs the square of its cosine."""
    requests, known = vocabulary().requests, vocabulary()
    # Unclear is the last value, so that the place -1 picks it.
    field_of = np.array([*(known.fields.index(request.field) for request in requests), len(known.fields)])
    area_of = np.array([*(known.areas.index(request.area) for request in requests), len(known.areas)])
    voices = np.hstack([np.arange(len(neighbours))[:, None], neighbours])
    weights = np.hstack([np.ones((len(neighbours), 1)), np.clip(similarity, 0, 1) ** 2])
    fields = _most(field_of[kinds][voices], weights, len(known.fields) + 1)
    # An area counts only inside the field that won; where none did, that is the unclear one.
    weights = np.where(field_of[kinds][voices] == fields[:, None], weights, 0.0)
    areas = _most(area_of[kinds][voices], weights, len(known.areas) + 1)
    return Named(np.where(fields == len(known.fields), -1, fields), np.where(areas == len(known.areas), -1, areas))


def _most(values: NDArray[np.int64], weights: NDArray[np.float64], many: int) -> NDArray[np.int64]:
    """Of each row the value, from 0 to `many` - 1, with the most weight. Both of shape (n, voices)."""
    found = np.empty(len(values), dtype=np.int64)
    for start in range(0, len(values), _VOTED):
        part = slice(start, start + _VOTED)
        count = len(values[part])
        at = values[part] + many * np.arange(count)[:, None]
        votes = np.bincount(at.ravel(), weights=weights[part].ravel(), minlength=many * count)
        found[part] = votes.reshape(count, many).argmax(axis=1)
    return found


_LABELS = 8
"""Labels that a namer is offered."""

_LIKE = 0.7
"""Cosine from which on two requests of the vocabulary say about the same."""

_FITS, _FITS_WELL = 0.66, 0.83
_MANY, _MOST, _AREA, _SOME = 0.45, 0.55, 0.28, 0.25
"""Shares of a group from which on a request, one that fits well or any, and an area may name it, and a request may tell it from
others of its area (docs/benchmarks/themes.md)."""
_FIELD = 0.75
"""Share of a group from which on a field may name it, where no area does."""


_FIRST = 0.05
"""How much less near than a request of the vocabulary a label of the index's own may be: it was added to be used."""


def labels_for(space: LabelSpace, vectors: Vectors, kinds: NDArray[np.int64]) -> tuple[Label, ...]:
    """The labels that a group may be named by, the best first. A label of the index's own, where it is about as near to the
    group's middle as the nearest request of the vocabulary; then those of the vocabulary."""
    public = _public_labels(space.middles, vectors, kinds)
    if space.own_middles is None:
        return public
    middle = _unit(vectors.mean(axis=0))
    near = space.own_middles @ middle
    best, least = int(near.argmax()), max(_FITS, float((space.middles @ middle).max()) - _FIRST)
    return (Label(space.own[best], float(near[best])), *public) if near[best] >= least else public


def _public_labels(middles: Vectors, vectors: Vectors, kinds: NDArray[np.int64]) -> tuple[Label, ...]:
    """A request, where the kinds of enough members are like it; else the area of most; else none. None too where most kinds
    are unclear: then the encoder knows the language as little as we do."""
    known = kinds[kinds >= 0]
    if 2 * len(known) <= len(kinds):
        return ()
    fit = middles @ _unit(_unit(vectors.mean(axis=0)) + _unit(middles[known].mean(axis=0)))
    near = [place for place in np.argsort(-fit, kind="stable")[:_LABELS].tolist() if fit[place] >= _FITS]
    share = {place: float((middles[known] @ middles[place] >= _LIKE).mean()) for place in near}
    requests = vocabulary().requests
    if near and share[near[0]] >= (_MANY if fit[near[0]] >= _FITS_WELL else _MOST):
        return tuple(Label(requests[place].label, float(fit[place])) for place in near)
    area, of_area = Counter(sorted(requests[place].area for place in known.tolist())).most_common(1)[0]
    if of_area < _AREA * len(known):
        return _field_label(middles, vectors, known)
    within = [place for place in near if requests[place].area == area and share[place] >= _SOME]
    middle = middles[[request.area == area for request in requests]].mean(axis=0)
    first = Label(area, float(_unit(middle) @ _unit(vectors.mean(axis=0))))
    return (first, *(Label(requests[place].label, float(fit[place])) for place in within))


def _field_label(middles: Vectors, vectors: Vectors, known: NDArray[np.int64]) -> tuple[Label, ...]:
    """The field of nearly all, where they are spread over its areas: a phrase that a few of them share would name the rest wrongly."""
    requests = vocabulary().requests
    field, of_field = Counter(sorted(requests[place].field for place in known.tolist())).most_common(1)[0]
    if of_field < _FIELD * len(known):
        return ()
    middle = middles[[request.field == field for request in requests]].mean(axis=0)
    return (Label(field + VARIOUS, float(_unit(middle) @ _unit(vectors.mean(axis=0)))),)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = vector / max(1e-9, float(np.linalg.norm(vector)))
    return found


_OF_FIELD = 0.4
"""Share of a theme that must be of one field."""


def field_of_most(fields: NDArray[np.int64]) -> str:
    """The field that most of these conversations are of; UNCLEAR where none is that of many."""
    counts = np.bincount(fields[fields >= 0], minlength=len(vocabulary().fields))
    best = int(counts.argmax())
    return vocabulary().fields[best] if len(fields) and counts[best] >= _OF_FIELD * len(fields) else UNCLEAR
