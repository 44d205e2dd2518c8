"""Reads how far groups look like one actor's work, in bands, against ordinary groups of the same snapshot.

What the tool `coordination` says of a group and what lowers an account's support for text (`tools.suppression.thresholds`) is read here,
so that there is one suspicion. Data plane only: it holds exact numbers, and answers bands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE
from index.handle import Index
from index.snapshots.snapshot import Rows
from tools.coordination import signals
from tools.coordination.signals import Drawn, Exposure
from tools.core.candidate import split
from tools.core.finding import Band
from tools.core.policy import PrivacyPolicy
from tools.core.soft_edge import SoftEdge

LEVELS = (256, 128, 64, 32, 16)
"""Conversations drawn from a group and from each group it is compared with: the largest of these that both have."""

COMPARED = 48
"""Base clusters that make a base rate, those nearest in size."""

KIN_SHARE = 0.2
"""Share of a group in one of the taxonomy's top groups from which that one is of the group's kind; by a draw up to a half more."""

_SEED = 7


def banded(index: Index, policy: PrivacyPolicy, groups: Sequence[Rows]) -> list[dict[str, Band]]:
    """The bands of each group by signal, and its overall reading under "coordination"."""
    reader = Reader(index, policy)
    return [reader.bands(rows) for rows in groups]


@dataclass(frozen=True)
class Reader:
    """Reads groups and what they are compared with. It holds exact numbers: data plane only."""

    index: Index
    policy: PrivacyPolicy
    compared: Sequence[int] | None = None
    """Positions of the base clusters to compare with; None: all."""

    def bands(self, rows: Rows) -> dict[str, Band]:
        """Bands by signal, and the reading of all."""
        level, others = self._comparable(rows)
        fresh = [place for place in others if (place, level) not in self._known]
        groups = [rows, *(self.members[place] for place in fresh)]
        mine, *read = map(self._read, groups, self._drawings(groups, level))
        self._known.update({(place, level): reading for place, reading in zip(fresh, read, strict=True)})
        base = [self._known[place, level] for place in others]
        found: dict[str, Band] = {}
        for name in signals.SIGNALS:
            known = [value for reading in base if (value := reading[name]) is not None]
            edge = min(1.0, self.policy.soft_edge) * self._edge.of_word(name, rows)
            found[name] = signals.band(name, mine[name], known, edge)
        return {**found, "coordination": signals.overall(found)}

    def _comparable(self, rows: Rows) -> tuple[int, list[int]]:
        """How many conversations to draw, and the base clusters nearest in size that have as many; those that are for
        the most part this group are not compared with it."""
        inside = np.zeros(len(self.index.snapshot), dtype=bool)
        inside[rows] = True
        others = [place for place, members in self.members.items() if inside[members].mean() <= 0.5]
        # By a number up to a quarter lower, drawn for the group: how many are taken of it is no test for one of them.
        held = int(len(rows) * (1 - min(1.0, self.policy.soft_edge) / 4 * self._edge.of_set(rows, "choice")))
        for level in LEVELS:
            enough = [place for place in others if len(self.members[place]) >= level]
            if held >= level and len(enough) >= signals.FEWEST_COMPARED:
                enough.sort(key=lambda place: (abs(np.log(len(self.members[place]) / len(rows))), place))
                return level, enough[:COMPARED]
        return LEVELS[-1], []

    @cached_property
    def members(self) -> dict[int, Rows]:
        """The base clusters that groups are compared with, by position; none is empty."""
        snapshot = self.index.snapshot
        everything = np.arange(len(snapshot), dtype=np.int64)
        members = split(everything, snapshot.base_labels, len(snapshot.base_clusters))
        wanted = range(len(members)) if self.compared is None else self.compared
        return {place: members[place] for place in wanted if len(members[place])}

    @cached_property
    def _exposure(self) -> Exposure:
        return Exposure.of(self.index.snapshot.days)

    @cached_property
    def _by_account(self) -> tuple[Rows, NDArray[np.int64]]:
        """Rows in the order of their accounts, and those accounts."""
        order = np.argsort(self.index.snapshot.accounts, kind="stable").astype(np.int64)
        return order, self.index.snapshot.accounts[order]

    @cached_property
    def _languages(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Each conversation's language, and conversations by base cluster and language, shape (clusters, languages)."""
        snapshot = self.index.snapshot
        codes, wide = snapshot.facet("language").codes, len(snapshot.facet("language").values)
        inside = snapshot.base_labels != OUTSIDE
        places = snapshot.base_labels[inside].astype(np.int64) * wide + codes[inside]
        count = len(snapshot.base_clusters)
        return codes, np.bincount(places, minlength=count * wide).reshape(count, wide)

    @cached_property
    def _parents(self) -> NDArray[np.str_]:
        return np.array([cluster.parent or "" for cluster in self.index.snapshot.base_clusters])

    @cached_property
    def _known(self) -> dict[tuple[int, int], dict[str, float | None]]:
        return {}

    def _read(self, rows: Rows, drawn: Drawn) -> dict[str, float | None]:
        """The exact signals of a group: those of pairs on the conversations drawn, the others on all."""
        snapshot, spared = self.index.snapshot, self.policy.min_accounts
        # A drawn number of accounts is needed, so that whether a reading is known is no test for one of them.
        fewest = int(2 * spared * (1 + self.policy.soft_edge * self._edge.of_set(rows, "readings")))
        each: float | None = None
        if snapshot.meta.get("accounts") != "none":
            each = signals.concentration(snapshot.accounts[rows], self.policy.max_per_account, spared, fewest)
        return {
            "uniformity": signals.uniformity(drawn, spared, fewest),
            "template": signals.template(drawn, spared, fewest),
            "synchrony": signals.synchrony(drawn, self._exposure, spared, fewest),
            "concentration": each,
            "dedication": signals.dedication(*self._doings(rows, drawn.accounts), spared, fewest),
        }

    @cached_property
    def _edge(self) -> SoftEdge:
        return SoftEdge(self.index.settings.id, self.index.snapshot.numbers)

    def _drawings(self, groups: Sequence[Rows], level: int) -> list[Drawn]:
        """`level` conversations of each group, fetched together because the snapshot is scanned once a query."""
        snapshot = self.index.snapshot
        taken = [np.sort(np.random.default_rng(_SEED).permutation(rows)[:level]) for rows in groups]
        every = np.unique(np.concatenate(taken))
        sketches, formed = snapshot.sketches(every)
        vectors = self.index.vectors_of(every)
        found = []
        for rows in taken:
            at = np.searchsorted(every, rows)
            found.append(Drawn(snapshot.accounts[rows], snapshot.days[rows], vectors[at], sketches[at], formed[at]))
        return found

    def _doings(
        self, rows: Rows, accounts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
        """What these accounts do: for each of their conversations in some cluster or in the group, the account, whether
        it is of the group's kind, and how usual that kind is in its language. The kind: the group itself and the
        taxonomy's groups in which at least a fifth of it lies, because publishing may cut one subject into several."""
        order, sorted_accounts = self._by_account
        who = np.unique(accounts)
        starts, ends = (np.searchsorted(sorted_accounts, who, side) for side in ("left", "right"))
        theirs = np.concatenate([order[start:end] for start, end in zip(starts, ends, strict=True)])
        labels = self.index.snapshot.base_labels
        inside = np.isin(theirs, rows)
        theirs, inside = theirs[inside | (labels[theirs] != OUTSIDE)], inside[inside | (labels[theirs] != OUTSIDE)]
        mine = labels[rows][labels[rows] != OUTSIDE]
        tops, sizes = np.unique(self._parents[mine], return_counts=True)
        least = KIN_SHARE * (1 + min(1.0, self.policy.soft_edge) / 2 * self._edge.of_set(rows, "choice"))
        kind = np.isin(self._parents, tops[sizes >= least * len(mine)])
        codes, table = self._languages
        usual = table[kind].sum(axis=0) / np.maximum(table.sum(axis=0), 1)
        is_kin = inside | (kind[labels[theirs]] & (labels[theirs] != OUTSIDE))
        return self.index.snapshot.accounts[theirs], is_kin, usual[codes[theirs]]
