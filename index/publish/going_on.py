"""Goes on from the last snapshot where little is new: what was placed and named stays, and what is new is placed beside it.

A day's new data is a hundredth of an index, and placing all of it anew would take as long as the first time. New summaries
go where their nearest landmarks are (as in `index.geometry.placing`), themes keep their ids and names, and the names are
attested by the gate whenever they are released. When too much has been added since all were placed together, or the new
ones fit less well than the old ones did, nothing is returned and all are placed anew.
"""

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
from numpy.typing import NDArray

from index.geometry.clustering import DIMENSIONS, OUTSIDE, Labels, Plane, Space
from index.geometry.placing import Voters, bounded
from index.kinds import Named, voted
from index.labels import LabelSpace
from index.publish.arrangement import ARRANGED, ARRANGED_OUTSIDE, Arrangement, Report, accounts_of, kinds_of
from index.snapshots.snapshot import Rows, Snapshot
from index.stores.frozen import FrozenVectors
from index.vocabulary import vocabulary

FEWEST = 20_000
"""Summaries below which all are placed anew: that takes seconds."""
MOST_ADDED = 0.15
"""Part of all that may have been added since all were placed together."""
MOST_STRAY = 0.1
"""Part of the new ones that may lie far from all landmarks, beyond what is usual, or be in no cluster, beyond the part of the
others that are."""
LANDMARKS = 30_000
"""Earlier summaries that the new ones are placed by."""
_USUAL = 0.02
"""Part of the earlier ones that lie further from the landmarks than what counts as far."""
_NEAR = 0.8
"""Cosine to a landmark from which on nothing is far."""
_SAMPLE = 3_000


def gone_on(
    previous: Snapshot,
    connection: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    vectors: FrozenVectors,
    made: Mapping[str, str],
    labelled: LabelSpace | None,
    report: Report,
) -> Arrangement | None:
    """The last snapshot's arrangement with the new summaries in it; None where all are to be placed anew. `made`: what makes
    the next snapshot; another encoder or namer places and names otherwise, and so do other labels (`labelled`)."""
    now = np.asarray(numbers, dtype=np.int64)
    rows, held = previous.rows_of(now)
    fresh = np.flatnonzero(~held)
    is_alike = _names_from(previous.label_space) == _names_from(labelled) and all(
        previous.meta.get(key) == made[key] for key in made
    )
    if not (is_alike and _is_little(previous, now, fresh) and len(previous.base_clusters)):
        return None
    report("placing summaries", 0, len(fresh))
    heard = bounded(accounts_of(connection))
    drawn = np.random.default_rng(7).permutation(heard[held[heard]])[: LANDMARKS + _SAMPLE]
    apart = min(LANDMARKS, len(drawn) * 9 // 10)
    landmarks, sample = np.sort(drawn[:apart]), np.sort(drawn[apart:])
    space, plane, labels = _kept(previous, rows, held)
    voters = Voters(vectors.of(landmarks), space[landmarks], plane[landmarks], labels[landmarks])
    space[fresh], plane[fresh], found, near = voters.placed(vectors.of(fresh))
    usual = voters.placed(vectors.of(sample))[3].similarity[:, 0]
    is_far = near.similarity[:, 0] < min(_NEAR, float(np.quantile(usual, _USUAL)))
    labels[fresh] = np.where(is_far, OUTSIDE, found)
    outside = float(previous.meta[ARRANGED_OUTSIDE])
    if _exceeds(is_far, _USUAL) or _exceeds(labels[fresh] == OUTSIDE, outside):
        return None
    kinds = kinds_of(connection)
    named = voted(np.concatenate([kinds[fresh], kinds[landmarks]]), near.rows + len(fresh), near.similarity)
    report("placing summaries", len(fresh), len(fresh))
    return Arrangement(
        space,
        plane,
        labels,
        _fields(previous, rows, held, named),
        previous.clusters,
        previous.phrases,
        (int(previous.meta["next_C"]), int(previous.meta["next_T"])),
        previous.meta["taxonomist"],
        (int(previous.meta[ARRANGED]), outside),
    )


def _is_little(previous: Snapshot, now: NDArray[np.int64], fresh: NDArray[np.int64]) -> bool:
    """Whether little has been added since all were placed together, and little taken away since the last snapshot."""
    if ARRANGED not in previous.meta or len(now) < FEWEST:
        return False
    added = int((now > int(previous.meta[ARRANGED])).sum())
    gone = len(previous) - (len(now) - len(fresh))
    return max(added, gone) <= MOST_ADDED * len(now)


def _exceeds(stray: NDArray[np.bool_], usual: float) -> bool:
    """Whether surely more of the new ones stray than usual: two standard errors above what is borne."""
    if not len(stray):
        return False
    share = float(stray.mean())
    return bool(share - 2 * np.sqrt(share * (1 - share) / len(stray)) > usual + MOST_STRAY)


def _kept(previous: Snapshot, rows: Rows, held: NDArray[np.bool_]) -> tuple[Space, Plane, Labels]:
    """Places and clusters of those that the last snapshot has; of the others nothing yet."""
    count = len(held)
    space, plane = np.zeros((count, DIMENSIONS), np.float32), np.zeros((count, 2), np.float32)
    labels = np.full(count, OUTSIDE, dtype=np.int32)
    space[held] = previous.space(rows)
    if previous.plane is not None:
        plane[held] = previous.plane[rows]
    labels[held] = previous.base_labels[rows]
    return space, plane, labels


def _fields(previous: Snapshot, rows: Rows, held: NDArray[np.bool_], fresh: Named) -> Named:
    """Fields and areas: as they were, and of the new ones by their own kind and their neighbours'."""
    known = vocabulary()

    def places(facet: str, values: Sequence[str], found: NDArray[np.int64]) -> NDArray[np.int64]:
        coded = previous.facet(facet)
        of_value = np.array([values.index(value) if value in values else -1 for value in coded.values], dtype=np.int64)
        whole = np.empty(len(held), dtype=np.int64)
        whole[held], whole[~held] = of_value[coded.codes[rows]], found
        return whole

    return Named(places("field", known.fields, fresh.fields), places("area", known.areas, fresh.areas))


def _names_from(space: LabelSpace | None) -> tuple[str, ...] | None:
    """The own labels among what groups are named from; None: not even the vocabulary."""
    return space.own if space is not None else None
