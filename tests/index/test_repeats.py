"""Summaries that say the same: one point with a weight, whatever stands around them."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.geometry.clustering import OUTSIDE, density_clusters, space_and_plane
from index.geometry.placing import VOICES, bounded, place
from index.geometry.repeats import identical
from index.stores.frozen import FrozenVectors, freeze
from index.stores.vectors import Vectors


def unit(values: NDArray[np.float64]) -> Vectors:
    found: Vectors = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return found


def kinds(chance: np.random.Generator, sizes: list[int]) -> Vectors:
    """So many summaries about each of some subjects."""
    middles = chance.standard_normal((len(sizes), 32))
    return unit(
        np.vstack(
            [middle + 0.45 * chance.standard_normal((size, 32)) for middle, size in zip(middles, sizes, strict=True)]
        )
    )


def each_its_own(count: int) -> NDArray[np.int64]:
    """Accounts of rows, none with two."""
    return np.arange(count, dtype=np.int64)


def quiet(_done: int, _total: int) -> None:
    """No progress."""


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400), st.integers(1, 60))
def test_rows_that_are_the_same_are_one_point(seed: int, count: int, distinct: int) -> None:
    chance = np.random.default_rng(seed)
    texts = chance.integers(0, distinct, count)
    vectors = unit(chance.standard_normal((distinct, 8)))[texts]
    points = identical(vectors)
    assert len(points.first) == len(set(texts.tolist()))
    assert (vectors[points.first][points.of] == vectors).all()
    assert points.weights.sum() == count
    assert (np.diff(points.first) > 0).all()


@pytest.mark.parametrize("copies", [25, 60, 1_500])
def test_what_is_said_often_enough_is_one_theme(copies: int) -> None:
    chance = np.random.default_rng(copies)
    others = kinds(chance, [80] * 6)
    vectors = np.vstack([others, np.repeat(unit(chance.standard_normal((1, 32))), copies, axis=0)])
    order = chance.permutation(len(vectors))
    labels = density_clusters(space_and_plane(vectors[order])[0], 25)
    theirs = labels[order >= len(others)]
    assert len(set(theirs.tolist())) == 1
    assert theirs[0] != OUTSIDE
    assert (labels == theirs[0]).sum() <= copies + 10
    assert (labels[order < len(others)] == OUTSIDE).mean() < 0.2


def test_nothing_but_one_repeat_is_a_theme_and_what_is_said_too_seldom_is_none() -> None:
    vectors = unit(np.ones((40, 16)))
    assert density_clusters(space_and_plane(vectors)[0], 25).tolist() == [0] * 40
    assert density_clusters(space_and_plane(vectors[:24])[0], 25).tolist() == [OUTSIDE] * 24
    assert density_clusters(space_and_plane(vectors[:0])[0], 25).tolist() == []


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1_000))
def test_no_two_copies_are_in_different_themes(seed: int) -> None:
    chance = np.random.default_rng(seed)
    texts = kinds(chance, [60, 60, 40])
    copies = chance.integers(0, len(texts), 900)
    nearly = texts[copies] + 0.002 * chance.standard_normal((900, 32)).astype(np.float32)
    for vectors in (texts[copies], unit(nearly.astype(np.float64))):
        labels = density_clusters(space_and_plane(vectors)[0], 25)
        assert all(len(set(labels[copies == text].tolist())) == 1 for text in set(copies.tolist()))


def test_a_copy_of_a_landmark_has_its_theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.geometry.placing.DIRECTLY", 500)
    monkeypatch.setattr("index.geometry.placing.LANDMARKS", 450)
    chance = np.random.default_rng(5)
    texts = kinds(chance, [60, 60, 40])
    copies = chance.integers(0, len(texts), 2_000)
    file = tmp_path / "0001.vectors"
    freeze(file, [texts[copies]], len(copies))
    labels = place(FrozenVectors(file), each_its_own(len(copies)), 25, quiet).labels
    drawn = np.random.default_rng(7).choice(2_000, 450, replace=False)
    seen = set(copies[drawn].tolist())
    assert all(len(set(labels[copies == text].tolist())) == 1 for text in seen)


def test_a_few_texts_said_by_very_many_take_no_more_memory_than_their_vectors(tmp_path: Path) -> None:
    copies = np.random.default_rng(2).integers(0, 60, 30_000)
    vectors = kinds(np.random.default_rng(2), [20] * 3)[copies]
    file = tmp_path / "0001.vectors"
    freeze(file, [vectors], len(vectors))
    tracemalloc.start()
    placed = place(FrozenVectors(file), each_its_own(len(vectors)), 25, quiet)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All against all would take 3,600 MB.
    assert most < 200_000_000
    assert placed.neighbours.rows.shape == placed.neighbours.similarity.shape
    assert (vectors[placed.neighbours.rows[7]] @ vectors[7]).max() > 0.999


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=120))
def test_an_account_has_a_bounded_voice_in_the_space(accounts: list[int]) -> None:
    rows = bounded(np.array(accounts, dtype=np.int64)).tolist()
    assert rows == [place for place, whose in enumerate(accounts) if accounts[:place].count(whose) < VOICES]


def test_what_one_account_writes_hundreds_of_times_moves_nobody_and_is_no_theme(tmp_path: Path) -> None:
    """However much it writes beyond what counts, everybody else's place and theme stay the same, byte for byte."""
    chance = np.random.default_rng(3)
    others = kinds(chance, [80] * 6)
    loud = kinds(chance, [400])
    found = []
    for written in (VOICES, 60, 400):
        file = tmp_path / f"{written}.vectors"
        freeze(file, [np.vstack([others, loud[:written]])], len(others) + written)
        accounts = np.concatenate([each_its_own(len(others)), np.full(written, 10_000)])
        found.append(place(FrozenVectors(file), accounts, 25, quiet))
    alone = found[0]
    for placed in found[1:]:
        assert (placed.space[: len(others)] == alone.space[: len(others)]).all()
        assert (placed.labels[: len(others)] == alone.labels[: len(others)]).all()
        assert set(placed.labels[len(others) :].tolist()) <= set(alone.labels.tolist())
