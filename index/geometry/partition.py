"""A fixed partition of a snapshot into cells of similar summaries, each of them a group of people.

What is near a phrase is made of whole cells (`index.geometry.nearness`). So whatever phrases are asked, and however many, no
answer is about fewer people than a cell holds: the overlap of any scopes by phrase is a union of cells. A set of
conversations is halved along the line between two means, again and again, as long as both halves are large enough.
Deterministic: the same vectors give the same cells. Data plane.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.stores.vectors import Vectors

_ROUNDS = 4
"""Of the two means; later ones move little."""

_SAMPLE = 4_096
"""Vectors that the means are found from, evenly over the set: more move them little, and a million would not fit in memory
twice."""

_BLOCK = 65_536
"""Vectors that are read at once."""

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Least:
    """What a cell must at least hold, and the share of it that one account may have."""

    conversations: int
    accounts: int
    dominance: float

    def held_from_start(self, accounts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the first 1, 2, ... of conversations with these accounts are enough, shape (n,)."""
        at = np.arange(len(accounts))
        order = np.argsort(accounts, kind="stable")
        is_first = np.diff(accounts[order], prepend=-1) != 0
        # The how-many-eth conversation of its account each one is.
        earlier = np.empty_like(at)
        earlier[order] = at - np.maximum.accumulate(np.where(is_first, at, 0))
        many = np.cumsum(earlier == 0) >= self.accounts
        most = np.maximum.accumulate(earlier + 1)
        held: NDArray[np.bool_] = many & (at + 1 >= self.conversations) & (most <= self.dominance * (at + 1))
        return held


def cells(vectors: Vectors, accounts: NDArray[np.int64], least: Least) -> NDArray[np.int32]:
    """The cell of each vector, shape (n,), from 0. All of them are one cell where they are not enough for two."""
    found = np.zeros(len(vectors), dtype=np.int32)
    waiting = [np.arange(len(vectors), dtype=np.int64)]
    number = 0
    while waiting:
        places = waiting.pop()
        halves = _halves(vectors, places, accounts[places], least)
        if halves is None:
            found[places] = number
            number += 1
        else:
            waiting += [places[halves], places[~halves]]
    return found


def _halves(vectors: Vectors, places: Places, accounts: NDArray[np.int64], least: Least) -> NDArray[np.bool_] | None:
    """Which of the vectors at these places are in the first half; None where no cut leaves enough on both sides."""
    if len(places) < 2 * least.conversations:
        return None
    direction, middle = _between_means(vectors[places[:: -(-len(places) // _SAMPLE)]])
    blocks = (vectors[places[start : start + _BLOCK]] @ direction for start in range(0, len(places), _BLOCK))
    along = np.concatenate([*blocks]) - middle
    order = np.argsort(along, kind="stable")
    whose = accounts[order]
    # Cut before place 1, 2, ...: what is before it and what is after it.
    held = least.held_from_start(whose)[:-1] & least.held_from_start(whose[::-1])[:-1][::-1]
    cuts = np.flatnonzero(held) + 1
    if not len(cuts):
        return None
    cut = cuts[np.argmin(np.abs(cuts - np.searchsorted(along[order], 0.0)))]
    first = np.zeros(len(order), dtype=bool)
    first[order[:cut]] = True
    return first


def _between_means(vectors: Vectors) -> tuple[NDArray[np.float32], float]:
    """The direction from one of two means to the other, and how far along it the middle between them lies."""
    whole = vectors.mean(axis=0)
    centred = vectors - whole
    # The way in which they differ most, from the one that is farthest out.
    axis = centred[int(np.argmax((centred**2).sum(axis=1)))]
    for _ in range(_ROUNDS):
        axis = centred.T @ (centred @ axis)
        axis /= np.linalg.norm(axis) or 1.0
    along = centred @ axis
    direction, middle = axis, np.zeros_like(whole)
    for _ in range(_ROUNDS):
        is_first = along < 0
        if is_first.all() or not is_first.any():
            break
        one, other = centred[is_first].mean(axis=0), centred[~is_first].mean(axis=0)
        direction, middle = other - one, (one + other) / 2
        along = (centred - middle) @ direction
    return direction, float((whole + middle) @ direction)


def cell_means(pages: Iterable[Vectors], cells: NDArray[np.int32]) -> NDArray[np.float32]:
    """The mean vector of each cell, shape (cells, d). What a cell's members have in common with a phrase on average is what
    their mean has in common with it, exactly; so a phrase is compared with means and not with every summary. `pages`: the
    vectors in order; `cells`: of each."""
    count = int(cells.max(initial=-1)) + 1
    sums: NDArray[np.float32] | None = None
    done = 0
    for page in pages:
        of_page = cells[done : done + len(page)]
        order = np.argsort(of_page, kind="stable")
        found, starts = np.unique(of_page[order], return_index=True)
        if sums is None:
            sums = np.zeros((count, page.shape[1]), dtype=np.float32)
        sums[found] += np.add.reduceat(page[order], starts, axis=0, dtype=np.float32)
        done += len(page)
    if sums is None:
        return np.zeros((0, 1), dtype=np.float32)
    sizes = np.bincount(cells, minlength=count)
    return (sums / sizes[:, None]).astype(np.float32)
