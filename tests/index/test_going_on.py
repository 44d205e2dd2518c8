"""Publishing a day more: what was placed and named stays, what is new is placed beside it, and drift is noticed."""

from collections import Counter

import numpy as np
import pytest

from index.core.home import Home
from index.core.records import Conversation, Turn
from index.geometry.clustering import OUTSIDE
from index.handle import Index, open_writer
from index.publish import going_on
from index.publish.arrangement import ARRANGED
from index.snapshots.snapshot import Snapshot, snapshot_path, vectors_path
from index.stores.frozen import FrozenVectors
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, publish_of, records, take

ALL = [record for record in records() if record.account.startswith("account-many")]
FIRST, DAY, WEEK = ALL[:450], ALL[450:490], ALL[490:]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of some hundred summaries is large enough to go on from."""
    monkeypatch.setattr(going_on, "FEWEST", 100)


def _newly(found: list[Conversation]) -> list[Conversation]:
    """The same requests by accounts that are new."""
    return [Conversation(item.turns, f"new-{place % 12}", item.time) for place, item in enumerate(found)]


async def _published(home: Home, *batches: list[Conversation]) -> list[Snapshot]:
    writer = open_writer(home.index_path("made"), home)
    snapshots = []
    for batch in batches:
        await take(writer, batch)
        published = await publish_of(writer)
        assert published.snapshot is not None, published.why
        snapshots.append(Snapshot(snapshot_path(writer.snapshots, published.snapshot)))
    writer.close()
    return snapshots


async def test_a_day_more_keeps_places_ids_and_names_and_is_placed_among_its_likes(home: Home) -> None:
    first = [record.conversation() for record in FIRST]
    day = _newly([record.conversation() for record in DAY])
    before, after = await _published(home, first, day)
    assert after.clusters == before.clusters
    assert after.meta[ARRANGED] == before.meta[ARRANGED]
    old = np.arange(len(before))
    assert np.array_equal(after.base_labels[old], before.base_labels)
    assert np.array_equal(after.space(old), before.space(old))
    assert after.facet("field").values
    labels = after.base_labels[len(before) :]
    themes = [record.theme for record in DAY]
    inside = [(theme, label) for theme, label in zip(themes, labels.tolist(), strict=True) if label != OUTSIDE]
    assert len(inside) > len(DAY) / 2
    home_of = Counter(zip((record.theme for record in FIRST), before.base_labels.tolist(), strict=True))
    assert all(home_of[theme, label] > 0 for theme, label in inside)


async def test_vectors_of_what_was_there_are_copied_and_those_of_the_new_are_read(home: Home) -> None:
    first = [record.conversation() for record in FIRST]
    day = _newly([record.conversation() for record in DAY])
    await _published(home, first, day)
    index = Index(home.index_path("made"), FakeEncoder())
    writer = open_writer(home.index_path("made"), home)
    stored = np.concatenate(list(writer.vectors.pages(index.snapshot.numbers.tolist())))
    beside = FrozenVectors(vectors_path(writer.snapshots, 2))
    writer.close()
    assert np.array_equal(beside.mapped, stored)


async def test_when_much_was_added_all_are_placed_anew(home: Home) -> None:
    first = [record.conversation() for record in FIRST]
    batches = [_newly([record.conversation() for record in part]) for part in (DAY, WEEK)]
    batches[1] = [Conversation(item.turns, f"later-{item.account}", item.time) for item in batches[1]]
    one, two, three = await _published(home, first, *batches)
    assert one.meta[ARRANGED] == two.meta[ARRANGED] != three.meta[ARRANGED]


async def test_a_subject_that_was_not_there_before_is_noticed(home: Home) -> None:
    first = [record.conversation() for record in FIRST]
    words = "glacier moraine crevasse serac bergschrund icefall firn neve"
    day = [
        Conversation((Turn("user", f"measure the {words} number {place % 7}"),), f"new-{place}", FIRST_DAY)
        for place in range(40)
    ]
    before, after = await _published(home, first, day)
    assert before.meta[ARRANGED] != after.meta[ARRANGED]


async def test_a_small_index_is_placed_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(going_on, "FEWEST", 10_000)
    first = [record.conversation() for record in FIRST]
    before, after = await _published(home, first, _newly([record.conversation() for record in DAY]))
    assert before.meta[ARRANGED] != after.meta[ARRANGED]
