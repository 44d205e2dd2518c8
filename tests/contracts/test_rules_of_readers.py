"""R11: whatever a conversation talks a namer or an extractor into, nothing comes of it that is not attested."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from index.core.records import Conversation, Turn
from index.handle import Index
from index.ingest.extraction import Extraction, Portion
from index.privacy.sealing import Prose
from index.snapshots.snapshot import snapshot_path
from tests.contracts.conftest import cells
from tests.fakes.corpus import (
    FIRST_DAY,
    FakeEncoder,
    FixedNamer,
    build,
    context,
    records,
)
from tools.core.wording import UNNAMED
from tools.registry import call


async def test_r11_a_name_that_a_namer_was_talked_into_at_publishing_is_no_name(tmp_path: Path) -> None:
    some = [record.conversation() for record in records() if record.theme in ("letters", "python")]
    built = build(tmp_path / "home", some, namer=FixedNamer("Zephyrine Quackenbush asks"))
    assert {cluster.name for cluster in Index(built.path, FakeEncoder()).snapshot.clusters} == {None}


async def test_r11_a_name_put_into_the_published_taxonomy_is_suppressed_too(tmp_path: Path) -> None:
    name = "Zephyrine Quackenbush asks"
    some = [record.conversation() for record in records() if record.theme in ("letters", "python")]
    built = build(tmp_path / "home", some)
    with duckdb.connect(str(snapshot_path(built.path / "snapshots", 1))) as connection:
        connection.execute("UPDATE clusters SET name = ?", [name])
    index = Index(built.path, FakeEncoder())
    assert {cluster.name for cluster in index.snapshot.clusters} == {name}
    for number, tool in enumerate(("overview", "count_by", "cluster_scope")):
        ctx = context(index, tmp_path / str(number) / "x.sqlite3")
        finding = await call(tool, {"by": "theme"} if tool == "count_by" else {}, ctx)
        assert {row.label for row in finding.rows} == {UNNAMED}


class Talked:
    """A model that an injected conversation talked into copying it, wherever the types let it."""

    name = "talked"
    portion = Portion(chars=10_000, reply_chars=0)
    at_once = 100
    ahead = 0

    def staged(self, answers: object) -> None:
        """Keeps nothing."""

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction]:
        texts = [conversation.turns[0].text for conversation in batch]
        return [Extraction(Prose.of(text), text, 1) for text in texts]


class Copying:
    """A model that copies the conversation as its summary."""

    name = "copying"
    portion = Portion(chars=10_000, reply_chars=0)
    at_once = 100
    ahead = 0

    def staged(self, answers: object) -> None:
        """Keeps nothing."""

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction]:
        return [Extraction(Prose.of(conversation.turns[0].text), "English", 1) for conversation in batch]


SAID = [
    Conversation((Turn("user", f"Quackenbush number {place} suffers from levodopa{place}"),), f"a{place}", FIRST_DAY)
    for place in range(30)
]


def _everything_stored(root: Path) -> str:
    return " ".join(text for _, text in cells(root)).casefold()


def test_r11_a_summary_copied_by_an_extractor_holds_attested_words_only(tmp_path: Path) -> None:
    build(tmp_path / "home", SAID, extractor=Copying())
    stored = _everything_stored(tmp_path)
    assert "suffers" in stored
    assert "levodopa1" not in stored


def test_r11_an_extractor_cannot_write_text_into_a_closed_facet(tmp_path: Path) -> None:
    build(tmp_path / "home", SAID, extractor=Talked())
    assert "levodopa1" not in _everything_stored(tmp_path)
