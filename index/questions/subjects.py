"""What people call the subjects of the public vocabulary, and which of them name a misuse."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from index.questions.values import Name
from index.vocabulary import vocabulary

_FILE = Path(__file__).with_name("subjects.toml")


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def abuse_areas() -> frozenset[str]:
    """The areas that name a misuse."""
    return frozenset(_table()["abuse"]["areas"])


def also_in(request: str) -> str:
    """Another area in which conversations of a request are often read; empty where none is known."""
    return str(_table()["also"].get(request, ""))


@cache
def subject_names() -> tuple[Name, ...]:
    """The vocabulary's fields, areas and requests, the hazards, and what people call them."""
    known, bad = vocabulary(), abuse_areas()
    area_of = {request.label: request.area for request in known.requests}
    labels: Mapping[str, Sequence[str]] = {"field": known.fields, "area": known.areas, "request": tuple(area_of)}
    found = []
    for kind, called in _table().items():
        if kind in ("abuse", "also"):
            continue
        for label in dict.fromkeys((*labels.get(kind, ()), *called)):
            is_abuse = kind in ("hazard", "phrase") or label in bad or area_of.get(label) in bad
            found += [Name(text, label, kind, is_abuse) for text in (label, *called.get(label, ()))]
    return tuple(found)
