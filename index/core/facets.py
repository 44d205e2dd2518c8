"""The facets every summary has, and those that an index defines for itself.

Closed values are closed here: whatever an extractor answers, a value that is not listed becomes "unknown", so no text
of a conversation can enter by way of a facet (R11). Free-text facets are sealed like summaries.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from index.core.errors import SettingsError
from index.core.records import UNKNOWN

NO_HARM = "none"
HARMS = (
    NO_HARM, "violent crimes", "sex-related crimes", "child sexual exploitation", "suicide and self-harm",
    "indiscriminate weapons", "intellectual property", "defamation", "non-violent crimes", "hate", "privacy",
    "specialized advice", "sexual content",
)  # fmt: skip
"""Hazard categories of the AILuminate benchmark (MLCommons 2024, v1.0, assessment standard), and none."""

OUTCOMES = ("answered", "partly answered", "refused")
"""What the assistant did with the request."""

STORED = ("language", "field", "area", "concern", "turns", "flagged", "surface", "harm", "outcome")
"""Closed facets that every index has."""

TURN_BANDS = {"1": "1 turn", "2": "2-3 turns", "4": "4-7 turns", "8": "8 turns or more"}
"""Bands in which turns are counted, by the least number of each."""

TASK = "task"
"""The built-in free-text facet beside the summary: what the assistant was to do (Clio G.4)."""

Kind = Literal["closed", "ordinal", "text"]
_KINDS = ("closed", "ordinal", "text")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_RESERVED = {*STORED, TASK, "kind", "summary", "request", "month", "theme", "topic", "day", "account", "no", "text", "texts", "own", "cluster",
             "id", "batch", "plane0", "plane1", *(f"x{axis}" for axis in range(16))}  # fmt: skip
_MAX_VALUES = 40


@dataclass(frozen=True, slots=True)
class FacetSpec:
    """A facet of an index's own. `values` are in order for an ordinal, empty for text. `words` lets the built-in
    extractor answer without a model: a value is taken when one of its words occurs, the last listed value wins."""

    name: str
    question: str
    kind: Kind
    values: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] | None = None


def closed(value: str, allowed: tuple[str, ...]) -> str:
    """The value when it is allowed, else "unknown"."""
    return value if value in allowed else UNKNOWN


def load_facets(path: Path) -> tuple[FacetSpec, ...]:
    """The facets defined in a file, or none when there is no file. Raises SettingsError naming file and facet."""
    if not path.exists():
        return ()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} is not valid TOML: {error}.", "Correct it; docs/guide/ingest.md has an example."
        ) from None
    rows = table.get("facet", [])
    if not isinstance(rows, list) or set(table) - {"facet"}:
        raise SettingsError(f"{path} should hold [[facet]] tables only.", "docs/guide/ingest.md has an example.")
    found = tuple(_spec(path, row) for row in rows)
    if len({spec.name for spec in found}) < len(found):
        raise SettingsError(f"{path} defines a facet twice.", "Give each its own name.")
    return found


def require_kept(file: Path, given: Sequence[FacetSpec], known: Sequence[FacetSpec]) -> None:
    """Raise SettingsError where a file changes or leaves out a facet that an index has: its old values would lie."""
    for spec in known:
        if spec not in given:
            raise SettingsError(
                f"{file} changes or leaves out the facet {spec.name!r}, which this index already has.",
                "Keep its definition (it is in the index's facets.toml) and give a new one another name.",
            )


def _spec(path: Path, row: Mapping[str, Any]) -> FacetSpec:
    name = str(row.get("name", ""))

    def wrong(what: str) -> SettingsError:
        return SettingsError(f"{path}: facet {name[:32]!r} {what}.", "docs/guide/ingest.md has an example.")

    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise wrong("needs a name of its own: lower-case letters, digits and _, 2 to 31 of them")
    if extra := set(row) - {"name", "question", "kind", "values", "words"}:
        raise wrong(f"has an unknown field {min(extra)!r}")
    if not isinstance(row.get("question"), str) or not row["question"].strip():
        raise wrong("needs a question")
    if row.get("kind") not in _KINDS:
        raise wrong(f"needs a kind: {', '.join(_KINDS)}")
    values = tuple(str(value) for value in row.get("values", ()))
    if (row["kind"] == "text") == bool(values) or len(values) == 1 or len(values) > _MAX_VALUES:
        raise wrong(f"needs between 2 and {_MAX_VALUES} values, or none when its kind is text")
    words = {str(value): tuple(map(str, listed)) for value, listed in row.get("words", {}).items()}
    if unlisted := set(words) - set(values):
        raise wrong(f"has words for {min(unlisted)!r}, which is none of its values")
    return FacetSpec(name, row["question"].strip(), row["kind"], values, words or None)
