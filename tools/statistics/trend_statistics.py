"""A series of buckets: its shares, where its level changes, its second half against its first.

Pure functions of what may be said. A bucket under the threshold may hold nothing or nearly the threshold, so whatever is
stated of a level must hold for all of that: nothing here may state a number that was put in a suppressed bucket's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor

from tools.core.finding import Measure
from tools.core.statistic import ReleasedCounts, Statistics
from tools.statistics.change_points import change_points
from tools.statistics.measures import PRIOR_WEIGHT, log_odds, proportion_interval, short

_FEW_BUCKETS = 4


@dataclass(frozen=True, slots=True)
class _Bucket:
    """A bucket that is said, or suppressed because it is under the threshold. `low` and `high` bound its count, `likely` is
    looked at where changes are sought and never stated. `exposure` is None where the counts are the series."""

    label: str
    low: float
    high: float
    likely: float
    exposure: float | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Buckets in a row as one: bounds of their count, and their exposure (their number, where there is none)."""

    low: float
    high: float
    exposure: float
    is_share: bool

    def is_apart_from(self, other: "_Stretch") -> bool:
        """Whether the levels differ whatever the suppressed buckets hold."""
        return self._level(self.low) > other._level(other.high) or other._level(other.low) > self._level(self.high)

    def _level(self, count: float) -> float:
        return count / self.exposure

    def stated(self, step: int) -> str:
        """The level in words: a number, or the bounds of one."""
        low, high = self._level(self.low), self._level(self.high)
        if self.is_share:
            below, above, unit = f"{100 * low:.1f}", f"{100 * high:.1f}", " %"
        else:
            least, most = (round(low / step),) * 2 if low == high else (floor(low / step), ceil(high / step))
            below, above = f"{least * step:,}", f"{most * step:,}"
            unit = " a bucket"
        if below == above:
            return f"{below}{unit}" if self.is_share else f"about {below}{unit}"
        return f"at most {above}{unit}" if not self.low else f"{below} to {above}{unit}"


def course(released: ReleasedCounts) -> Statistics:
    """Each bucket's share with its interval, where the level changes, and the second half against the first.

    A change is stated where the levels on its two sides differ whatever the buckets under the threshold hold; a level
    with such buckets in it is stated by its bounds. Buckets suppressed to protect another are left out. Without an exposure
    column the counts themselves are the series.
    """
    has_exposure = len(released.columns) > 1
    rows = [_share(*counts) if has_exposure else () for counts in released.counts]
    buckets = _buckets(released, has_exposure=has_exposure)
    most_hidden = _most_hidden(released)
    notes = _changes(buckets, most_hidden, released.step)
    if has_exposure and len(buckets) >= _FEW_BUCKETS and any(counts[0] is not None for counts in released.counts):
        notes.append(_halves(buckets, most_hidden, released.step))
    return Statistics(rows, tuple(notes))


def _share(count: int | None, whole: int | None) -> tuple[Measure, ...]:
    if count is None or not whole:
        return ()
    low, high = proportion_interval(count, whole)
    return (Measure("share", round(100 * count / whole, 1), round(100 * low, 1), round(100 * high, 1)),)


def _most_hidden(released: ReleasedCounts) -> float:
    """What all buckets that are not said hold together, at most: the total less what is said, and what rounding adds."""
    counts = [counts[0] for counts in released.counts if counts[0] is not None]
    return max(0.0, released.totals[0] - sum(counts) + released.step * (len(counts) + 1))


def _buckets(released: ReleasedCounts, *, has_exposure: bool) -> list[_Bucket]:
    """Those that are said or under the threshold, in order. What is likely in the latter is their part, by exposure, of
    what the total leaves, and less than the threshold."""
    used = [
        place
        for place, counts in enumerate(released.counts)
        if (counts[0] is not None or released.small[place][0]) and (counts[-1] or not has_exposure)
    ]
    exposures = {place: float(released.counts[place][-1] or 0) if has_exposure else 1.0 for place in used}
    hidden = [place for place in used if released.counts[place][0] is None]
    rest = max(0.0, released.totals[0] - sum(counts[0] or 0 for counts in released.counts))
    rate = rest / max(1.0, sum(exposures[place] for place in hidden))
    found = []
    for place in used:
        count, most = released.counts[place][0], released.least - 1
        low, high, likely = (0, most, min(most, rate * exposures[place])) if count is None else (count, count, count)
        found.append(_Bucket(released.labels[place], low, high, likely, exposures[place] if has_exposure else None))
    return found


def _stretch(buckets: Sequence[_Bucket], most_hidden: float) -> _Stretch:
    low = sum(bucket.low for bucket in buckets)
    high = low + min(most_hidden, sum(bucket.high - bucket.low for bucket in buckets))
    is_share = buckets[0].exposure is not None
    exposure = sum(1.0 if bucket.exposure is None else bucket.exposure for bucket in buckets)
    return _Stretch(low, min(high, exposure) if is_share else high, exposure, is_share)


def _changes(buckets: Sequence[_Bucket], most_hidden: float, step: int) -> list[str]:
    """A sentence for each bucket from which the level is another. Cuts whose sides may be the same are taken out, one at
    a time, the last first, because what is left of the two stretches may differ from its neighbours."""
    exposures = [bucket.exposure for bucket in buckets if bucket.exposure is not None]
    cuts = change_points([bucket.likely for bucket in buckets], exposures or None)
    while True:
        ends = [0, *cuts, len(buckets)]
        stretches = [_stretch(buckets[start:end], most_hidden) for start, end in pairwise(ends)] if buckets else []
        sides = list(pairwise(stretches))
        alike = [place for place, (before, after) in enumerate(sides) if not before.is_apart_from(after)]
        if not alike:
            break
        del cuts[alike[-1]]
    return [
        f"change of level at {buckets[cut].label}: {before.stated(step)} before, {after.stated(step)} from then on"
        for cut, (before, after) in zip(cuts, sides, strict=True)
    ]


def _halves(buckets: Sequence[_Bucket], most_hidden: float, step: int) -> str:
    """The odds of the second half against the first. Where buckets are suppressed, a bound that holds whatever they hold."""
    middle = len(buckets) // 2
    early, late = _stretch(buckets[:middle], most_hidden), _stretch(buckets[middle:], most_hidden)
    least, most = _odds(early.high, late.low, early, late, step), _odds(early.low, late.high, early, late, step)
    low, high = short(least[1]), short(most[2])
    if low <= 1 <= high:
        number = (
            f" ({short(least[0])} times its odds, {low} to {high})" if least == most else ", based on released periods"
        )
        return f"the second half does not clearly differ from the first{number}"
    if least == most:
        return f"the second half has {short(least[0])} times the odds of the first ({low} to {high})"
    return f"the second half has {f'at least {low}' if low > 1 else f'at most {high}'} times the odds of the first"


def _odds(early: float, late: float, first: _Stretch, second: _Stretch, step: int) -> tuple[float, float, float]:
    prior = PRIOR_WEIGHT * max(early + late, 1.0) / max(first.exposure + second.exposure, 1.0)
    return log_odds(late, early, second.exposure, first.exposure, prior, PRIOR_WEIGHT, step).ratio()
