"""Turns summaries into unit vectors.

The model is loaded by sentence-transformers: the default one, which is made of two packaged encoders whose weights are
verified by hash (`index.embedding.combined`), one of these alone, or another by name where a hub is reachable. It is
compiled once for OpenVINO, because importing torch and transformers takes seconds that a question should not wait for;
the compiled form is checked against the reference before it is trusted. What is kept is vectors of attested words and of analysts' phrases; a conversation's own beginning is embedded
for its kind alone (`index.kinds`), and that vector is dropped at once.
"""

import hashlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault, SettingsError
from index.embedding.weights import MINILM, MULTILINGUAL
from index.stores.vectors import Vectors

DEFAULT = "minilm-multilingual"
"""MiniLM and a multilingual encoder in one space, in which meaning crosses languages."""
ACROSS_LANGUAGES = "multilingual"
"""The multilingual encoder alone: an eighth of MiniLM's work."""
PACKAGED = {DEFAULT: (MINILM, MULTILINGUAL), MINILM.model: (MINILM,), ACROSS_LANGUAGES: (MULTILINGUAL,)}
"""The packaged weights that each packaged encoder is made of."""
MAX_TOKENS = 128
UNLOADABLE = 3
"""Exit code of the compiling process when the model itself cannot be loaded."""
COMPILED, TOKENIZER = "model.xml", "tokenizer-{}.json"
"""Files of a compiled model, a tokenizer for each pair of its inputs (ids and mask); its weights lie beside the first, as
model.bin."""
_FORMAT = "v4"
PROJECTION = Path(__file__).with_name("projection.npy")
"""The last step of the default encoder, shape (896, 384), float16. `python -m index.embedding.projection` makes it."""
_TOKENS_A_BATCH = 512
"""So that what a layer passes on stays in a core's cache; batches four times as large take a tenth longer."""
_TURN = threading.Lock()
"""Held by the one thread of this process that loads or runs a model. At its first use OpenVINO's binding initialises itself
under a C++ guard: of two threads that come then, each can wait for what the other holds, the guard or Python's lock."""
_REQUESTS_A_CORE = 2
"""Batches under way: one that is computed and one that waits, so that no core waits for Python. None has a Python
callback: a callback runs in OpenVINO's own threads, and one that needs Python's lock at exit aborts the process."""
_REPORTER = "openvino_telemetry"
"""Tells OpenVINO's makers over the network that it was imported, unless it is missing."""


