"""Labels of an index's own, beside the public vocabulary: names for themes that its people speak of in their own words.

A label is typed by who keeps the index, and no word of it comes from a conversation. It is checked like a name that an analyst
gives a theme when it is added (`tools.naming.given_names`): every word is on a public list or in wide use in the index. From
then on it may be shown like a label of the vocabulary (R6).
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from index.core.errors import IndexFault
from index.core.files import written_whole
from index.core.settings_file import toml_text
from index.embedding.encoder import Encoder
from index.stores.vectors import Vectors

MOST = 200
"""Labels that an index can have of its own."""


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """A label, and phrasings of what people ask for who mean it."""

    text: str
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelSpace:
    """What groups are named from, in the space of the vectors: the requests of the public vocabulary, and an index's own labels.
    `middles`: shape (requests, d); `own_middles`: shape (len(own), d); all of unit length."""

    middles: Vectors = field(repr=False)
    own: tuple[str, ...] = ()
    own_middles: Vectors | None = field(default=None, repr=False)

    @classmethod
    def of(cls, middles: Vectors, own: Sequence[OwnLabel], encoder: Encoder) -> "LabelSpace":
        """With the labels of an index, in the space of an encoder."""
        if not own:
            return cls(middles)
        found = []
        for label in own:
            middle = encoder.encode([label.text, *label.phrasings]).mean(axis=0)
            found.append(middle / np.linalg.norm(middle))
        return cls(middles, tuple(label.text for label in own), np.array(found, dtype=np.float32))


def load_labels(path: Path) -> tuple[OwnLabel, ...]:
    """The labels in a file; none where there is no file. Raises IndexFault where it is damaged."""
    if not path.exists():
        return ()
    try:
        rows = tomllib.loads(path.read_text("utf-8"))["label"]
        return tuple(OwnLabel(str(row["text"]), tuple(map(str, row.get("phrasings", ())))) for row in rows)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise IndexFault(f"{path} is not a file of labels.", "Correct it, or remove it: shoal themes label") from error


def write_labels(path: Path, labels: Sequence[OwnLabel]) -> None:
    """Write the file whole, or not at all; without labels there is none."""
    if not labels:
        path.unlink(missing_ok=True)
        return
    blocks = [
        f"[[label]]\ntext = {toml_text(label.text)}\nphrasings = [{', '.join(map(toml_text, label.phrasings))}]\n"
        for label in labels
    ]
    with written_whole(path) as partial:
        partial.write_text("\n".join(blocks), "utf-8")
