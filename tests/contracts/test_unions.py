"""R5 against an analyst who adds and subtracts: sums and differences of what was said tell of nobody.

The analyst wants to know whether anybody of a small group wrote on a day. The day alone is refused, and periods that
differ by it alone get one answer. So the analyst asks for periods that hold the day, and for those before and after it,
each far from all others: what the three numbers do not agree in is the day. Numbers are rounded, so one such sum says
little; the mean of many, with other ends, says it. Two worlds are asked the same: in one a few wrote on the day, in the
other the same few wrote in another language, and nobody did in this one. What differs is what the analyst can learn.
"""

import itertools
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from index.handle import Index
from index.snapshots.snapshot import snapshot_path
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, context, records, small, small_index
from tools.history.combinations import Combinations
from tools.registry import call

STARTS, ENDS = (0, 10, 20, 30), (183, 173, 163, 153)


def _days_of_few() -> list[int]:
    """Days in the middle on which three or four wrote in Spanish, or two where there are no others."""
    who = {(record.day, record.account) for record in records() if record.language == "Spanish"}
    each = Counter(day for day, _ in who if day is not None and 60 <= day < 125)
    return sorted((day for day in each if 2 <= each[day] < 5), key=lambda day: (-each[day], day))[:5]


def _without(day: int, folder: Path) -> Index:
    """The index where those who wrote in Spanish on a day wrote in English."""
    shutil.copytree(small().path, folder)
    number = small_index().snapshot.number
    with duckdb.connect(str(snapshot_path(folder / "snapshots", number))) as world:
        written = (FIRST_DAY.date() + timedelta(days=day)).toordinal() - FIRST_DAY.fromtimestamp(0).toordinal()
        world.execute("UPDATE members SET language = 'English' WHERE language = 'Spanish' AND day = ?", [written])
    return Index(folder, FakeEncoder())


async def _estimate(index: Index, day: int, ledger: Path) -> float:
    """How many wrote in Spanish on a day, as far as the analyst can tell."""
    ctx = context(index, ledger)

    async def total(first: int, last: int) -> int:
        since, until = [str(FIRST_DAY.date() + timedelta(days=number)) for number in (first, last)]
        scope = {"language": "Spanish", "since": since, "until": until}
        return (await call("count_by", {"by": "surface", "scope": scope}, ctx)).totals[0]

    before = {start: await total(start, day - 1) for start in STARTS}
    after = {end: await total(day + 1, end) for end in ENDS}
    found = [await total(start, end) - before[start] - after[end] for start, end in itertools.product(STARTS, ENDS)]
    ctx.gate.ledger.close()
    return float(np.mean(found))


async def _reported(folder: Path) -> list[float]:
    """For each day, by how much the estimate rises where a few wrote."""
    found = []
    for day in _days_of_few():
        here = folder / str(day)
        few = await _estimate(small_index(), day, here / "few" / "x.sqlite3")
        nobody = await _estimate(_without(day, here / "index"), day, here / "nobody" / "x.sqlite3")
        found.append(few - nobody)
    return found


async def test_r5_sums_of_periods_say_the_same_of_a_day_whether_a_few_wrote_or_nobody(tmp_path: Path) -> None:
    assert await _reported(tmp_path) == [0.0] * 5


async def test_r5_without_the_check_of_combinations_the_same_sums_tell_whether_a_few_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Combinations, "of", lambda *_: None)
    told = await _reported(tmp_path)
    assert len(told) == 5
    assert all(rise > 1 for rise in told)
