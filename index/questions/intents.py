"""What a question asks for: a linear classifier over the multilingual encoder, trained on examples.

Its weights are shipped, and trained anew in seconds where the examples or the encoder have changed. Most examples are English; the encoder carries
them to the languages it knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.core.files import written_whole
from index.embedding.encoder import Encoder
from index.questions.values import Example

_STRENGTH = 10.0
"""Inverse of the penalty on the weights; 3 and 30 do about as well (docs/benchmarks/questions.md)."""

_MARK = 0.5
"""Size of a mark beside a vector of unit length: with 1 a slot that was missed outweighs the meaning."""


@dataclass(frozen=True)
class IntentClassifier:
    """Multinomial logistic regression. `weights`: shape (intents, dimensions + marks + 1), the last column the constant."""

    encoder: Encoder
    intents: tuple[str, ...]
    _weights: NDArray[np.float32] = field(repr=False)

    @classmethod
    def of(
        cls, encoder: Encoder, learn: Callable[[], Sequence[Example]], version: str, places: Sequence[Path]
    ) -> "IntentClassifier":
        """With the weights that one of these files keeps for this version of the examples and this encoder, else trained now and
        kept in the last of them."""
        made_of = f"{version}-{encoder.identity}"
        for place in places:
            if (kept := _kept(place, made_of)) is not None:
                return cls(encoder, *kept)
        examples = learn()
        intents = tuple(dict.fromkeys(example.intent for example in examples))
        weights = _trained(encoder, examples, intents)
        save(places[-1], made_of, intents, weights)
        return cls(encoder, intents, weights)

    def probabilities(self, text: str, marks: Sequence[float]) -> Mapping[str, float]:
        """Of each intent, the likeliest first."""
        vector = self.encoder.encode([text.casefold()])[0]
        scores = self._weights @ np.concatenate([vector, _MARK * np.array(marks, np.float32), np.ones(1, np.float32)])
        odds = np.exp(scores - scores.max())
        found = zip(self.intents, (odds / odds.sum()).tolist(), strict=True)
        return dict(sorted(found, key=lambda item: -item[1]))


def _kept(place: Path, made_of: str) -> tuple[tuple[str, ...], NDArray[np.float32]] | None:
    try:
        with np.load(place, allow_pickle=False) as kept:
            if str(kept["made_of"]) == made_of:
                return tuple(kept["intents"].tolist()), kept["weights"].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError):
        pass
    return None


def save(place: Path, made_of: str, intents: Sequence[str], weights: NDArray[np.float32]) -> None:
    """Keep trained weights, in half precision: their probabilities agree to a thousandth."""
    halved = weights.astype(np.float16)
    with written_whole(place) as partial:
        np.savez_compressed(partial, made_of=np.array(made_of), intents=np.array(intents), weights=halved)


def _trained(encoder: Encoder, examples: Sequence[Example], intents: Sequence[str]) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    vectors = encoder.encode([example.text.casefold() for example in examples])
    marks = np.array([example.marks for example in examples], dtype=np.float32).reshape(len(examples), -1)
    wanted = [intents.index(example.intent) for example in examples]
    made = LogisticRegression(C=_STRENGTH, max_iter=400).fit(np.hstack([vectors, _MARK * marks]), wanted)
    found: NDArray[np.float32] = np.hstack([made.coef_, made.intercept_[:, None]]).astype(np.float32)
    return found
