"""Closed counts with noise (differential privacy): what such a release says, and what it costs.

Only for tables whose rows and columns are fixed before any conversation is looked at: values of a facet, periods. Every
value of the domain has a cell, also where nobody is in it, so that which cells there are tells nothing; all that is
decided afterwards (what is under the threshold, rounding, shares, statistics) is decided from the noisy counts alone,
and costs nothing. It must never look at an exact count, nor draw twice for one question. Data plane.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from math import sqrt

from index.snapshots.snapshot import Snapshot
from tools.core.candidate import CandidateTable
from tools.core.errors import ToolRefusal
from tools.core.finding import Measure, Row, Suppressed, Value
from tools.core.ledger import Ledger
from tools.core.ledger_chain import Spending
from tools.core.policy import PrivacyPolicy
from tools.core.statistic import ReleasedCounts, Statistics
from tools.core.wording import WITH_NOISE
from tools.dp.bounding import bounded
from tools.dp.noise import Noise

_EACH = 0.975
"""Confidence of a count and of its total, so that the interval of their quotient holds at 95 %."""

_MISSED = 0.01
"""Chance that a comparison's counts, and that its totals, exceed the noise allowed for."""

NOT_COVERED = (
    "not covered by differential privacy: ε speaks only for closed counts, these are protected by the thresholds"
)
"""ReleasedCounts of every other finding of an index whose closed counts are noisy."""


@dataclass(frozen=True, slots=True)
class NoisyRelease:
    """What is released of a table. `spending` is None where the question had been answered before."""

    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    suppressed: Suppressed
    notes: tuple[str, ...]
    smallest: int | None
    spending: Spending | None = None


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Noisy counts by row and column, and of each column's total: drawn, or summed from `terms` cells."""

    table: list[list[int]]
    totals: list[int]
    terms: int
    noise: Noise


def release_with_noise(
    snapshot: Snapshot, policy: PrivacyPolicy, ledger: Ledger, candidate: CandidateTable, left: float
) -> NoisyRelease:
    """Draw or recall the noise and decide what is said. Use it under the ledger's lock. Raises ToolRefusal when the ε that
    is `left` does not last for it."""
    noise = Noise(policy.epsilon_per_release, policy.max_per_account * candidate.cells_per_conversation)
    question = _question(snapshot, policy, candidate)
    kept = ledger.answer(question)
    spending = None
    if kept is None:
        if policy.epsilon_per_release > left + 1e-9:
            raise ToolRefusal(
                f"The privacy budget for counts is spent: ε {max(0.0, left):g} of {policy.epsilon_total:g} is left, and this table "
                f"takes {policy.epsilon_per_release:g}. Questions that were answered before can be asked again.",
                "privacy budget spent",
            )
        cells = [rows for group in candidate.groups for rows in group.columns]
        exact = bounded(
            snapshot, [*cells, *(candidate.wholes or ())], policy.max_per_account, candidate.cells_per_conversation
        )
        kept = noise.add(exact.counts)
        spending = Spending(policy.epsilon_per_release, question, json.dumps(kept))
        left -= policy.epsilon_per_release
    shown = released_of(policy, candidate, kept, noise)
    again = () if spending else ("answered as before: nothing was spent",)
    notes = (*shown.notes, *_notes(policy, candidate, _in_shape(candidate, kept, noise), left), *again)
    return replace(shown, notes=notes, spending=spending)


def _question(snapshot: Snapshot, policy: PrivacyPolicy, candidate: CandidateTable) -> str:
    """By what is asked, never by which conversations match: that two questions match the same ones would be told by
    their having the same answer."""
    asked = [snapshot.number, candidate.tool, candidate.arguments, policy.epsilon_per_release, policy.max_per_account]
    asked += [list(candidate.columns), [group.label for group in candidate.groups]]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _in_shape(candidate: CandidateTable, counts: list[int], noise: Noise) -> _Drawn:
    width = len(candidate.columns)
    table = [counts[start : start + width] for start in range(0, width * len(candidate.groups), width)]
    if candidate.wholes is not None:
        return _Drawn(table, counts[width * len(candidate.groups) :], 1, noise)
    return _Drawn(table, [sum(line[place] for line in table) for place in range(width)], max(1, len(table)), noise)


