"""The vector of a summary: its attested words, and where words are missing the kind of the request in their place.

Words that too few accounts used may not move a vector (R6). A summary that lost many of them would lie anywhere, so its vector
is mixed with that of its kind, a public label, in the proportion of the words that are missing. docs/benchmarks/themes.md
has the other ways that were measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.embedding.encoder import Encoder
from index.privacy.sealing import Vocabulary, embeddable
from index.stores.rows import DraftRow
from index.stores.vectors import Vectors


@dataclass(frozen=True, slots=True)
class SummaryEncoder:
    """Makes vectors of drafts. `middles`: the place of each kind in the encoder's space, unit length; a kind that is not
    there changes nothing."""

    encoder: Encoder
    middles: Mapping[str, Vectors] = field(repr=False)

    def __call__(self, rows: Sequence[DraftRow], vocabulary: Vocabulary) -> Vectors:
        """Vectors of unit length, shape (rows, d)."""
        read = [embeddable(row.draft, vocabulary) for row in rows]
        vectors = self.encoder.encode([text for text, _ in read])
        for place, (row, (_, missing)) in enumerate(zip(rows, read, strict=True)):
            if missing and row.kind in self.middles:
                mixed = (1 - missing) * vectors[place] + missing * self.middles[row.kind]
                vectors[place] = mixed / np.linalg.norm(mixed)
        return vectors
