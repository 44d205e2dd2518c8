"""Signals that a group of conversations may be one actor's, each a number to be set against ordinary groups'.

Pure functions over arrays. Data plane: a number here is exact and must never leave; only a band may, and a band never
rests on a handful of accounts, because every account has one voice and the loudest few are left out before anything is
averaged (`spared`). Sources: near-duplicates by MinHash (Broder 1997); closeness in time beyond what exposure gives
(Knox 1964); fences of a box plot for what is out of the ordinary (Tukey 1977).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.privacy.sketch import VALUES, Sketches
from index.snapshots.snapshot import UNDATED
from index.stores.vectors import Vectors
from tools.core.finding import BANDS, Band

SIGNALS = ("uniformity", "template", "synchrony", "concentration", "dedication")

SAME_MEANING = 0.8
"""Cosine from which two summaries say nearly the same."""

SAME_FORM = VALUES // 2
"""Equal numbers of two sketches from which two requests count as made from one template."""

SAME_DAYS, SEASON = 1, 15
"""Days apart that are the same moment, and days around it that are the same season."""

FEWEST_COMPARED = 8
"""Ordinary groups that a base rate needs."""

_FLOORS = {"uniformity": 0.02, "template": 0.2, "synchrony": 0.5, "concentration": 0.25, "dedication": 0.1}
"""The least width of what is ordinary: where all groups of an index are alike, small differences mean nothing."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Conversations drawn from a group, n of them. `formed`: which have a sketch."""

    accounts: Ints
    days: Ints
    vectors: Vectors
    sketches: Sketches
    formed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Conversations of the whole index by day. `near[i]` and `around[i]`: within SAME_DAYS and SEASON of day first + i."""

    first: int
    near: Floats
    around: Floats

    @classmethod
    def of(cls, days: Ints) -> "Exposure":
        dated = days[days != UNDATED]
        if not len(dated):
            return cls(0, np.zeros(1), np.zeros(1))
        first = int(dated.min())
        counts = np.bincount(dated - first).astype(np.float64)
        return cls(first, _within(counts, SAME_DAYS), _within(counts, SEASON))


def _within(counts: Floats, reach: int) -> Floats:
    """Sums of `counts` over the days up to `reach` away, shape like `counts`."""
    sums = np.concatenate([[0.0], np.cumsum(counts)])
    places = np.arange(len(counts))
    found: Floats = sums[np.minimum(places + reach + 1, len(counts))] - sums[np.maximum(places - reach, 0)]
    return found


def quietest_mean(voices: Floats, spared: int, fewest: int = 0) -> float | None:
    """The mean of all voices but the `spared` loudest; None where there are fewer than `fewest`, or than twice as many as are
    spared."""
    if len(voices) < max(fewest, 2 * spared):
        return None
    return float(np.sort(voices)[: len(voices) - spared].mean())


def by_account(accounts: Ints, values: Floats) -> Floats:
    """One voice an account: the mean of its values."""
    _, who = np.unique(accounts, return_inverse=True)
    return np.bincount(who, values) / np.bincount(who)


def uniformity(drawn: Drawn, spared: int, fewest: int = 0) -> float | None:
    """How much of what other accounts ask is nearly the same in meaning: share of pairs of different accounts whose
    summaries have a cosine of SAME_MEANING or more."""
    other = drawn.accounts[:, None] != drawn.accounts[None, :]
    # Not the @ of numpy: for so small a product its threads wait for each other longer than they compute.
    same = (np.einsum("id,jd->ij", drawn.vectors, drawn.vectors) >= SAME_MEANING) & other
    shares = same.sum(axis=1) / np.maximum(other.sum(axis=1), 1)
    return quietest_mean(by_account(drawn.accounts, shares), spared, fewest)


def template(drawn: Drawn, spared: int, fewest: int = 0) -> float | None:
    """Share of conversations whose first request has a twin in form from another account. A request too short to have
    a form has no twin; where none has one, nothing is known."""
    if not drawn.formed.any():
        return None
    accounts, sketches = drawn.accounts, drawn.sketches
    equal = np.zeros((len(sketches), len(sketches)), dtype=np.uint8)
    for value in sketches.T:
        equal += value[:, None] == value[None, :]
    both = drawn.formed[:, None] & drawn.formed[None, :]
    twins = ((equal >= SAME_FORM) & both & (accounts[:, None] != accounts[None, :])).any(axis=1)
    return quietest_mean(by_account(accounts, twins.astype(np.float64)), spared, fewest)


def synchrony(drawn: Drawn, exposure: Exposure, spared: int, fewest: int = 0) -> float | None:
    """How many times more often than the whole index's traffic gives, accounts that act in the same season act within
    a day of each other. 1: no more often. Growth over months and busy days of the whole index do not raise it."""
    dated = drawn.days != UNDATED
    acts = np.unique(np.column_stack([drawn.accounts[dated], drawn.days[dated]]), axis=0)
    accounts, days = acts[:, 0], acts[:, 1]
    apart = np.abs(days[:, None] - days[None, :])
    other = accounts[:, None] != accounts[None, :]
    near = ((apart <= SAME_DAYS) & other).sum(axis=1).astype(np.float64)
    place = days - exposure.first
    usual = exposure.near[place] / np.maximum(exposure.around[place], 1.0)
    expected = ((apart <= SEASON) & other).sum(axis=1) * usual
    _, who = np.unique(accounts, return_inverse=True)
    near, expected = np.bincount(who, near), np.bincount(who, expected)
    if len(near) < max(fewest, 2 * spared):
        return None
    kept = np.argsort(near - expected, kind="stable")[: len(near) - spared]
    return float(near[kept].sum() / expected[kept].sum()) if expected[kept].sum() > 0 else None


def concentration(accounts: Ints, at_most: int, spared: int, fewest: int = 0) -> float | None:
    """Conversations in the group of the account behind a typical conversation, each account counted `at_most` times."""
    each = np.minimum(np.unique(accounts, return_counts=True)[1], at_most)
    if len(each) < max(fewest, 2 * spared):
        return None
    kept = np.sort(each)[: len(each) - spared]
    return float((kept**2).sum() / kept.sum())


def dedication(accounts: Ints, kin: NDArray[np.bool_], usual: Floats, spared: int, fewest: int = 0) -> float | None:
    """How much more of what else its accounts do is of the group's kind than of what all do who speak their language.

    One entry a conversation of the group's accounts, whatever it is about: its account, whether it is of the group's
    kind, and the share of that kind in its language. Of each account one conversation of the kind is left out: the one
    for which it is here. 0: no more than others; None: too few accounts have several conversations.
    """
    _, who = np.unique(accounts, return_inverse=True)
    each = np.bincount(who)
    several = each > 1
    of_kind = (np.bincount(who, kin)[several] - 1) / (each[several] - 1)
    return quietest_mean(of_kind - np.bincount(who, usual)[several] / each[several], spared, fewest)


def band(name: str, value: float | None, base: Sequence[float], edge: float = 0.0) -> Band:
    """Where a value lies among ordinary groups': beyond 1.5 widths of their middle half, or 3, is out of the ordinary. `edge`:
    from 0 to 1, by which these lie up to a third farther out, drawn for each group, so that they are no test for one account."""
    if value is None or len(base) < FEWEST_COMPARED:
        return "unknown"
    low, top = (float(edge) for edge in np.quantile(base, (0.25, 0.75)))
    width = max(top - low, _FLOORS[name]) * (1 + edge / 3)
    if value > top + 3 * width:
        return "very high"
    if value > top + 1.5 * width:
        return "high"
    return "low" if value < low - 1.5 * width else "typical"


def overall(bands: Mapping[str, Band]) -> Band:
    """The reading of a whole group: high where two independent kinds of sign are, very high where two are very high.

    The kinds: form (template), time (synchrony), accounts (concentration or dedication). Uniformity is no kind of its
    own: a popular subject has it, and so has whatever shares a template.
    """
    kinds = [bands["template"], bands["synchrony"], max(bands["concentration"], bands["dedication"], key=BANDS.index)]
    if bands["template"] == bands["synchrony"] == "unknown":
        return "unknown"
    if kinds.count("very high") >= 2:
        return "very high"
    return "high" if sum(kind in ("high", "very high") for kind in kinds) >= 2 else "typical"
