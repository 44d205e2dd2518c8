"""Arrays that are made once for an encoder and kept beside it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.core.files import written_whole
from index.embedding.encoder import Encoder
from index.stores.vectors import Vectors


def digest_of(text: str) -> str:
    """What tells one text from another, as a part of a file's name."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def loaded(file: Path, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """The array of a file, made and kept where it cannot be read."""
    try:
        found: NDArray[np.float32] = np.load(file)
    except (OSError, ValueError, EOFError):
        found = make()
        with written_whole(file) as partial:
            np.save(partial, found)
    return found


def kept(folder: Path, name: str, encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """The vectors of texts, shape (n, d)."""
    file = folder / f"{name}-{digest_of(chr(10).join(texts))}-{encoder.identity}.npy"
    return loaded(file, lambda: encoder.encode(texts))
