"""Kinds of requests: read, voted on by neighbours, and kept for the encoder that they were read with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from index.core.records import Conversation, Turn
from index.kinds import KindReader, Kinds, labels_for, places_of, voted
from index.labels import LabelSpace
from index.stores.vectors import Vectors
from index.vocabulary import UNCLEAR, vocabulary
from tests.fakes.corpus import FakeEncoder

KNOWN = vocabulary()


def asked(text: str, language: str | None = "English") -> Conversation:
    return Conversation((Turn("user", text),), "one", None, language=language)


def test_a_request_has_the_kind_whose_phrasing_it_repeats_and_none_in_a_language_that_is_not_known(
    tmp_path: Path,
) -> None:
    kinds = Kinds.of(FakeEncoder(), tmp_path)
    read = KindReader(FakeEncoder(), kinds)
    assert read([asked("bread did not rise"), asked("bread did not rise", "Hindi")]) == ["Baking bread", UNCLEAR]
    assert read([]) == []
    assert kinds.read(np.zeros((1, kinds.phrasings.shape[1]), dtype=np.float32)) == [UNCLEAR]


def test_the_vocabulary_is_embedded_once_for_each_encoder(tmp_path: Path) -> None:
    class Counting(FakeEncoder):
        calls = 0

        def encode(self, texts: Sequence[str]) -> Vectors:
            Counting.calls += 1
            return super().encode(texts)

    class Other(Counting):
        identity = "another projection"

    first, again, other = (Kinds.of(made, tmp_path) for made in (Counting(), Counting(), Other()))
    assert Counting.calls == 2
    assert np.array_equal(first.phrasings, again.phrasings)
    assert len(first.middles) == len(other.middles) == len(KNOWN.requests)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_field_and_area_are_those_with_the_most_voices(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    kinds = chance.integers(-1, 40, count)
    neighbours = chance.integers(0, count, (count, 7))
    similarity = chance.uniform(-0.2, 1, (count, 7))
    found = voted(kinds, neighbours, similarity)
    for row, (field, area) in enumerate(zip(found.field_names(), found.area_names(), strict=True)):
        voices: dict[tuple[str, str], float] = {}
        for place, weight in [(row, 1.0), *zip(neighbours[row], np.clip(similarity[row], 0, 1) ** 2, strict=True)]:
            kind = int(kinds[place])
            said = (KNOWN.requests[kind].field, KNOWN.requests[kind].area) if kind >= 0 else (UNCLEAR, UNCLEAR)
            voices[said] = voices.get(said, 0.0) + float(weight)
        fields: dict[str, float] = {}
        for (name, _), weight in voices.items():
            fields[name] = fields.get(name, 0.0) + weight
        assert fields[field] >= max(fields.values()) - 1e-9
        inside = {name: weight for (of, name), weight in voices.items() if of == field}
        assert inside[area] >= max(inside.values()) - 1e-9


def test_a_group_is_named_by_a_request_or_its_area_or_by_nothing(tmp_path: Path) -> None:
    middles = Kinds.of(FakeEncoder(), tmp_path).middles
    space = LabelSpace(middles)
    (bread,) = places_of(["Baking bread"])
    sweets = [place for place, request in enumerate(KNOWN.requests) if request.area == KNOWN.requests[bread].area]
    alike = np.full(40, bread)
    assert labels_for(space, middles[alike], alike)[0].text == "Baking bread"
    mixed = np.array(sweets * 10)
    assert labels_for(space, middles[mixed], mixed)[0].text == KNOWN.requests[bread].area
    everything = np.arange(0, len(middles), 7)
    assert labels_for(space, middles[everything], everything) == ()
    unclear = np.where(np.arange(40) < 25, -1, bread)
    assert labels_for(space, middles[alike], unclear) == ()
    assert places_of(["no such label"]).tolist() == [-1]
