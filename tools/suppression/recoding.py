"""Global recoding: what tools see of a snapshot holds no value, day or theme that is not a group of the whole snapshot (R3).

Whether few have a value or nobody must not show in any table, scope or refusal. So it is recoded once, before a tool sees it
(Hundepool et al. 2012, 3.2): a graded value counts as the next lower one; other values count together as "all others", or as
the commonest value where all of them together are too few; a day outside the period that may be stated counts as its first or
its last; a theme that is too small is no theme. With such a value or without it, the data are the same but for one
conversation more of a group. A value that one account dominates is a group here, and suppressed wherever it is counted. Data
plane.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.core.facets import TURN_BANDS
from index.core.records import UNKNOWN, as_day
from index.geometry.clustering import OUTSIDE, Labels
from index.geometry.partition import Least
from index.handle import Index
from index.labels import LabelSpace
from index.snapshots.snapshot import UNDATED, Cluster, Codes, Rows, Snapshot
from tools.core.candidate import split
from tools.core.policy import PrivacyPolicy
from tools.suppression.public_period import public_period
from tools.suppression.thresholds import Thresholds

OTHERS = "all others"

_EMPTY = np.zeros(0, dtype=np.int64)


def recoded(index: Index, policy: PrivacyPolicy) -> Index:
    """The index with its snapshot recoded under this policy, from the original one."""
    snapshot = index.snapshot
    original = snapshot.original if isinstance(snapshot, RecodedSnapshot) else snapshot
    least = Least(policy.min_conversations, policy.min_accounts, policy.max_dominance)
    return index.viewed(RecodedSnapshot(Thresholds(index.viewed(original, least), policy)), least)


class RecodedSnapshot(Snapshot):
    """A snapshot as tools see it. It shares what it does not recode with the `original`."""

    def __init__(self, thresholds: Thresholds) -> None:
        super().__init__(thresholds.snapshot.path, thresholds.snapshot)
        self.original = thresholds.snapshot
        self._thresholds = thresholds

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        return self.original.numbers

    @cached_property
    def accounts(self) -> NDArray[np.int64]:
        return self.original.accounts

    @cached_property
    def label_space(self) -> LabelSpace | None:
        return self.original.label_space

    @cached_property
    def days(self) -> NDArray[np.int64]:
        days, period = self.original.days, public_period(self._thresholds)
        if period is None:
            return np.full_like(days, UNDATED)
        dated = np.where(days == UNDATED, UNDATED, np.clip(days, as_day(period.first), as_day(period.last)))
        undated = np.flatnonzero(dated == UNDATED).astype(np.int64)
        if not self._thresholds.is_large(undated):
            found, codes = np.unique(dated, return_inverse=True)
            kept = codes - int(found[0] == UNDATED)
            dated[undated] = found[found != UNDATED][_home(kept, undated, self._thresholds)]
        return dated

    @cached_property
    def base_labels(self) -> Labels:
        labels = self.original.base_labels
        places = np.full(len(self.original.base_clusters) + 1, OUTSIDE, dtype=np.int32)
        places[self._kept] = np.arange(len(self._kept))
        found: Labels = places[labels]
        outside = np.flatnonzero(found == OUTSIDE).astype(np.int64)
        if self._kept and not self._thresholds.is_large(outside):
            found[outside] = _home(found, outside, self._thresholds)
        return found

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        base = {self.original.base_clusters[place].id for place in self._kept}
        parents = {self.original.base_clusters[place].parent for place in self._kept}
        return tuple(
            cluster
            for cluster in self.original.clusters
            if (cluster.id in parents if cluster.parent is None else cluster.id in base)
        )

    @cached_property
    def _kept(self) -> list[int]:
        """Places of the themes that are groups of the whole snapshot."""
        members = self.original.base_members
        return [place for place, rows in enumerate(members) if self._thresholds.is_large(rows)]

    def _coded(self, name: str) -> Codes:
        codes = self.original.facet(name)
        if name == "turns":
            codes = _in_bands(codes)
        ordinals = {facet.name: facet.values for facet in self.own_facets if facet.kind == "ordinal"}
        grades = ordinals.get(name) or {"concern": _GRADES, "turns": tuple(TURN_BANDS)}.get(name)
        target = _graded(codes, grades, self._thresholds) if grades else _nominal(codes, self._thresholds)
        found = _folded(codes, target, self._thresholds)
        found.codes.flags.writeable = False
        return found


_GRADES = ("1", "2", "3", "4", "5")


def _in_bands(codes: Codes) -> Codes:
    """Numbers of turns as the least number of their band."""
    floors = [int(floor) for floor in TURN_BANDS]
    values = (*TURN_BANDS, UNKNOWN)
    place = [
        int(np.searchsorted(floors, max(1, int(value)), side="right")) - 1 if value.isdigit() else len(floors)
        for value in codes.values
    ]
    return Codes(values, np.array(place, dtype=np.int32)[codes.codes])


def _parts(codes: Codes) -> list[Rows]:
    return split(np.arange(len(codes.codes), dtype=np.int64), codes.codes, len(codes.values))


def _nominal(codes: Codes, thresholds: Thresholds) -> dict[str, str]:
    """Values that are groups, each as itself."""
    return {value: value for value, rows in zip(codes.values, _parts(codes), strict=True) if thresholds.is_large(rows)}


def _graded(codes: Codes, grades: Sequence[str], thresholds: Thresholds) -> dict[str, str]:
    """Grades from the highest down, each with those above it that are too few by themselves (top coding); what is not graded
    as other values."""
    parts = dict(zip(codes.values, _parts(codes), strict=True))
    target = {value: value for value in _nominal(codes, thresholds) if value not in grades}
    waiting: list[str] = []
    lowest = None
    for grade in reversed(grades):
        waiting.append(grade)
        if thresholds.is_large(np.sort(np.concatenate([parts.get(value, _EMPTY) for value in waiting]))):
            target |= dict.fromkeys(waiting, grade)
            lowest, waiting = grade, []
    if lowest is not None:
        # What is too few at the lower end counts as the grade above it.
        target |= dict.fromkeys(waiting, lowest)
    return target


def _folded(codes: Codes, target: Mapping[str, str], thresholds: Thresholds) -> Codes:
    """Each value as its target; values without one as OTHERS, or as a common value where they are too few together."""
    known = set(target.values())
    kept = [value for value in dict.fromkeys([*codes.values, *target.values()]) if value in known]
    names = [*kept, OTHERS]
    place = np.array([names.index(target.get(value, OTHERS)) for value in codes.values], dtype=np.int32)
    found = place[codes.codes]
    others = np.flatnonzero(found == len(kept)).astype(np.int64)
    if kept and not thresholds.is_large(others):
        found[others] = _home(np.where(found == len(kept), OUTSIDE, found), others, thresholds)
        names.pop()
    return Codes(tuple(names), found)


def _home(codes: NDArray[Any], rest: Rows, thresholds: Thresholds) -> int:
    """The code that takes in a rest that is too small: the commonest, or by a secret draw one that is up to a third less common,
    so that which of two is ahead by one does not decide; unless an account of the rest would dominate it, then the next.
    Negative codes are none."""
    counts = np.bincount(codes[codes >= 0])
    drawn = np.array([thresholds.of_value(code) for code in range(len(counts))])
    order = np.argsort(-counts * (1 + drawn / 2), kind="stable").tolist()
    united = (np.sort(np.concatenate([np.flatnonzero(codes == code).astype(np.int64), rest])) for code in order)
    homes = (code for code, rows in zip(order, united, strict=True) if thresholds.meets(rows))
    return int(next(homes, order[0]))
