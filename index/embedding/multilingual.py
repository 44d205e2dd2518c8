"""The Universal Sentence Encoder Multilingual v3 as a torch module, from the packaged weights.

Sources: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval" (a deep averaging network over
convolutions of n-grams, 16 languages); the weights are Google's, quantised to bytes, Apache-2.0. Needed when a model is
compiled and never when a question is answered, because it imports torch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from torch import Tensor, nn
from torch.nn import functional

DIMENSIONS = 512

_CHUNKS = 17
"""The table of pieces is cut in so many parts, piece by piece in turn, each quantised by itself."""

_WINDOWS = {2: 0, 3: 1, 5: 2}
"""Words of each n-gram, and how many of them stand before the word it belongs to."""


class Multilingual(nn.Module):  # type: ignore[misc]
    """Tokens of shape (n, length) and their mask to vectors of shape (n, DIMENSIONS), unit length."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        with np.load(folder / "weights.npz", allow_pickle=False) as kept:
            found = {name: kept[name] for name in kept.files}
        parts = [found[f"q{number + 1}"] for number in range(_CHUNKS)]
        # Bytes with a sign and a scale for each piece, and not the package's bytes with an offset: where a processor
        # computes in bfloat16, the rounding of an offset that all values of a piece share turns its vector (to a cosine
        # of .996), and the rounding of a scale does not. Floats would take four times the memory.
        table = np.empty((sum(map(len, parts)), DIMENSIONS), dtype=np.int8)
        scales = np.empty((len(table), 1), dtype=np.float32)
        for number, (part, scale, low) in enumerate(zip(parts, found["scale"], found["lo"], strict=True)):
            values = part * scale + low
            scales[number::_CHUNKS] = np.abs(values).max(axis=1, keepdims=True) / np.iinfo(np.int8).max
            table[number::_CHUNKS] = np.rint(values / scales[number::_CHUNKS])
        self.register_buffer("table", torch.from_numpy(table))
        self.register_buffer("scales", torch.from_numpy(scales))
        for name, axis in {"proj": 1, "proj_b": 0, "ln_g": 0, "ln_b": 0}.items():
            joined = np.concatenate([found[f"{name}{size}"] for size in _WINDOWS], axis=axis)
            self.register_buffer(f"grams_{name}", _floats(joined))
        self.grams = nn.ModuleList(_Grams(found, size, before) for size, before in _WINDOWS.items())
        self.eps = float(found["eps"])
        for name in ("ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3"):
            self.register_buffer(name, _floats(found[name]))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        inside = mask.unsqueeze(-1).to(torch.float32)
        pieces = self.table[ids].to(torch.float32) * self.scales[ids]
        projected = pieces @ self.grams_proj + self.grams_proj_b
        # One normalisation over the projections for all sizes of n-gram together.
        projected = functional.layer_norm(projected, projected.shape[-1:], self.grams_ln_g, self.grams_ln_b, self.eps)
        shares = torch.chunk(projected * inside, len(_WINDOWS), dim=-1)
        grams = [gram(share, inside) for gram, share in zip(self.grams, shares, strict=True)]
        features = torch.cat([pieces, *grams], dim=-1)
        features = functional.layer_norm(features, features.shape[-1:], self.ln_g, self.ln_b, self.eps) * inside
        length = inside.sum(dim=1)
        mean = (features.sum(dim=1) @ self.cnn_W + length * self.cnn_b) / torch.sqrt(length)
        first = functional.relu(functional.relu(mean @ self.d0) @ self.d1 + mean @ self.p1)
        second = functional.relu(first @ self.d2)
        return functional.normalize(torch.tanh(second @ self.d3 + first @ self.p3), p=2, dim=1)


class _Grams(nn.Module):  # type: ignore[misc]
    """Two convolutions over n-grams of one size. Beyond a text everything is zero."""

    def __init__(self, found: dict[str, Any], size: int, before: int) -> None:
        super().__init__()
        self.padding = (before, size - 1 - before)
        for name in ("1", "2"):
            self.register_buffer(f"b{name}", _floats(found[f"b{name}_{size}"]))
            weight = _floats(found[f"w{name}_{size}"])
            width = weight.shape[1]
            self.register_buffer(f"w{name}", weight.reshape(size, width, width).permute(2, 1, 0).contiguous())

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        x = self._added(x, self.w1, self.b1) * inside
        return self._added(x, self.w2, self.b2)

    def _added(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        around = functional.pad(x.transpose(1, 2), self.padding)
        return x + functional.relu(functional.conv1d(around, weight).transpose(1, 2) + bias)


def tokenizer(folder: Path) -> Tokenizer:
    """The model's SentencePiece vocabulary as a `tokenizers` tokenizer."""
    from transformers.convert_slow_tokenizer import import_protobuf

    model = import_protobuf().ModelProto()
    model.ParseFromString((folder / "sp.model").read_bytes())
    pieces: Sequence[tuple[str, float]] = [(piece.piece, piece.score) for piece in model.pieces]
    made = Tokenizer(Unigram(list(pieces), unk_id=model.trainer_spec.unk_id, byte_fallback=False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    made.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap), normalizers.Strip(), spaces]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    begin, end = pieces[1][0], pieces[2][0]
    made.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, 1), (end, 2)]
    )
    return made


def _floats(values: Any) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))
