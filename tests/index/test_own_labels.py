"""Labels of an index's own: checked when they are added, used where they fit, the same data otherwise."""

from pathlib import Path

import numpy as np
import pytest

from index.core.errors import IndexFault
from index.core.home import Home
from index.handle import Index, open_writer
from index.kinds import Kinds, labels_for, places_of
from index.labels import LabelSpace, OwnLabel, load_labels, write_labels
from index.vocabulary import public_part
from tests.fakes.corpus import FakeEncoder, publish_of, records, take
from tests.tui.test_ask_cli import _spanish

SOME = [record.conversation() for record in records()[:160]]


def test_a_label_of_the_index_comes_first_where_it_is_about_as_near(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    middles = Kinds.of(encoder, tmp_path).middles
    (bread,) = places_of(["Baking bread"])
    alike = np.full(40, bread)
    near = LabelSpace(middles, ("Our own baking",), middles[[bread]])
    far = LabelSpace(middles, ("Tax forms",), middles[places_of(["Filing an income tax return"])])
    assert [label.text for label in labels_for(near, middles[alike], alike)][:2] == ["Our own baking", "Baking bread"]
    assert labels_for(far, middles[alike], alike) == labels_for(LabelSpace(middles), middles[alike], alike)
    assert LabelSpace.of(middles, [OwnLabel("Baking bread at home")], encoder).own == ("Baking bread at home",)


def test_a_name_made_of_an_own_label_is_public_there_alone() -> None:
    assert public_part("Our own baking (German)", ["Our own baking"]) == ("Our own baking (German)", "")
    assert public_part("Our own baking: rye and salt", ["Our own baking"]) == ("Our own baking", "rye and salt")
    assert public_part("Our own baking") == ("", "Our own baking")


async def test_publishing_anew_shows_nobody_who_came_since(home: Home) -> None:
    path = home.index_path("some")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    before = Index(path, FakeEncoder()).snapshot
    await take(writer, _spanish(3))  # three accounts: too few for a snapshot
    assert (await publish_of(writer)).snapshot is None
    published = await publish_of(writer, anew=True)
    writer.close()
    after = Index(path, FakeEncoder()).snapshot
    assert (published.snapshot, published.summaries) == (2, len(SOME))
    assert after.numbers.tolist() == before.numbers.tolist()
    assert after.last_number == before.last_number
    assert {key: after.meta[key] for key in ("failed", "accounts", "encoder")} == {
        key: before.meta[key] for key in ("failed", "accounts", "encoder")
    }
    assert after.privacy_scores == before.privacy_scores
    assert [cluster.id for cluster in after.clusters] == [cluster.id for cluster in before.clusters]


def test_a_damaged_file_of_labels_is_said(tmp_path: Path) -> None:
    file = tmp_path / "labels.toml"
    write_labels(file, [OwnLabel('a "quoted" one', ("ü\n",))])
    assert load_labels(file) == (OwnLabel('a "quoted" one', ("ü\n",)),)
    for damaged in ("label = 3", "[[label]]\n", "\x00", "[["):
        file.write_text(damaged)
        with pytest.raises(IndexFault, match="is not a file of labels"):
            load_labels(file)
    write_labels(file, [])
    assert not file.exists()
