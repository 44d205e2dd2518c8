"""A scope: which summaries a question is about, described, never listed.

Scopes are built from closed facets, a period, nearness to a phrase and a cluster of the taxonomy. There is no way to
name an account, a conversation or an arbitrary set, and no NOT (trackers: Denning, Denning & Schwartz 1979).
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from index.core.facets import HARMS, OUTCOMES
from index.core.records import UNKNOWN, as_day
from index.geometry.clustering import OUTSIDE
from index.handle import Index
from index.snapshots.snapshot import UNDATED, Rows, Snapshot
from tools.core.errors import ToolRefusal
from tools.core.facets import FLAGGED, NOT_RECORDED, UNDATED_MONTH


class Scope(BaseModel):
    """Which summaries to look at. Leave a field out to not restrict by it; all fields given must hold together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str | None = Field(None, description="English name of one language, for example Japanese")
    concern_at_least: int | None = Field(None, ge=2, le=5, description="Concern on the 1-5 scale, from this value up")
    flagged: Literal["yes", "no"] | None = Field(None, description="Whether an external abuse classifier flagged it")
    surface: str | None = Field(None, description="Where it was asked: web, mobile, api, ...")
    harm: str | None = Field(None, description=f"A hazard category: {', '.join(HARMS)}")
    outcome: str | None = Field(None, description=f"What the assistant did: {', '.join(OUTCOMES)}")
    field: str | None = Field(None, description="What it is about, a field of the vocabulary: Food and cooking, ...")
    area: str | None = Field(None, description="An area in a field, for example Baking and sweets")
    own: dict[str, str] = Field(
        default_factory=dict, max_length=2, description="Facets of this index's own, name to the value wanted"
    )
    since: date | None = Field(None, description="First day, inclusive (YYYY-MM-DD)")
    until: date | None = Field(None, description="Last day, inclusive (YYYY-MM-DD)")
    near: str | None = Field(
        None,
        max_length=200,
        description="A short phrase; summaries near it in meaning. A period is then of whole months",
    )
    cluster: str | None = Field(None, description="Id of a cluster or group of the taxonomy, for example C12 or T3")

    @model_validator(mode="after")
    def _in_whole_months(self) -> Self:
        """Near a phrase a period is of whole months, and says so: days would cut the phrase's cells too small. A month that is
        cut belongs to what begins in it, so that before and since a day stay apart."""
        if self.near is None:
            return self
        if self.since is not None:
            self.__dict__["since"] = self.since.replace(day=1)
        if self.until is not None:
            last = self.until.replace(day=monthrange(self.until.year, self.until.month)[1])
            before = self.until.replace(day=1) - timedelta(days=1)
            is_whole = self.until == last or (self.since is not None and before < self.since)
            self.__dict__["until"] = last if is_whole else before
        return self

    def but(self, **values: Any) -> Self:
        """The same scope with other values, checked as any."""
        return self.model_validate({**self.model_dump(), **values})

    def facets(self) -> set[str]:
        """What this scope restricts by that counts towards the crossing limit: closed facets, and nearness, because a phrase
        crossed with two facets cuts its cells too small."""
        restricted: dict[str, object] = {
            "language": self.language, "concern": self.concern_at_least, "flagged": self.flagged
        }  # fmt: skip
        restricted |= {"surface": self.surface, "harm": self.harm, "outcome": self.outcome, **self.own}
        restricted |= {"field": self.field, "area": self.area}
        restricted["nearness"] = self.near
        return {name for name, value in restricted.items() if value is not None}

    def allowed(self, facet: str, values: Sequence[str]) -> set[str]:
        """The values of a closed facet that a conversation of the scope can have; all of them where it asks for another
        one, which nobody has, so that this does not show."""
        return {value for value in values if self._allows(facet, value)} or set(values)

    def _allows(self, facet: str, value: str) -> bool:
        if facet == "month":
            first, last = self.since or date.min, self.until or date.max
            is_open = self.since is None and self.until is None
            return is_open if value == UNDATED_MONTH else f"{first:%Y-%m}" <= value <= f"{last:%Y-%m}"
        if facet == "concern" and self.concern_at_least is not None:
            return value.isdigit() and int(value) >= self.concern_at_least
        flagged = {"yes": FLAGGED["true"], "no": FLAGGED["false"], None: None}[self.flagged]
        asked = {"language": self.language, "flagged": flagged, "surface": self.surface}
        asked |= {"harm": self.harm, "outcome": self.outcome, "field": self.field, "area": self.area}
        wanted = (asked | self.own).get(facet)
        return wanted is None or value.casefold() == wanted.casefold()

    def short(self) -> str:
        """The scope in words, for the head of a column."""
        return self.describe().removeprefix("conversations ")

    def describe(self) -> str:
        """The scope in words."""
        parts = []
        if self.near:
            parts.append(f"near “{self.near}”")
        if self.cluster:
            parts.append(f"in cluster {self.cluster}")
        if self.language:
            parts.append(f"in {self.language}")
        if self.concern_at_least:
            parts.append(f"graded {self.concern_at_least}-5 for concern")
        if self.flagged:
            parts.append("flagged by the classifier" if self.flagged == "yes" else "not flagged by the classifier")
        if self.surface:
            parts.append(f"on {self.surface}")
        if self.harm:
            parts.append(f"of the hazard category {self.harm}")
        if self.outcome:
            parts.append(f"that the assistant {self.outcome}")
        parts += [f"about {self.field}"] if self.field else []
        parts += [f"about {self.area}"] if self.area else []
        parts += [f"with {name} {value}" for name, value in self.own.items()]
        if self.since and self.since == self.until:
            parts.append(f"on {self.since}")
        elif self.since and self.until:
            parts.append(f"from {self.since} to {self.until}")
        elif self.since:
            parts.append(f"since {self.since}")
        elif self.until:
            parts.append(f"until {self.until}")
        return "conversations " + ", ".join(parts) if parts else "all conversations"

    def described(self) -> str:
        """The same behind a number: "conversations in Spanish", "conversations"."""
        return self.describe().removeprefix("all ")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A scope's summaries: rows of a snapshot, ascending. Data plane only."""

    scope: Scope
    rows: Rows
    is_unchecked: bool = False
    """Admitted whatever its size, because noise is added to all that is released about it. Nothing else may be."""


