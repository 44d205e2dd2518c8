"""The arithmetic behind measures: intervals, log-odds, corrections. Pure functions of numbers that may be said.

A tool hands one of these to the gate by name; the gate calls it with what it has decided to say (`ReleasedCounts`), so a statistic
can never be sharper than the rounded counts a reader sees. Nothing here may see a member.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import erfc, exp, inf, log, sqrt

from tools.core.finding import Measure, Verdict
from tools.core.statistic import ReleasedCounts, Statistics

Z95 = 1.959964
"""Half-width of a 95 % interval in standard errors."""

_ALPHA = 0.05
PRIOR_WEIGHT = 100.0
"""Weight of the prior in conversations: so many as if seen before, spread as the two scopes together are."""


def proportion_interval(count: float, total: float) -> tuple[float, float]:
    """95 % interval of a proportion, in [0, 1] (Wilson 1927, score interval)."""
    if total <= 0:
        return 0.0, 1.0
    share, square = count / total, Z95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z95 / (1 + square / total) * sqrt(max(0.0, share * (1 - share) / total + square / (4 * total**2)))
    return max(0.0, middle - half), min(1.0, middle + half)


def two_sided_p(z: float) -> float:
    """Probability of a standard normal value at least this far from zero."""
    return erfc(abs(z) / sqrt(2))


def false_discovery_adjusted(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for many comparisons at once (Benjamini & Hochberg 1995)."""
    count = len(p_values)
    adjusted = [1.0] * count
    running = 1.0
    for rank, place in reversed(list(enumerate(sorted(range(count), key=lambda place: p_values[place]), start=1))):
        running = min(running, p_values[place] * count / rank)
        adjusted[place] = running
    return adjusted


@dataclass(frozen=True, slots=True)
class LogOdds:
    """Natural logarithm of the odds of a group in the first scope over the second, and its standard error."""

    value: float
    error: float

    @property
    def p(self) -> float:
        return two_sided_p(self.value / self.error)

    def ratio(self) -> tuple[float, float, float]:
        """The odds ratio with its 95 % interval."""
        return tuple(exp(self.value + step * Z95 * self.error) for step in (0, -1, 1))  # type: ignore[return-value]


def log_odds(
    first: float, second: float, first_total: float, second_total: float, prior: float, prior_total: float, step: int
) -> LogOdds:
    """Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, equations 16 and 20). `prior` is the
    group's part of the prior's weight. What rounding to `step` leaves open widens the error (drawn to the multiple below or above, step²/6)."""
    a, b = first + prior, second + prior
    rest_a, rest_b = max(first_total + prior_total - a, 0.5), max(second_total + prior_total - b, 0.5)
    rounding = step**2 / 6
    variance = sum(1 / value + rounding / value**2 for value in (a, b))
    return LogOdds(log(a / rest_a) - log(b / rest_b), sqrt(variance))


def over_and_under(released: ReleasedCounts) -> Statistics:
    """Each group's odds in the first column against the second, with intervals; clear where the adjusted p is below
    .05. A cell under the threshold counts as just under it, so that its odds ratio is a bound."""
    return _compared(released, ("over", "under"))


def change_between_periods(released: ReleasedCounts) -> Statistics:
    """As `over_and_under`, in words for a later period against an earlier one."""
    return _compared(released, ("grown", "shrunk"))


def _compared(released: ReleasedCounts, verdicts: tuple[Verdict, Verdict]) -> Statistics:
    places: list[int] = []
    found: list[LogOdds] = []
    missing_columns: list[int | None] = []
    spread = max(1, sum(released.totals))
    for place, (counts, small) in enumerate(zip(released.counts, released.small, strict=True)):
        values = [
            released.least - 1 if count is None and low else count for count, low in zip(counts, small, strict=True)
        ]
        first, second = values
        if first is None or second is None or all(count is None for count in counts):
            continue
        prior = PRIOR_WEIGHT * max(first + second, 1) / spread
        found.append(
            log_odds(first, second, released.totals[0], released.totals[1], prior, PRIOR_WEIGHT, released.step)
        )
        missing_columns.append(next((column for column, count in enumerate(counts) if count is None), None))
        places.append(place)
    adjusted = false_discovery_adjusted([item.p for item in found])
    rows: list[tuple[Measure, ...]] = [()] * len(released.counts)
    strength = [-inf] * len(released.counts)
    for place, item, p, missing in zip(places, found, adjusted, missing_columns, strict=True):
        clear = p < _ALPHA
        verdict: Verdict = "no clear difference"
        if clear:
            gone = {0: "vanished", 1: "new"} if verdicts[0] == "grown" else {}
            plain = verdicts[0] if item.value > 0 else verdicts[1]
            fits = missing is None or (item.value > 0) == (missing == 1)
            if not fits:
                clear, verdict = False, "no clear difference"
            else:
                verdict = gone.get(missing, plain) if missing is not None else plain  # type: ignore[assignment]
        ratio, low, high = item.ratio()
        is_bound, is_at_most = missing is not None, missing == 0
        rows[place] = (Measure("odds ratio", short(ratio), short(low), short(high), verdict, is_bound, is_at_most),)
        strength[place] = item.value / item.error if clear else 0.0
    order = sorted(range(len(rows)), key=lambda place: (-strength[place], place))
    shown = sum(1 for measures in rows if measures and measures[0].verdict != "no clear difference")
    note = f"{shown} of {len(found)} groups differ clearly (false discovery rate 5 %)"
    return Statistics(rows, (note,), tuple(order))


