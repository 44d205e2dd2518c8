"""Two evaluations side by side: what changed from one to the other, with intervals, paired where both measured the same item.

The interval of a difference of rates is by bootstrap over the pairs (Efron 1979, percentile), and whether it is more than
chance by McNemar's exact test. Figures such as seconds are compared by the mean ratio, in the same way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.evaluation.items import Measured
from agent.evaluation.record import Record
from agent.evaluation.report import TITLES

_DRAWS = 2_000
_SEED = 7


@dataclass(frozen=True, slots=True)
class Change:
    """From the first to the second run over the `pairs` items that both have. Of a rate: percent in each and the difference in
    points; of a value: the means and the ratio."""

    suite: str
    kind: str
    unit: str
    before: float
    after: float
    change: float
    low: float
    high: float
    pairs: int
    chance: float | None
    """How likely a difference as large is by chance (McNemar); None for a value."""

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no change out."""
        nothing = 0.0 if self.unit == "%" else 1.0
        return not self.low <= nothing <= self.high


def changes(first: Record, second: Record) -> list[Change]:
    """A row for each suite and kind that both runs measured."""
    earlier = {one.key: one for one in first.measured}
    pairs = [(earlier[one.key], one) for one in second.measured if one.key in earlier]
    found = []
    for suite in TITLES:
        of_suite = [pair for pair in pairs if pair[0].suite == suite]
        for kind in dict.fromkeys(before.kind for before, _ in of_suite):
            of_kind = [pair for pair in of_suite if pair[0].kind == kind]
            found += [change for change in (_rates(suite, kind, of_kind), _ratio(suite, kind, of_kind)) if change]
    return found


def _rates(suite: str, kind: str, pairs: Sequence[tuple[Measured, Measured]]) -> Change | None:
    counted = [(before.result, after.result) for before, after in pairs if before.result.of and after.result.of]
    if not counted:
        return None
    from scipy.stats import binomtest

    weights = np.array([before.of for before, _ in counted], dtype=float)
    shares = np.array([(before.right / before.of, after.right / after.of) for before, after in counted])
    before, after = 100 * np.average(shares, axis=0, weights=weights)
    low, high = _interval(
        lambda drawn: float(np.average(np.diff(shares[drawn]), axis=0, weights=weights[drawn])[0]), len(counted)
    )
    won, lost = int((shares[:, 1] > shares[:, 0]).sum()), int((shares[:, 1] < shares[:, 0]).sum())
    chance = binomtest(won, won + lost).pvalue if won + lost else 1.0
    return Change(
        suite,
        kind,
        "%",
        float(before),
        float(after),
        float(after - before),
        100 * low,
        100 * high,
        len(counted),
        float(chance),
    )


def _ratio(suite: str, kind: str, pairs: Sequence[tuple[Measured, Measured]]) -> Change | None:
    known = [
        (before.result.value, after.result.value, before.result.unit)
        for before, after in pairs
        if before.result.value and after.result.value and before.result.unit == after.result.unit
    ]
    if not known:
        return None
    logs = np.log([after / before for before, after, _ in known])
    low, high = _interval(lambda drawn: float(logs[drawn].mean()), len(known))
    means = [float(np.mean([one[place] for one in known])) for place in (0, 1)]
    return Change(
        suite, kind, known[0][2], means[0], means[1], float(np.exp(logs.mean())), float(np.exp(low)), float(np.exp(high)), len(known), None
    )  # fmt: skip


def _interval(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[float, float]:
    """The middle 95 % of a statistic over drawn items."""
    generator = np.random.default_rng(_SEED)
    drawn = [statistic(generator.integers(0, count, count)) for _ in range(_DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def markdown(first: Record, second: Record) -> str:
    """The comparison in Markdown, ending with a newline."""
    lines = ["# Two evaluations", ""]
    lines += [
        f"{name}: {told['date']}, {told['roles']}, index {told['index']}, Shoal {told['version']}, {told['machine']}."
        for name, told in (("Before", first.setting), ("After", second.setting))
    ]
    lines += ["", "| | before | after | change | 95 % interval | pairs | |", "|---|---:|---:|---:|---:|---:|---|"]
    for one in changes(first, second):
        is_rate = one.unit == "%"
        change = f"{one.change:+.1f} points" if is_rate else f"× {one.change:.2f}"
        interval = f"{one.low:+.1f} to {one.high:+.1f}" if is_rate else f"× {one.low:.2f} to {one.high:.2f}"
        clear = (
            ("better" if one.change > 0 else "worse") if is_rate and one.is_clear else "changed" if one.is_clear else ""
        )
        lines.append(
            f"| {one.suite}: {one.kind} | {one.before:,.1f} {one.unit} | {one.after:,.1f} {one.unit} | {change} "
            f"| {interval} | {one.pairs} | {clear} |"
        )
    return "\n".join(lines) + "\n"
