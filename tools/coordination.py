"""coordination: does this look like one actor? Signals in bands, against ordinary groups of the same snapshot."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from index.clustering import OUTSIDE
from index.handle import Index
from index.snapshot import Rows
from tools import signals
from tools.context import ToolContext
from tools.finding import Finding
from tools.grouping import THEME, grouped
from tools.policy import PrivacyPolicy
from tools.raw import Group, Raw
from tools.scope import Scope
from tools.signals import Band, Drawn, Exposure

LEVELS = (256, 128, 64, 32, 16)
"""Conversations drawn from a group and from each group it is compared with: the largest of these that both have."""

COMPARED = 48
"""Base clusters that make a base rate, those nearest in size."""

KIN_SHARE = 0.2
"""Share of a group in one of the taxonomy's top groups from which that one is of the group's kind."""

_SEED = 7

NOTES = (
    "Bands compare a group with up to 48 published clusters of about its size in this snapshot: high is beyond 1.5, very "
    "high beyond 3 widths of the middle half above it; unknown: too little to compare.",
    "coordination is high when two of three kinds of sign are high: form (template), time (synchrony), accounts "
    "(concentration or dedication); very high when two are very high. It is a reason to look, not a verdict.",
    "Rule out first: a course or workshop, a prompt shared on the web, a news item or season, a product's own template or "
    "example, an integration that sends for many people, one team or household.",
)


class Args(BaseModel):
    """What to look at, as one group or theme by theme."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(default_factory=Scope)
    by: Literal["scope", "theme"] = Field(
        "scope", description="scope: all of it as one group; theme: each cluster of the taxonomy in it"
    )


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Whether a group looks like one actor's work, in bands (low, typical, high, very high, unknown) and never in numbers.

    Measures of a row: uniformity (near-duplicates in meaning across accounts), template (requests that share their
    wording with another account's), synchrony (accounts acting within a day of each other, beyond what the season's
    traffic gives), concentration (conversations an account), dedication (accounts that do little else), and
    coordination, the reading of all: high needs two independent kinds of sign. Each is relative to published clusters
    of about the same size. Ask it of a cluster or of a narrow scope; over a mixed scope signals drown.
    Limits: a band is no proof. A course with accounts of its own, a viral prompt of one week, or an integration look the
    same: say the benign explanations and look with trend and count_by. A ring that takes its time, words its own
    requests and lets its accounts do other things is not seen. Groups below the text threshold get no bands; large
    groups are read on 256 conversations drawn with a fixed seed. Sources: Broder 1997, Knox 1964, Tukey 1977.
    """
    resolved = await ctx.admit(args.scope)
    if args.by == "theme":
        found = await grouped(THEME, [resolved.rows], ctx)
        groups, outside = found.groups, found.outside
    else:
        groups, outside = (Group(args.scope.describe(), (resolved.rows,)),), None
    settled = [replace(group, columns=(ctx.gate.settled(group.members),)) for group in groups]
    is_read = [ctx.gate.is_enough(group.members, text=True) for group in settled]
    bands = await asyncio.to_thread(
        banded,
        ctx.index,
        ctx.gate.policy,
        [group.members for group, read in zip(settled, is_read, strict=True) if read],
    )
    told = iter(bands)
    return await ctx.release(
        Raw(
            tool="coordination",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Signs of coordination, {args.scope.describe()}",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(
                replace(group, bands=tuple(next(told).items())) if read else group
                for group, read in zip(settled, is_read, strict=True)
            ),
            outside=outside,
            method="bands against published clusters of about the same size; one voice an account",
            notes=NOTES,
        )
    )


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
        groups = [rows, *(self._members[place] for place in fresh)]
        mine, *read = map(self._read, groups, self._drawings(groups, level))
        self._known.update({(place, level): reading for place, reading in zip(fresh, read, strict=True)})
        base = [self._known[place, level] for place in others]
        found: dict[str, Band] = {}
        for name in signals.SIGNALS:
            known = [value for reading in base if (value := reading[name]) is not None]
            found[name] = signals.band(name, mine[name], known)
        return {**found, "coordination": signals.overall(found)}

    def _comparable(self, rows: Rows) -> tuple[int, list[int]]:
        """How many conversations to draw, and the base clusters nearest in size that have as many; those that are for
        the most part this group are not compared with it."""
        inside = np.zeros(len(self.index.snapshot), dtype=bool)
        inside[rows] = True
        others = [place for place, members in self._members.items() if inside[members].mean() <= 0.5]
        for level in LEVELS:
            enough = [place for place in others if len(self._members[place]) >= level]
            if len(rows) >= level and len(enough) >= signals.FEWEST_COMPARED:
                enough.sort(key=lambda place: (abs(np.log(len(self._members[place]) / len(rows))), place))
                return level, enough[:COMPARED]
        return LEVELS[-1], []

    @cached_property
    def _members(self) -> dict[int, Rows]:
        labels = self.index.snapshot.base_labels
        order = np.argsort(labels, kind="stable").astype(np.int64)
        edges = np.searchsorted(labels[order], np.arange(len(self.index.snapshot.base_clusters) + 1))
        members = {place: order[start:end] for place, (start, end) in enumerate(pairwise(edges.tolist()))}
        wanted = members if self.compared is None else self.compared
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
        each: float | None = None
        if snapshot.meta.get("accounts") != "none":
            each = signals.concentration(snapshot.accounts[rows], self.policy.max_per_account, spared)
        return {
            "uniformity": signals.uniformity(drawn, spared),
            "template": signals.template(drawn, spared),
            "synchrony": signals.synchrony(drawn, self._exposure, spared),
            "concentration": each,
            "dedication": signals.dedication(*self._doings(rows, drawn.accounts), spared),
        }

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
        kind = np.isin(self._parents, tops[sizes >= KIN_SHARE * len(mine)])
        codes, table = self._languages
        usual = table[kind].sum(axis=0) / np.maximum(table.sum(axis=0), 1)
        is_kin = inside | (kind[labels[theirs]] & (labels[theirs] != OUTSIDE))
        return self.index.snapshot.accounts[theirs], is_kin, usual[codes[theirs]]
