"""The links of the ledger's chain: what each entry's hash is of.

What an analyst typed (the words of a scope and of a tool's arguments) enters the chain as a salted digest alone. So it can be
redacted later, with its salt, and the chain still holds.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

FIELDS = (
    "at", "run", "tool", "scope", "arguments", "policy", "snapshot", "asked", "shown", "withheld", "smallest",
    "to_model", "bytes", "digest",
)  # fmt: skip
TYPED = ("scope", "arguments")
REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Spending:
    """Noise that was drawn for a question (its digest): the ε it cost, and the noisy counts, which are its answer ever
    after, so that asking again does not average the noise away."""

    epsilon: float
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What the chain holds in place of what was typed. An empty `salt`: it was redacted, and nobody can guess it from the digest."""

    salt: str
    digest: str

    @classmethod
    def of(cls, values: dict[str, Any], salt: str = "") -> "Seal":
        salt = salt or secrets.token_hex(16)
        typed = json.dumps([salt, *(values[name] for name in TYPED)], ensure_ascii=False)
        return cls(salt, hashlib.sha256(typed.encode()).hexdigest())

    def holds(self, values: dict[str, Any]) -> bool:
        """Whether the typed fields of an entry are those that were sealed, or redacted."""
        if not self.salt:
            return all(values[name] == REDACTED for name in TYPED)
        return self == Seal.of(values, self.salt)


def link(
    previous: str,
    values: dict[str, Any],
    sets: Sequence[tuple[str, int, int | None, bytes, bytes]],
    spending: Spending | None = None,
    analyst: str = "",
    seal: Seal | None = None,
) -> str:
    """The hash of an entry. Entries of an older Shoal have no seal, and the chain holds their typed fields themselves."""
    typed = dict.fromkeys(TYPED, seal.digest) if seal is not None else {}
    hasher = hashlib.sha256(previous.encode())
    hasher.update(json.dumps([{**values, **typed}[name] for name in FIELDS], ensure_ascii=False).encode())
    for kind, accounts, count, blob, signature in sets:
        hasher.update(json.dumps([kind, accounts, count]).encode())
        hasher.update(hashlib.sha256(blob).digest())
        if signature:
            hasher.update(json.dumps(["signature", signature.hex()]).encode())
    if spending is not None:
        hasher.update(json.dumps(["spent", *astuple(spending)]).encode())
    if analyst:
        hasher.update(json.dumps(["analyst", analyst]).encode())
    return hasher.hexdigest()