class Encoder(Protocol):
    """Text to unit vectors."""

    name: str

    @property
    def identity(self) -> str:
        """What tells its vectors from any other encoder's, as a part of a file's name."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...


def same_encoder(built_with: str | None, asked_with: str) -> None:
    """Refuse to mix two embedding models: their vectors do not compare."""
    if built_with and built_with != asked_with:
        raise IndexFault(
            f"The index was built with the embedding model {built_with}, the settings name {asked_with}.",
            f"Leave encoder out of settings.toml or set it to {built_with!r}, or ingest into a new index.",
        )


def openvino() -> Any:
    """OpenVINO, without the package that would report its use (R10): what cannot be imported cannot send."""
    sys.modules[_REPORTER] = cast(ModuleType, None)
    import openvino as engine

    return engine


class CompiledEncoder:
    """A sentence-transformers model, compiled in `cache` on first use and then run without torch.

    Any number of threads may call it: one computes at a time, and it keeps every core busy.
    Where the processor multiplies bfloat16 (AVX-512 BF16, AMX), it does: twice as fast, and the vectors agree with
    the reference's to a cosine of .9999.
    """

    def __init__(self, cache: Path, model: str = DEFAULT, on_compile: Callable[[], None] = lambda: None) -> None:
        self.name = model
        self._cache = cache
        self._on_compile = on_compile

    @cached_property
    def _weights(self) -> str:
        """What the compiler loads: a packaged encoder, its weights verified, or a name on a hub."""
        for part in PACKAGED.get(self.name, ()):
            part.verified()
        return self.name

    def verified(self) -> str:
        """What stands behind the name, in words, with its hashes checked. Raises SettingsError or IndexFault."""
        if self.name not in PACKAGED:
            return f"{self.name}, from a hub"
        parts = " and ".join(
            f"{part.model} (sha256 {next(iter(part.files.values()))[:12]}…)" for part in PACKAGED[self.name]
        )
        _ = self._weights
        compiled = "compiled" if (self._compiled / COMPILED).exists() else "not compiled yet"
        return f"{self.name}: the published {parts}, {compiled}"

    @property
    def identity(self) -> str:
        made_of = hashlib.sha256(self.name.encode())
        for part in PACKAGED.get(self.name, ()):
            made_of.update("".join(part.files.values()).encode())
        if self.name == DEFAULT:
            made_of.update(PROJECTION.read_bytes())
        return f"{made_of.hexdigest()[:16]}-{_FORMAT}"

    @property
    def _compiled(self) -> Path:
        return self._cache / self.identity

    @cached_property
    def _loaded(self) -> "_Loaded":
        folder = self._compiled
        if not (folder / COMPILED).exists():
            self._on_compile()
            self._compile(folder)
        from tokenizers import Tokenizer

        tokenizers = [Tokenizer.from_file(str(path)) for path in sorted(folder.glob(TOKENIZER.format("*")))]
        for tokenizer in tokenizers:
            tokenizer.enable_truncation(MAX_TOKENS)
            tokenizer.no_padding()
        cores = os.cpu_count() or 1
        # A stream a core: whole batches side by side keep cores busier than one batch split. Unpinned, because other
        # processes compute too.
        streams = {"NUM_STREAMS": cores, "INFERENCE_NUM_THREADS": cores, "ENABLE_CPU_PINNING": False}
        model = openvino().compile_model(folder / COMPILED, "CPU", streams)
        size = model.output(0).get_partial_shape()[1].get_length()
        return _Loaded(tokenizers, [model.create_infer_request() for _ in range(_REQUESTS_A_CORE * cores)], size)

    def _compile(self, folder: Path) -> None:
        """Compile in a process of its own: torch takes 400 MB and seconds that only this step needs."""
        command = [sys.executable, "-m", "index.embedding.compiler", self._weights, str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == UNLOADABLE:
            raise SettingsError(
                f"The embedding model {self._weights!r} cannot be loaded.",
                f"Use a packaged one ({', '.join(PACKAGED)}) or check the network.",
            )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise IndexFault(f"The embedding model could not be compiled: {reason}", "Report this; nothing was lost.")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), d), rows of unit length. Batches hold texts of like token counts, because
        padding a short text to a long one's length costs as much as the long one. Safe for any number of threads."""
        with _TURN:
            return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        tokenizers, requests, size = self._loaded
        tokens = [[item.ids for item in tokenizer.encode_batch(list(texts))] for tokenizer in tokenizers]
        # The first tokenizer is the costly model's.
        lengths = [len(ids) for ids in tokens[0]]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        out: Vectors = np.empty((len(texts), size), dtype=np.float32)
        running: deque[tuple[Any, list[int]]] = deque()

        def finish() -> Any:
            request, places = running.popleft()
            request.wait()
            out[places] = request.get_output_tensor(0).data
            return request

        batches = list(_batches(order, lengths))
        for number, places in enumerate(reversed(batches)):  # longest first, so that no core ends with a long one alone
            request = requests[number] if number < len(requests) else finish()
            request.start_async(_inputs([[ids[place] for place in places] for ids in tokens]))
            running.append((request, places))
        while running:
            finish()
        return out


class _Loaded(NamedTuple):
    """A compiled model: its tokenizers, the requests that run side by side, and the dimensions of its vectors."""

    tokenizers: Sequence[Any]
    requests: list[Any]
    size: int


def _inputs(tokens: Sequence[Sequence[Sequence[int]]]) -> dict[int, NDArray[np.int64]]:
    """One batch, padded with zeros, by the place of the model's input: for each tokenizer ids and mask, each of shape (n,
    longest)."""
    found: dict[int, NDArray[np.int64]] = {}
    for number, of_one in enumerate(tokens):
        ids = np.zeros((len(of_one), max(map(len, of_one))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, item in enumerate(of_one):
            ids[row, : len(item)] = item
            mask[row, : len(item)] = 1
        found[2 * number], found[2 * number + 1] = ids, mask
    return found


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places in order of length, cut where a batch, padded, would hold too many tokens."""
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) + 1) * lengths[place] > _TOKENS_A_BATCH:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
