"""Migrations: an index that the previous version made is read, finished and asked like one made today."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from index.core.errors import IndexFault
from index.core.home import Home
from index.handle import Index, open_writer
from index.privacy.cipher import Cipher
from index.stores import schema
from index.stores.facts import Facts
from index.stores.schema import VERSION
from tests.fakes.corpus import FakeEncoder, publish_of, records, take

V1 = Path(__file__).parents[1] / "fixtures" / "indexes" / "facts_v1.sql"
CIPHER = Cipher(bytes(32), b"test")
SOME = [record.conversation() for record in records()[:80]]


def laid_out(home: Home) -> Path:
    """An index of schema 1 with its vectors: 60 summaries, and six drafts that a kill left."""
    path = home.index_path("old")
    open_writer(path, home).close()
    (path / "facts.duckdb").unlink()
    with duckdb.connect(str(path / "facts.duckdb")) as connection:
        connection.execute(V1.read_text("utf-8"))
        rows = connection.execute("SELECT no, text FROM summaries ORDER BY no").fetchall()
    writer = open_writer(path, home)
    writer.vectors.add([row[0] for row in rows], FakeEncoder().encode([row[1] for row in rows]))
    writer.close()
    return path


async def test_an_index_of_schema_1_is_brought_to_today_and_goes_on(home: Home) -> None:
    path = laid_out(home)
    writer = open_writer(path, home)
    assert writer.facts.manifest("schema") == str(VERSION)
    assert writer.facts.totals()[0] == 60
    assert writer.facts.drafts_waiting() == 6
    await take(writer, SOME)
    await publish_of(writer)
    writer.close()
    snapshot = Index(path, FakeEncoder()).snapshot
    assert len(snapshot) == 60 + 6 + len(SOME)  # another key: the same conversations have other ids
    assert set(snapshot.facet("harm").values) <= {"unknown", "none", "hate", "non-violent crimes"}
    assert snapshot.texts(snapshot.rows_of([1])[0])[0]
    _, formed = snapshot.sketches(np.arange(len(snapshot)))
    assert formed.tolist() == [False] * 66 + [True] * len(SOME)  # what was taken in before has no form


def test_a_newer_schema_is_refused_and_left_alone(home: Home) -> None:
    path = laid_out(home)
    with duckdb.connect(str(path / "facts.duckdb")) as connection:
        connection.execute("UPDATE manifest SET value = '99' WHERE key = 'schema'")
    with pytest.raises(IndexFault, match="schema 99"):
        open_writer(path, home)


def test_a_migration_that_fails_leaves_the_old_index_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.index_path("old")
    path.mkdir(parents=True)
    with duckdb.connect(str(path / "facts.duckdb")) as connection:
        connection.execute(V1.read_text("utf-8"))
    monkeypatch.setitem(schema._MIGRATIONS, 1, schema._sql("DROP VIEW complete; SELECT nothing FROM nowhere"))
    with pytest.raises(duckdb.Error):
        Facts(path / "facts.duckdb", CIPHER)
    monkeypatch.undo()
    facts = Facts(path / "facts.duckdb", CIPHER)
    assert facts.totals()[0] == 60
    facts.close()