def released_of(policy: PrivacyPolicy, candidate: CandidateTable, counts: list[int], noise: Noise) -> NoisyRelease:
    """Rows, totals and what is suppressed, all from the noisy counts: cell by cell, row after row, then totals that were
    drawn. It looks at no member."""
    drawn = _in_shape(candidate, counts, noise)
    table = [[_released(policy, count) for count in line] for line in drawn.table]
    totals = tuple(_released(policy, total) or 0 for total in drawn.totals)
    found = _statistics(policy, candidate, drawn, totals)
    intervals = _Intervals(candidate, drawn, policy.round_to, totals)
    rows = []
    hidden = lost = 0
    for place in found.order or range(len(table)):
        line = table[place]
        if all(count is None for count in line):
            hidden += 1
            lost += max(0, sum(drawn.table[place]))
            if candidate.shape != "trend":
                continue
        values = tuple(intervals.value(line, column) for column in range(len(line)))
        rows.append(
            Row(
                candidate.groups[place].label or "",
                values,
                measures=(*found.rows[place], *intervals.measures(line, values)),
            )
        )
    cells = sum(value.count is None for row in rows for value in row.values)
    share = min(100.0, round(100 * lost / sum(totals), 1)) if candidate.wholes is None and any(totals) else 0.0
    smallest = min((count for line in table for count in line if count is not None), default=None)
    return NoisyRelease(tuple(rows), totals, Suppressed(hidden, cells, share), found.notes, smallest)


def _released(policy: PrivacyPolicy, noisy: int) -> int | None:
    """Rounded, or None under the threshold. An account brings at most so many, so that a count over the threshold is one
    of enough accounts, but for the noise."""
    if noisy < policy.noisy_threshold:
        return None
    return _rounded(policy, noisy)


