"""R5 against an analyst who adds and subtracts: sums and differences of what was said tell of nobody.

The analyst wants to know whether anybody of a small group wrote on a day. The day alone is refused, and periods that
differ by it alone get one answer. So the analyst asks for periods that hold the day, and for those before and after it,
each far from all others: what the three numbers do not agree in is the day. Numbers are rounded, so one such sum says
little; the mean of many, with other ends, says it.
"""

import itertools
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.corpus import FIRST_DAY, context, records, small_index
from tools.combinations import Combinations
from tools.registry import call

STARTS, ENDS = (0, 10, 20, 30), (183, 173, 163, 153)


def _days() -> tuple[list[int], list[int]]:
    """Days in the middle on which nobody wrote in Spanish, and days on which a few did."""
    each = Counter(record.day for record in records() if record.language == "Spanish")
    middle = range(60, 125)
    nobody = [day for day in middle if not each[day]]
    few = sorted(middle, key=lambda day: -each[day])
    return nobody[:5], [day for day in few if 2 < each[day] < 5][:5]


async def _estimate(day: int, ledger: Path) -> float:
    """How many wrote in Spanish on a day, as far as the analyst can tell."""
    ctx = context(small_index(), ledger)

    async def total(first: int, last: int) -> int:
        since, until = [str(FIRST_DAY.date() + timedelta(days=number)) for number in (first, last)]
        scope = {"language": "Spanish", "since": since, "until": until}
        return (await call("count_by", {"by": "surface", "scope": scope}, ctx)).totals[0]

    before = {start: await total(start, day - 1) for start in STARTS}
    after = {end: await total(day + 1, end) for end in ENDS}
    found = [await total(start, end) - before[start] - after[end] for start, end in itertools.product(STARTS, ENDS)]
    ctx.gate.ledger.close()
    return float(np.mean(found))


async def _told(folder: Path) -> float:
    """By how much the estimates of days on which a few wrote lie above those of days on which nobody did."""
    nobody, few = [[await _estimate(day, folder / str(day) / "x.sqlite3") for day in days] for days in _days()]
    return float(np.mean(few) - np.mean(nobody))


async def test_r5_sums_of_periods_do_not_tell_a_day_of_few_from_a_day_of_none(tmp_path: Path) -> None:
    assert await _told(tmp_path) < 1


async def test_r5_without_the_check_of_combinations_the_same_sums_tell_them_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Combinations, "of", lambda *_: None)
    assert await _told(tmp_path) > 2
