"""A public vocabulary of kinds of request: fields, areas in them, and requests in these, each with a few phrasings.

No word of it comes from a conversation, so a name that is made of it cannot leak (R6). docs/concepts/vocabulary.md says from
which public classifications it was compiled.
"""

import hashlib
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex
from pydantic import BaseModel, ConfigDict, Field

from index.core.language import LANGUAGES as DETECTED

FIELDS = Path(__file__).with_name("fields")
LANGUAGES = frozenset(
    "Arabic German English Spanish French Italian Japanese Korean Dutch Polish Portuguese Russian Thai Turkish Chinese".split()
)
"""In which a request is read: those that the multilingual encoder was made for."""

OF_PHRASES = "Phrases: "
"""How a name begins that is no label but made of a group's phrases."""

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


_NAMES = "|".join(sorted(DETECTED))
_IN_LANGUAGE = regex.compile(rf" \((?:{_NAMES})(?:(?:, | and )(?:{_NAMES}))*\)$")
_TERMS = regex.compile(r": (?P<terms>[^:()]+)$")


VARIOUS = ", various"
"""Behind a field's name, what tells a theme that is spread over the field's areas from the field itself."""

OTHER_THEMES, OTHER_REQUESTS = ", other themes", ", other requests"
"""Behind the name of a level, what tells the rest of it from what is shown of it by itself."""


@cache
def _labels() -> frozenset[str]:
    known = vocabulary()
    spread = (f"{field}{VARIOUS}" for field in known.fields)
    return frozenset([*(request.label for request in known.requests), *known.areas, *known.fields, *spread])


def public_part(name: str, own: Collection[str] = ()) -> tuple[str, str]:
    """What of a name is public: a label of the vocabulary, or of an index's own (`own`), and behind it languages, which are
    closed values; and the terms that tell the name from others ("Writing a cover letter (German)", "nurse and clinic"). "" and
    the name, without the words that say it is made of phrases, where it begins with no label."""
    spoken = match[0] if (match := _IN_LANGUAGE.search(name)) else ""
    label = name.removesuffix(spoken)
    rest = next((ending for ending in (OTHER_THEMES, OTHER_REQUESTS) if label.endswith(ending)), "")
    label = label.removesuffix(rest)
    is_label = label in own or label in _labels()
    terms = match["terms"] if not is_label and (match := _TERMS.search(label)) else ""
    label = label.removesuffix(f": {terms}")
    is_label = label in own or label in _labels()
    return (label + rest + spoken, terms) if is_label else ("", name.removeprefix(OF_PHRASES))
