"""A public vocabulary of kinds of request: fields, areas in them, and requests in these, each with a few phrasings.

No word of it comes from a conversation, so a name that is made of it cannot leak (R6). docs/concepts/vocabulary.md says from
which public classifications it was compiled.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex
from pydantic import BaseModel, ConfigDict, Field

FIELDS = Path(__file__).with_name("fields")
UNCLEAR = "unclear"
"""The field and the area of what fits none well enough."""


class _Area(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=2)
    requests: list[list[str]] = Field(min_length=2)
    """Each the label, then a few phrasings as people type them."""


class FieldFile(BaseModel):
    """One file of the vocabulary: a field with its areas."""

    model_config = ConfigDict(extra="forbid")
    field: str = Field(min_length=2)
    area: list[_Area] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class Request:
    """A kind of request. `label`: as an analyst would write it, no two alike."""

    label: str
    area: str
    field: str
    phrasings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All requests, in the order of the files. `digest` tells one version from another."""

    requests: tuple[Request, ...]
    digest: str

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(request.field for request in self.requests))

    @property
    def areas(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(request.area for request in self.requests))


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary as it is shipped."""
    found: list[Request] = []
    digest = hashlib.sha256()
    for path in sorted(FIELDS.glob("*.toml")):
        data = path.read_bytes()
        digest.update(data)
        file = FieldFile.model_validate(tomllib.loads(data.decode("utf-8")))
        found += [
            Request(label, area.name, file.field, tuple(phrasings))
            for area in file.area
            for label, *phrasings in area.requests
        ]
    return Vocabulary(tuple(found), digest.hexdigest()[:16])


_TELLS_APART = regex.compile(r": (?P<terms>[^:()]+)$| \((?P<language>[^()]+)\)$")


@cache
def _labels() -> frozenset[str]:
    known = vocabulary()
    return frozenset([*(request.label for request in known.requests), *known.areas, *known.fields])


def public_part(name: str) -> tuple[str, str]:
    """The label of the vocabulary that a name begins with, and what is written behind it to tell the name from others
    ("Writing a cover letter", "German"). "" and the name, where it begins with none."""
    label = name
    behind: list[str] = []
    while label not in _labels() and (match := _TELLS_APART.search(label)):
        behind.insert(0, match["terms"] or match["language"])
        label = label[: match.start()]
    return (label, "; ".join(behind)) if label in _labels() else ("", name)
