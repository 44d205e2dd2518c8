"""Compiles a sentence-transformers model for OpenVINO: `python -m index.embedding.compiler NAME FOLDER`.

Runs as a process of its own (`index.embedding.encoder`), because torch and transformers are needed for this step alone. It
must not be imported by anything that answers questions.
"""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding.encoder import (
    ACROSS_LANGUAGES,
    COMPILED,
    DEFAULT,
    MAX_TOKENS,
    PACKAGED,
    TOKENIZER,
    UNLOADABLE,
    openvino,
)
from index.embedding.weights import MINILM

_MIN_AGREEMENT = 0.999
_PROBES = (
    "write a cover letter",
    "ayuda con una receta",
    "python; pandas; merge; key error",
    "敬語; メール",
    "a long request " * MAX_TOKENS,
)


def compile_model(name: str, folder: Path) -> None:
    """Compile an encoder, a packaged one or one on a hub, into `folder` (model.xml, model.bin, tokenizer-*.json).

    The compiled model must agree with the reference on probe sentences to a cosine of 0.999; the folder appears whole
    or not at all, and takes the place of what an older Shoal compiled.
    """
    if name in PACKAGED:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    engine = openvino()  # before another package imports it with what reports
    import torch
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model, tokenizers = _loaded(name)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="partial-"))
    try:
        for number, tokenizer in enumerate(tokenizers):
            tokenizer.save(str(partial / TOKENIZER.format(number)))
        _convert(engine, torch, model, _INPUTS.get(name, _ENGLISH), partial / COMPILED)
        _check(engine, model, partial)
        with suppress(OSError):  # another process has just compiled the same
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for other in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-v*"):
        if other != folder:
            shutil.rmtree(other)


def _loaded(name: str) -> tuple[Any, Sequence[Any]]:
    """The model, and its tokenizers in the order of its inputs."""
    if name in (DEFAULT, ACROSS_LANGUAGES):
        from index.embedding.combined import alone, combined

        model = combined() if name == DEFAULT else alone()
        return model, model[0].tokenizers
    from sentence_transformers import SentenceTransformer

    weights = str(MINILM.verified()) if name in PACKAGED else name
    model = SentenceTransformer(weights, device="cpu", model_kwargs={"attn_implementation": "eager"})
    return model, [model.tokenizer.backend_tokenizer]


_ENGLISH, _PIECES = ("input_ids", "attention_mask"), ("pieces", "pieces_mask")
_INPUTS = {DEFAULT: (*_ENGLISH, *_PIECES), ACROSS_LANGUAGES: _PIECES}
"""Names of features, a pair for each tokenizer (`index.embedding.combined`); of other models sentence-transformers' own."""


def _convert(engine: Any, torch: Any, model: Any, names: Sequence[str], path: Path) -> None:

    class Sentences(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            features = self.model(dict(zip(names, inputs, strict=True)))
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    ids, mask = torch.randint(5, 1000, (3, 9)), torch.ones(3, 9, dtype=torch.long)
    sample = (ids, mask) * (len(names) // 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the traced numbers of rows and tokens hold for others, _check sees
        converted = engine.convert_model(Sentences().eval(), example_input=sample)
    engine.save_model(converted, path, compress_to_fp16=False)


def _check(engine: Any, model: Any, folder: Path) -> None:
    """All probes as one batch, so that the short ones are padded."""
    from tokenizers import Tokenizer

    inputs: list[Any] = []
    for file in sorted(folder.glob(TOKENIZER.format("*"))):
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        tokens = tokenizer.encode_batch(list(_PROBES))
        inputs += [np.array([item.ids for item in tokens]), np.array([item.attention_mask for item in tokens])]
    found = engine.compile_model(folder / COMPILED, "CPU")(inputs)[0]
    model.max_seq_length = MAX_TOKENS
    reference = model.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)
    if float((found * reference).sum(axis=1).min()) < _MIN_AGREEMENT:
        raise SystemExit("the compiled model disagrees with its reference")


if __name__ == "__main__":
    try:
        compile_model(sys.argv[1], Path(sys.argv[2]))
    except OSError:
        raise SystemExit(UNLOADABLE) from None
