"""A series is told so that it holds whatever the suppressed buckets hold."""

import re
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from tools.core.statistic import ReleasedCounts, Statistics
from tools.statistics.measures import PRIOR_WEIGHT, log_odds
from tools.statistics.trend_statistics import course

LEAST, EXPOSURE = 15, 500


def noisy_table(counts: Sequence[int], *, has_exposure: bool = True) -> Statistics:
    """The series of these true counts, with rounding off: those under the threshold are suppressed."""
    shown = [count if count >= LEAST else None for count in counts]
    return course(
        ReleasedCounts(
            labels=[f"g{place}" for place in range(len(counts))],
            columns=["in scope", "all conversations"] if has_exposure else ["conversations"],
            counts=[[count, EXPOSURE] if has_exposure else [count] for count in shown],
            small=[[count is None, False] if has_exposure else [count is None] for count in shown],
            totals=[sum(counts), EXPOSURE * len(counts)] if has_exposure else [sum(counts)],
            least=LEAST,
            step=1,
        )
    )


def bounds(level: str) -> tuple[float, float]:
    """The two ends of a level as it is stated."""
    numbers = [float(number.replace(",", "")) for number in re.findall(r"[\d,.]*\d", level)]
    return (0.0 if level.startswith("at most") else numbers[0]), numbers[-1]


LEVELS = re.compile(r"change of level at g(\d+): (.+) before, (.+) from then on")


def levels(found: Statistics, buckets: int) -> list[tuple[int, int, str]]:
    """Each stretch (from, to) with its level in words."""
    notes = [match for note in found.notes if (match := LEVELS.match(note))]
    cuts = [0, *(int(match[1]) for match in notes), buckets]
    words = [notes[0][2], *(match[3] for match in notes)] if notes else []
    return [(cuts[place], cuts[place + 1], word) for place, word in enumerate(words)]


SERIES = st.lists(
    st.one_of(st.integers(0, 14), st.sampled_from([0, 20, 22, 90, 100, 110])), min_size=6, max_size=24
)  # fmt: skip


def test_a_course_names_the_bucket_of_a_new_level_and_gives_each_share_its_interval() -> None:
    found = noisy_table([20] * 6 + [100] * 6)
    assert any(note.startswith("change of level at g6: 4.0 % before, 20.0 %") for note in found.notes)
    (first,) = found.rows[0]
    assert first.value == 4.0
    assert first.low is not None
    assert first.high is not None
    assert first.low < 4.0 < first.high


@given(counts=SERIES)
@example(counts=[0] * 10 + [14] * 10 + [100, 110])
@example(counts=[90, 100, 100, 0, 0, 0, 14, 0, 20, 22, 20, 20])
def test_levels_hold_whatever_the_suppressed_buckets_hold(counts: list[int]) -> None:
    for has_exposure, scale, margin in ((True, 100 / EXPOSURE, 0.051), (False, 1.0, 1.0)):
        stretches = levels(noisy_table(counts, has_exposure=has_exposure), len(counts))
        for start, end, words in stretches:
            low, high = bounds(words)
            assert low - margin <= scale * sum(counts[start:end]) / (end - start) <= high + margin


@given(counts=SERIES)
@example(counts=[0] * 12 + [14] * 11 + [20])
@example(counts=[20] + [14] * 11 + [0] * 12)
def test_the_halves_hold_whatever_the_suppressed_buckets_hold(counts: list[int]) -> None:
    notes = [note for note in noisy_table(counts).notes if note.startswith("the second half")]
    assert len(notes) == (max(counts) >= LEAST)
    if not notes:
        return
    (note,) = notes
    half = len(counts) // 2
    early, late = sum(counts[:half]), sum(counts[half:])
    prior = PRIOR_WEIGHT * max(early + late, 1) / (EXPOSURE * len(counts))
    truth = log_odds(late, early, EXPOSURE * (len(counts) - half), EXPOSURE * half, prior, PRIOR_WEIGHT, 1).ratio()[0]
    if exact := re.search(r"([\d.]+) to ([\d.]+)\)", note):
        low, high = map(float, exact.groups())
        assert ("does not clearly differ" in note) == (low <= 1 <= high)
        assert low * 0.99 - 0.01 <= truth <= high * 1.01 + 0.01
    elif bound := re.search(r"at (least|most) ([\d.]+) times", note):
        stated = float(bound[2])
        assert stated > 1 and truth > stated * 0.99 if bound[1] == "least" else stated < 1 and truth < stated * 1.01
    else:
        assert note.endswith("does not clearly differ from the first, based on released periods")


def test_no_level_is_made_of_suppressed_buckets_alone() -> None:
    found = noisy_table([0] * 20 + [75] + [0] * 9)
    assert not any("from then on" in note and re.search(r"(: |before, )\d", note) is None for note in found.notes)
    for start, end, words in levels(found, 30):
        if not start <= 20 < end:
            assert bounds(words)[0] == 0.0


def test_a_level_that_only_the_threshold_makes_is_not_one() -> None:
    """Every month holds about as many: that some are released and some are not is no change."""
    found = noisy_table([16, 14, 17, 13, 15, 14, 14, 13, 14, 12, 14, 13])
    assert not levels(found, 12)
    assert any(note.endswith("based on released periods") for note in found.notes)
