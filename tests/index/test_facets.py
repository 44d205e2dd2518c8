"""Facets of an index's own: a file defines them, extractors answer them, tools count and cluster by them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.roles.builtin.extractor import BuiltinExtractor
from index.core.errors import SettingsError
from index.core.facets import HARMS, FacetSpec, load_facets
from index.core.home import Home
from index.core.records import Conversation
from index.handle import Index, open_writer
from index.ingest.extraction import Extraction, NotExtracted, Portion
from index.privacy.sealing import Prose
from tests.fakes.corpus import FakeEncoder, ListSource, context, ingest_of, publish_of, records
from tools.core.errors import ToolRefusal
from tools.registry import call

FILE = """
[[facet]]
name = "mood"
question = "How does the user sound?"
kind = "ordinal"
values = ["calm", "warm", "loud"]
words.warm = ["warm", "cosy"]
words.loud = ["raises"]

[[facet]]
name = "wish"
question = "What does the user wish for?"
kind = "text"
"""

SOME = [record.conversation() for record in records()]


class Answering:
    """A model that answers every facet, now and then with what it was not asked for."""

    name = "answering"
    portion = Portion(chars=4_000, reply_chars=0)
    at_once = 500
    ahead = 0

    def staged(self, answers: object) -> None:
        """Keeps nothing."""

    async def extract(self, batch: Sequence[Conversation]) -> Sequence[Extraction | NotExtracted]:
        return [self._one(place, conversation) for place, conversation in enumerate(batch)]

    def _one(self, place: int, conversation: Conversation) -> Extraction:
        text = conversation.turns[0].text
        other = "The user wishes for a mountain." if place % 2 else "The user wishes for a river."
        wish = "The user wishes for a dataframe." if "dataframe" in text else other
        harm = "hate" if place % 2 else "Quackenbush"
        values = {"mood": "calm" if place % 3 else "Quackenbush is angry", "unasked": "x"}
        texts = {"task": Prose.of("To write."), "wish": Prose.of(wish)}
        return Extraction(Prose.of(text), "English", 1, harm, "answered", texts, values)


async def made(home: Home, file: Path, extractor: object) -> Index:
    path = home.index_path("made")
    writer = open_writer(path, home, facets=file)
    await ingest_of(writer, extractor).run(ListSource(SOME))  # type: ignore[arg-type]
    await publish_of(writer)
    writer.close()
    return Index(path, FakeEncoder())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facets.toml"
    path.write_text(FILE, "utf-8")
    return path


async def test_words_answer_a_facet_without_a_model_and_it_is_counted_in_its_order(home: Home, file: Path) -> None:
    specs = load_facets(file)
    index = await made(home, file, BuiltinExtractor(specs))
    ctx = context(index, home.root / "ledger.sqlite3")
    finding = await call("count_by", {"by": "mood"}, ctx)
    shown = {row.label: row.values[0].count for row in finding.rows}
    warm = sum(bool({"warm", "cosy"} & set(record.text.split())) for record in records())
    assert list(shown) == ["warm", "loud", "not recorded"]
    assert abs((shown["warm"] or 0) - warm) <= 5
    scoped = await call("count_by", {"by": "language", "scope": {"own": {"mood": "warm"}}}, ctx)
    assert "with mood warm" in scoped.scope


async def test_a_models_answers_are_held_to_the_closed_values_and_free_text_is_sealed(home: Home, file: Path) -> None:
    index = await made(home, file, Answering())
    snapshot = index.snapshot
    assert set(snapshot.facet("mood").values) == {"calm", "unknown"}
    assert set(snapshot.facet("harm").values) == {"hate", "unknown"}
    assert {"hate", "none"} <= set(HARMS)
    ctx = context(index, home.root / "ledger.sqlite3")
    finding = await call("cluster_scope", {"about": "wish"}, ctx)
    # What nearly all of these texts say is of the question, not of what was answered.
    assert {row.label for row in finding.rows} == {"river", "mountain", "dataframe"}


async def test_a_facet_that_does_not_exist_is_refused_with_those_that_do(home: Home, file: Path) -> None:
    index = await made(home, file, BuiltinExtractor(load_facets(file)))
    ctx = context(index, home.root / "ledger.sqlite3")
    for arguments in ({"by": "mod"}, {"by": "wish"}):
        with pytest.raises(ToolRefusal, match="mood"):
            await call("count_by", arguments, ctx)
    with pytest.raises(ToolRefusal, match="wish"):
        await call("cluster_scope", {"about": "mood"}, ctx)
    with pytest.raises(ToolRefusal, match="mood"):
        await call("count_by", {"by": "language", "scope": {"own": {"wish": "x"}}}, ctx)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[facet]\n", "valid TOML"),
        ("[other]\n", r"\[\[facet\]\]"),
        ('[[facet]]\nname = "Mood"\nquestion = "?"\nkind = "text"\n', "name of its own"),
        ('[[facet]]\nname = "language"\nquestion = "?"\nkind = "text"\n', "name of its own"),
        ('[[facet]]\nname = "mood"\nkind = "text"\n', "question"),
        ('[[facet]]\nname = "mood"\nquestion = "?"\nkind = "number"\n', "kind"),
        ('[[facet]]\nname = "mood"\nquestion = "?"\nkind = "closed"\n', "values"),
        ('[[facet]]\nname = "mood"\nquestion = "?"\nkind = "text"\nvalues = ["a", "b"]\n', "values"),
        ('[[facet]]\nname = "mood"\nquestion = "?"\nkind = "closed"\nvalues = ["a", "b"]\nwords.c = ["x"]\n', "none of its"),
        ('[[facet]]\nname = "mood"\nquestion = "?"\nkind = "text"\nweight = 3\n', "unknown field"),
        (FILE + FILE, "twice"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "facets.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=problem):
        load_facets(path)


def test_a_facet_in_use_cannot_change_and_others_can_be_added(home: Home, file: Path, tmp_path: Path) -> None:
    path = home.index_path("made")
    open_writer(path, home, facets=file).close()
    changed = tmp_path / "changed.toml"
    changed.write_text(FILE.replace('"calm", "warm", "loud"', '"calm", "warm", "loud", "cold"'), "utf-8")
    with pytest.raises(SettingsError, match="mood"):
        open_writer(path, home, facets=changed)
    more = tmp_path / "more.toml"
    more.write_text(FILE + '[[facet]]\nname = "tone"\nquestion = "?"\nkind = "closed"\nvalues = ["a", "b"]\n', "utf-8")
    open_writer(path, home, facets=more).close()
    writer = open_writer(path, home)
    assert writer.settings.facets[2] == FacetSpec("tone", "?", "closed", ("a", "b"))
    writer.close()
