"""The reader of questions over an encoder: made at the first question, so that nothing is loaded for a screen alone."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from index.embedding.encoder import Encoder
from index.questions.intents import IntentClassifier
from index.questions.names import NameFinder
from index.questions.subjects import subject_names
from index.questions.values import Example, Found, Name, QuestionReader

Learn = Callable[[QuestionReader], Sequence[Example]]
"""Makes the examples, with the help of a reader of names."""


class EncoderReader(QuestionReader):
    """`names`, `asking` and `learn` are what the caller knows of questions, and `sources` the files these come from.
    `shipped` holds what was trained of them; where one of them has changed since, it is trained anew and kept in `folder`."""

    def __init__(
        self,
        encoder: Encoder,
        folder: Path,
        *,
        names: Sequence[Name],
        asking: Sequence[str],
        learn: Learn,
        sources: Iterable[Path],
        shipped: Path,
    ) -> None:
        self._encoder = encoder
        self._folder = folder
        self._names = names
        self._asking = asking
        self._learn = learn
        self._sources = tuple(sources)
        self._shipped = shipped

    @cached_property
    def _finder(self) -> NameFinder:
        return NameFinder.of(self._encoder, [*self._names, *subject_names()], self._asking, self._folder)

    @cached_property
    def _classifier(self) -> IntentClassifier:
        places = (self._shipped, self._folder / f"intents-{self.version}.npz")
        return IntentClassifier.of(self._encoder, lambda: self._learn(self), self.version, places)

    @cached_property
    def version(self) -> str:
        """What tells these examples, and how they are read, from others."""
        digest = hashlib.sha256()
        for path in sorted((*self._sources, *Path(__file__).parent.iterdir())):
            if path.suffix in (".py", ".toml"):
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def train(self) -> None:
        """Train, and put what was trained where it is shipped."""
        self._shipped.unlink(missing_ok=True)
        IntentClassifier.of(self._encoder, lambda: self._learn(self), self.version, (self._shipped,))
        self._shipped.chmod(0o644)  # a part of the package, for everybody who may run it

    def warm(self) -> None:
        """Load what reading needs: a second, the first time."""
        _ = self._finder, self._classifier

    def names_in(
        self, question: str, taken: Sequence[tuple[int, int]] = (), without: Sequence[tuple[int, int]] = ()
    ) -> list[Found]:
        return self._finder.find(question, taken, without)

    def intents_of(self, text: str, marks: Sequence[float]) -> Mapping[str, float]:
        return self._classifier.probabilities(text, marks)
