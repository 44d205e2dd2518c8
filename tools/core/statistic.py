"""What a statistic of a table sees, and what it gives: pure values between the gate and the functions that compute measures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.core.finding import Measure


@dataclass(frozen=True, slots=True)
class ReleasedCounts:
    """What the gate releases of a table. `counts[group][column]` None: suppressed; `small`: suppressed because it is under the
    threshold, and may be zero. `labels` are those shown. `least` is the threshold, `step` the rounding base."""

    labels: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int | None]]
    small: Sequence[Sequence[bool]]
    totals: Sequence[int]
    least: int
    step: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Measures for each group of a table, and sentences about the whole. `order`: groups from most to least telling;
    empty leaves them as they are."""

    rows: Sequence[tuple[Measure, ...]]
    notes: tuple[str, ...] = ()
    order: tuple[int, ...] = ()


Statistic = Callable[[ReleasedCounts], Statistics]