def _rounded(policy: PrivacyPolicy, count: int) -> int:
    return (count + policy.round_to // 2) // policy.round_to * policy.round_to


def _statistics(policy: PrivacyPolicy, candidate: CandidateTable, drawn: _Drawn, totals: tuple[int, ...]) -> Statistics:
    """A comparison's measures, where they hold under any noise: computed at both ends of what it may have done to
    every number at once (98 %), because small counts that are shown are those that noise lifted. None of a trend: where
    levels change is sought by the likelihood of counts, to which noise looks like change."""
    nothing: list[tuple[Measure, ...]] = [()] * len(drawn.table)
    if candidate.statistic is None:
        return Statistics(nothing)
    if candidate.shape == "trend":
        return Statistics(nothing, ("no change points for noisy counts: compare intervals",))
    least, most = (candidate.statistic(_at_end(policy, candidate, drawn, totals, sign)) for sign in (-1, 1))
    rows = [_held_by_both(*pair) for pair in zip(least.rows, most.rows, strict=True)]
    clear = sum(any(measure.verdict in ("over", "under") for measure in measures) for measures in rows)
    return Statistics(rows, (f"{clear} of {sum(map(bool, rows))} groups differ clearly, under any noise",))


def _at_end(
    policy: PrivacyPolicy, candidate: CandidateTable, drawn: _Drawn, totals: tuple[int, ...], sign: int
) -> ReleasedCounts:
    """The table with every first count as low (`sign` -1) or as high (1) as noise may have left it, and every second one the
    other way, totals against them."""
    one = drawn.noise.half_width(1, 1 - _MISSED / max(1, 2 * len(drawn.table))) + policy.round_to // 2
    whole = drawn.noise.half_width(drawn.terms, 1 - _MISSED / 2) + policy.round_to // 2
    counts: list[list[int | None]] = []
    for line in drawn.table:
        shown = [_released(policy, count) for count in line]
        ends = [max(0, count + sign * way * one) for count, way in zip(line, (1, -1), strict=True)]
        counts.append([None, None] if None in shown else [_rounded(policy, count) for count in ends])
    labels = [group.label or "" for group in candidate.groups]
    small = [[False, False]] * len(counts)
    ends = [max(1, total - sign * way * whole) for total, way in zip(totals, (1, -1), strict=True)]
    return ReleasedCounts(labels, candidate.columns, counts, small, ends, policy.noisy_threshold, policy.round_to)


def _held_by_both(low: tuple[Measure, ...], high: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """The geometric middle of both ends, the interval that covers both, and their verdict where it is one."""
    return tuple(
        Measure(
            a.name,
            round(sqrt((a.value or 0.0) * (b.value or 0.0)), 2),
            a.low,
            b.high,
            a.verdict if a.verdict == b.verdict else "no clear difference",
        )
        for a, b in zip(low, high, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Intervals:
    """95 % intervals of counts and shares around what is said: the noise's, widened by what rounding leaves open."""

    candidate: CandidateTable
    drawn: _Drawn
    step: int
    totals: tuple[int, ...]

    def value(self, line: list[int | None], column: int) -> Value:
        released, (base, _) = line[column], self._base(line, column)
        return Value(released, min(100.0, round(100 * released / base, 1)) if released is not None and base else None)

    def measures(self, line: list[int | None], values: tuple[Value, ...]) -> tuple[Measure, ...]:
        """Of each value that is said: its count's and its share's interval."""
        found: list[Measure] = []
        for column, value in enumerate(values):
            if value.count is None:
                continue
            of = f", {self.candidate.columns[column]}" if len(values) > 1 else ""
            room = self.room(1, 0.95)
            found.append(Measure(f"count{of}", value.count, max(0, value.count - room), value.count + room))
            if value.share is not None:
                found.append(Measure(f"share{of}", value.share, *self._share(value.count, line, column)))
        return tuple(found)

    def room(self, terms: int, confidence: float) -> int:
        return self.drawn.noise.half_width(terms, confidence) + self.step // 2

    def _base(self, line: list[int | None], column: int) -> tuple[int, int]:
        """What the share is a share of, and from how many draws that is."""
        if self.candidate.within and column == 0:
            return line[-1] or 0, 1
        return self.totals[column], self.drawn.terms

    def _share(self, count: int, line: list[int | None], column: int) -> tuple[float, float]:
        base, terms = self._base(line, column)
        part, whole = self.room(1, _EACH), self.room(terms, _EACH)
        # A part is no more than its whole, whatever the noise says: so an interval is never of no width.
        low = 100 * max(0, min(count, base) - part) / (base + whole)
        high = 100 * (count + part) / (base - whole) if base > whole else 100.0
        return round(min(100.0, low), 1), round(min(100.0, high), 1)


def _notes(policy: PrivacyPolicy, candidate: CandidateTable, drawn: _Drawn, left: float) -> tuple[str, ...]:
    """What this release cost and what its numbers mean."""
    noise, step = drawn.noise, policy.round_to // 2
    cost = (
        f"{WITH_NOISE}: ε = {noise.epsilon:g} for this release, {max(0.0, round(left, 9)):g} of "
        f"{policy.epsilon_total:g} left for this index; the unit is an account, of which at most "
        f"{policy.max_per_account} conversations count in this table; discrete Laplace noise of scale {noise.scale:.3g}"
    )
    meaning = (
        f"95 % intervals, of the counts so bounded: a count ± {noise.half_width() + step:,}, a total ± "
        f"{noise.half_width(drawn.terms) + step:,}; what is under {policy.noisy_threshold} with its noise is suppressed "
        "(a total: 0)"
    )
    scope = candidate.resolved.scope
    if scope.near or scope.cluster or candidate.tool == "coverage":
        return cost, meaning, "clusters and nearness are taken as given: ε does not speak for how they were found"
    return cost, meaning
