"""Compiles a sentence-transformers model to ONNX: `python -m index.compile_encoder WEIGHTS FOLDER`.

Runs as a process of its own (`index.embedding`), because torch and transformers are needed for this step alone. It
must not be imported by anything that answers questions.
"""

import contextlib
import io
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding import MAX_TOKENS, UNLOADABLE

_MIN_AGREEMENT = 0.999
_PROBES = ("write a cover letter", "ayuda con una receta", "python; pandas; merge; key error", "敬語; メール")


def compile_model(weights: str, folder: Path) -> None:
    """Compile a sentence-transformers model into `folder` (model.onnx, tokenizer.json).

    The compiled model must agree with the reference on probe sentences to a cosine of 0.999; it appears whole or not at all.
    """
    if Path(weights).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model = SentenceTransformer(weights, device="cpu", model_kwargs={"attn_implementation": "eager"})
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / "model.partial"
    _export(torch, model, partial)
    _save_tokenizer(model, folder)
    _check(model, partial, folder)
    partial.replace(folder / "model.onnx")


def _export(torch: Any, model: Any, path: Path) -> None:
    class Sentences(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    rows, tokens = torch.export.Dim("rows"), torch.export.Dim("tokens", max=MAX_TOKENS)
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
            raise SystemExit("the compiled model disagrees with its reference")


if __name__ == "__main__":
    try:
        compile_model(sys.argv[1], Path(sys.argv[2]))
    except OSError:
        raise SystemExit(UNLOADABLE) from None
