"""What is written to and read from the fact store: staged conversations, drafts, and what an erasure takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from index.core.records import Facets
from index.privacy.sealing import SUMMARY
from index.vocabulary import UNCLEAR


@dataclass(frozen=True, slots=True)
class Staged:
    """A conversation read and sealed, ready to be staged. `account_hash` is the keyed hash of its account."""

    id: str
    account_hash: bytes
    facets: Facets
    draft: str = field(repr=False)
    sketch: bytes | None = field(default=None, repr=False)
    """The form of the first request (`index.privacy.sketch`); None: too short, or taken in by an earlier Shoal."""
    shorter: Sequence[str] = ()
    """The ids that shorter forms of this conversation had, if an earlier log held them."""
    ending: str | None = None
    """By what a request in a later log knows that it goes on from this conversation; None: none can."""
    kind: str = UNCLEAR
    """Label of the public vocabulary (`index.kinds`)."""
    beginnings: Sequence[str] = ()
    """The endings that an earlier log's part of this conversation may have had."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A staged draft waiting to become a summary. `account` is the account's number in this index."""

    id: str
    account: int
    facets: Facets
    draft: str = field(repr=False)
    sketch: bytes | None = field(default=None, repr=False)
    kind: str = UNCLEAR


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What is to be erased: an account by its number, or everything before a day number; neither: nothing."""

    account: int | None
    before: int | None

    @property
    def condition(self) -> str:
        """SQL that holds for the rows to erase, in any table with accounts and days; it takes `parameters`."""
        return "account = ?" if self.before is None else "day < ?"

    @property
    def parameters(self) -> list[object]:
        return [self.account if self.before is None else self.before]


def facets_of(values: tuple[Any, ...]) -> Facets:
    """The other way of `_facet_columns`."""
    language, concern, turns, day, flagged, surface, harm, outcome, own = values
    return Facets(language, concern, turns, day, flagged, surface, harm, outcome, json.loads(own))


def facet_columns(facets: Sequence[Facets]) -> list[list[object]]:
    """Values by column, in the order of `schema.FACETS`."""
    return [
        [item.language for item in facets],
        [item.concern for item in facets],
        [item.turns for item in facets],
        [item.day for item in facets],
        [item.flagged for item in facets],
        [item.surface for item in facets],
        [item.harm for item in facets],
        [item.outcome for item in facets],
        [json.dumps(dict(item.own), ensure_ascii=False) for item in facets],
    ]


UNNESTED = ", ".join(
    f"unnest(?::{kind}[])"
    for kind in (
        "VARCHAR", "TINYINT", "INTEGER", "INTEGER", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR"
    )
)  # fmt: skip


def other_texts(texts: Mapping[str, str]) -> str:
    return json.dumps({facet: text for facet, text in texts.items() if facet != SUMMARY}, ensure_ascii=False)
