"""The default encoder as one `SentenceTransformer`: MiniLM for what English texts are about, a multilingual encoder for what
crosses languages, and a projection of both to fewer dimensions.

MiniLM alone groups by language; the multilingual one alone tells fewer English requests apart. Their vectors stand side by
side, MiniLM's shorter, and are projected on the directions in which English requests of a public vocabulary differ: what
tells languages apart is hardly among these. docs/benchmarks/encoders.md has what was tried. Needed when a model is compiled
and never when a question is answered, because it imports torch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.input_module import InputModule
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index.embedding import multilingual
from index.embedding.encoder import MAX_TOKENS, PROJECTION
from index.embedding.multilingual import Multilingual
from index.embedding.weights import MINILM, MULTILINGUAL

OF_MINILM = 0.6
"""Length of MiniLM's part beside the multilingual one of length 1."""


class _Packaged(InputModule):  # type: ignore[misc]
    """What is made of packaged weights. There is nothing to save."""

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        raise NotImplementedError("The encoder is made of packaged weights; there is nothing to save.")


class Combined(_Packaged):
    """Texts to vectors of both encoders, projected where `projection` is given, else side by side."""

    def __init__(self, projection: Tensor | None) -> None:
        super().__init__()
        folder = MULTILINGUAL.verified()
        minilm = str(MINILM.verified())
        self.minilm = SentenceTransformer(minilm, device="cpu", model_kwargs={"attn_implementation": "eager"})
        self.multilingual = Multilingual(folder)
        self.tokenizers = (self.minilm.tokenizer.backend_tokenizer, multilingual.tokenizer(folder))
        self.register_buffer("projection", projection)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        texts = [f"{prompt or ''}{text}" for text in inputs]
        first, second = (_tokens(tokenizer, texts) for tokenizer in self.tokenizers)
        return {"input_ids": first[0], "attention_mask": first[1], "pieces": second[0], "pieces_mask": second[1]}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        said = self.minilm({"input_ids": features["input_ids"], "attention_mask": features["attention_mask"]})
        english = functional.normalize(said["sentence_embedding"], p=2, dim=1)
        meant = self.multilingual(features["pieces"], features["pieces_mask"])
        both = torch.cat([OF_MINILM * english, meant], dim=1)
        if self.projection is not None:
            both = both @ self.projection
        features["sentence_embedding"] = functional.normalize(both, p=2, dim=1)
        return features


class Alone(_Packaged):
    """Texts to vectors of the multilingual encoder."""

    def __init__(self) -> None:
        super().__init__()
        folder = MULTILINGUAL.verified()
        self.multilingual = Multilingual(folder)
        self.tokenizers = (multilingual.tokenizer(folder),)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        pieces, mask = _tokens(self.tokenizers[0], [f"{prompt or ''}{text}" for text in inputs])
        return {"pieces": pieces, "pieces_mask": mask}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        features["sentence_embedding"] = self.multilingual(features["pieces"], features["pieces_mask"])
        return features


def alone() -> SentenceTransformer:
    """The multilingual encoder by itself, as sentence-transformers runs it."""
    return SentenceTransformer(modules=[Alone()], device="cpu")


def combined(*, projected: bool = True) -> SentenceTransformer:
    """The encoder, as sentence-transformers runs it."""
    projection = torch.from_numpy(np.load(PROJECTION).astype(np.float32)) if projected else None
    return SentenceTransformer(modules=[Combined(projection)], device="cpu")


def _tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    found = tokenizer.encode_batch(list(texts))
    return torch.tensor([item.ids for item in found]), torch.tensor([item.attention_mask for item in found])
