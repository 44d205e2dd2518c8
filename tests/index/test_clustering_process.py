"""Clustering in a process of its own: the same results, a loop that stays free, and an end when it is stopped."""

import asyncio
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from index.geometry import clustering, clustering_process


def _children() -> set[int]:
    """Process ids of this process's living children."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def _points(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Four thick clouds in five dimensions."""
    made = np.random.default_rng(3)
    centres = np.repeat(np.arange(4, dtype=np.float32) * 9, count // 4)[:, None]
    return (made.normal(size=(len(centres), 5)) + centres).astype(np.float32)


async def test_results_are_those_of_the_function_in_this_process() -> None:
    points = _points(1_200)
    labels = await clustering_process.density_clusters(points, 25)
    assert labels.dtype == np.int32
    assert labels.flags.writeable
    assert np.array_equal(labels, clustering.density_clusters(points, 25))
    assert labels.max() > 0
    vectors = np.random.default_rng(4).normal(size=(240, 16)).astype(np.float32)
    assert np.array_equal(await clustering_process.cluster_space(vectors), clustering.cluster_space(vectors))


@pytest.mark.skipif(sys.platform != "linux", reason="children are counted under /proc")
async def test_stopping_ends_the_process_at_once_and_the_next_question_is_answered() -> None:
    clustering_process._close_idle()
    others = _children()
    work = asyncio.create_task(clustering_process.density_clusters(_points(60_000), 25))
    await asyncio.sleep(1)
    at_work = _children() - others
    assert at_work
    began = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    while _children() & at_work and time.monotonic() - began < 5:
        await asyncio.sleep(0.02)
    assert not _children() & at_work
    assert len(await clustering_process.density_clusters(_points(1_000), 25)) == 1_000


async def test_where_no_process_can_start_the_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    points = _points(1_000)
    for broken in (str(tmp_path / "no-such-python"), "/bin/false", ""):
        monkeypatch.setattr(sys, "executable", broken)
        monkeypatch.setattr(clustering_process, "_idle", [])
        labels = await clustering_process.density_clusters(points, 25)
        assert np.array_equal(labels, clustering.density_clusters(points, 25))


async def test_a_process_that_was_prepared_is_the_one_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering_process, "_idle", [])
    clustering_process.prepare(1_000)
    clustering_process.prepare(1_000)
    (prepared,) = clustering_process._idle
    process = prepared.begin()
    assert len(await clustering_process.density_clusters(_points(1_000), 25)) == 1_000
    assert [child.begin() for child in clustering_process._idle] == [process]
    clustering_process._close_idle()


def test_nothing_is_prepared_for_what_is_clustered_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering_process, "_idle", [])
    clustering_process.prepare(100)
    assert clustering_process._idle == []
