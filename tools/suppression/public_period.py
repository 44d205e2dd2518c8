"""The period of an index that may be stated: from the first month that is a group of its own to the last.

The exact first and last day can be one person's. Data plane: it sees members and answers two days.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

import numpy as np

from index.core.records import as_date, as_day
from index.snapshots.snapshot import UNDATED
from tools.core.counting import ranked
from tools.core.scope import Scope
from tools.suppression.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class PublicPeriod:
    """The first and the last day that may be stated, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> tuple[int, int]:
        """Both as numbers of days, as snapshots hold them."""
        return as_day(self.first), as_day(self.last)

    def of(self, scope: Scope) -> str:
        """First to last month that a scope can hold, in words: the period cut to the scope's own bounds."""
        first, last = max(self.first, scope.since or date.min), min(self.last, scope.until or date.max)
        is_one = (first.year, first.month) == (last.year, last.month)
        return f"{first:%Y-%m}" if is_one else f"{first:%Y-%m} to {last:%Y-%m}"


def public_period(thresholds: Thresholds) -> PublicPeriod | None:
    """The period of the whole snapshot; None where no month is a group of its own."""
    days = thresholds.snapshot.days
    dated = np.flatnonzero(days != UNDATED).astype(np.int64)
    known, place = ranked(days[dated])
    spans = [_month(as_date(int(day))) for day in known]
    order = sorted(set(spans))
    number = {span: at for at, span in enumerate(order)}
    codes = np.array([number[span] for span in spans], dtype=np.int64)[place]
    groups = [span for at, span in enumerate(order) if thresholds.is_large(dated[codes == at])]
    return PublicPeriod(groups[0][0], groups[-1][1]) if groups else None


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