def resolve(index: Index, scope: Scope) -> Resolved:
    """The rows of a scope. Raises ToolRefusal for a facet value, cluster or period that does not exist."""
    snapshot = index.snapshot
    kept = np.ones(len(snapshot), dtype=bool)
    if scope.language is not None:
        kept &= _equals(snapshot, "language", scope.language)
    if scope.surface is not None:
        kept &= _equals(snapshot, "surface", scope.surface)
    for name, value in (("harm", scope.harm), ("field", scope.field), ("area", scope.area)):
        if value is not None:
            kept &= _equals(snapshot, name, value)
    if scope.outcome is not None:
        kept &= _equals(snapshot, "outcome", scope.outcome)
    for name, value in scope.own.items():
        known = [facet.name for facet in snapshot.own_facets if facet.values]
        if name not in known:
            raise ToolRefusal(f"This index has no such facet of its own. It has: {', '.join(known) or 'none'}.")
        kept &= _equals(snapshot, name, value)
    if scope.flagged is not None:
        kept &= _equals(snapshot, "flagged", "true" if scope.flagged == "yes" else "false")
    if scope.concern_at_least is not None:
        concern = snapshot.facet("concern")
        grades = np.array([int(value) if value.isdigit() else 0 for value in concern.values])
        kept &= grades[concern.codes] >= scope.concern_at_least
    if scope.since is not None:
        kept &= snapshot.days >= as_day(scope.since)
    if scope.until is not None:
        kept &= (snapshot.days <= as_day(scope.until)) & (snapshot.days != UNDATED)
    if scope.cluster is not None:
        kept &= _in_cluster(snapshot, scope.cluster)
    rows = np.flatnonzero(kept).astype(np.int64)
    if scope.near is not None:
        rows = np.intersect1d(rows, index.near(scope.near)[0], assume_unique=True)
    return Resolved(scope, rows)


def _equals(snapshot: Snapshot, facet: str, wanted: str) -> NDArray[np.bool_]:
    codes = snapshot.facet(facet)
    wanted = UNKNOWN if wanted.casefold() == NOT_RECORDED else wanted
    matching = [place for place, value in enumerate(codes.values) if value.casefold() == wanted.casefold()]
    # A value that nobody has is not told apart from one that few have: both are then too few for the gate.
    return np.isin(np.arange(len(codes.values)), matching)[codes.codes]


def _in_cluster(snapshot: Snapshot, wanted: str) -> NDArray[np.bool_]:
    places = [place for place, cluster in enumerate(snapshot.base_clusters) if wanted in (cluster.id, cluster.parent)]
    if not places:
        raise ToolRefusal("There is no cluster of that id. Ask overview for the ids there are.")
    return np.asarray(np.isin(snapshot.base_labels, places) & (snapshot.base_labels != OUTSIDE))