def short(value: float) -> float:
    """Two decimals below ten, one below a hundred, none above."""
    return round(value, 2 if value < 10 else 1 if value < 100 else 0)


NOT_FLAGGED, IN_ERROR = "not flagged", "flagged in error"

Shares = Sequence[Measure | None]


def missed_and_false(released: ReleasedCounts) -> Statistics:
    """Of the columns (concerning and not flagged, concerning and flagged, flagged and not concerning, neither): the share
    of the concerning that was not flagged, and the share of the flagged that was not concerning."""
    rows = [(_share(NOT_FLAGGED, *counts[:2]), _share(IN_ERROR, counts[2], counts[1])) for counts in released.counts]
    return _gaps(released, rows)


def few_caught(released: ReleasedCounts) -> Statistics:
    """Of the columns (concerning and not flagged, flagged, neither), where fewer conversations than the threshold are
    concerning and flagged in all: both shares are at least what they are if all of these lie in the theme. Of all themes
    together the same, in a note."""
    few = released.least - 1
    rows = [_least_shares(counts, few) for counts in released.counts]
    alone = [sum(_is_alone(counts, place) for counts in released.counts) for place in (0, 1)]
    missed, flagged = (max(0, released.totals[place] - few * alone[place]) for place in (0, 1))
    notes = [
        f"fewer than {released.least} conversations are concerning and flagged, all themes together",
        *_of_all("concerning", _share(NOT_FLAGGED, missed, few, is_bound=True)),
        *_of_all("flagged", _share(IN_ERROR, max(0, flagged - few), few, is_bound=True)),
    ]
    return _gaps(released, rows, *notes)


def _least_shares(counts: Sequence[int | None], few: int) -> Shares:
    """A theme's shares if all of the `few` that are concerning and flagged lie in it."""
    missed, flagged = counts[:2]
    if missed is not None and _is_alone(counts, 0):
        missed = max(0, missed - few)
    if flagged is not None:
        flagged = max(0, flagged - few * (2 if _is_alone(counts, 1) else 1))
    return _share(NOT_FLAGGED, missed, few, is_bound=True), _share(IN_ERROR, flagged, few, is_bound=True)


def _is_alone(counts: Sequence[int | None], place: int) -> bool:
    """Whether no other number of the row is released: then this one may be released for the whole row, up to the threshold
    higher than it is."""
    return counts[place] is not None and all(count is None for at, count in enumerate(counts) if at != place)


def few_false(released: ReleasedCounts) -> Statistics:
    """Of the columns (concerning and not flagged, flagged, neither), where fewer conversations than the threshold are
    flagged and not concerning in all: what was not flagged is at least what it is if all flagged are concerning."""
    note = f"fewer than {released.least} conversations are flagged and not concerning, all themes together"
    return _gaps(released, [(_share(NOT_FLAGGED, *counts[:2], is_bound=True),) for counts in released.counts], note)


def few_missed(released: ReleasedCounts) -> Statistics:
    """Of the columns (concerning, flagged and not concerning, neither), where fewer conversations than the threshold are
    concerning and not flagged in all: what was flagged in error is at least what it is if all concerning are flagged."""
    note = f"fewer than {released.least} conversations are concerning and not flagged, all themes together"
    return _gaps(
        released, [(_share(IN_ERROR, counts[1], counts[0], is_bound=True),) for counts in released.counts], note
    )


def _gaps(released: ReleasedCounts, shares: Sequence[Shares], *notes: str) -> Statistics:
    """The shares of each row that could be computed; rows with most in the first column first."""
    rows = [tuple(measure for measure in of_row if measure is not None) for of_row in shares]
    order = sorted(range(len(rows)), key=lambda place: (-(released.counts[place][0] or 0), place))
    return Statistics(rows, notes, tuple(order))


def _of_all(of: str, share: Measure | None) -> Iterator[str]:
    if share is not None:
        yield f"of what is {of} in all themes, at least {share.value} % are {share.name} ({share.low} to {share.high} %)"


def _share(name: str, part: int | None, other: int | None, *, is_bound: bool = False) -> Measure | None:
    """The part's share of both with its 95 % interval, in percent. `is_bound`: the other may be smaller, so the share is
    at least this, and nothing bounds it from above."""
    if part is None or other is None or not part + other:
        return None
    low, high = proportion_interval(part, part + other)
    return Measure(
        name,
        round(100 * part / (part + other), 1),
        round(100 * low, 1),
        100.0 if is_bound else round(100 * high, 1),
        is_bound=is_bound,
    )
