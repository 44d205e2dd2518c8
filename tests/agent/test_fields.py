"""Which fields a theme is about, by its phrases."""

from agent.roles.builtin.fields import fields_of
from agent.roles.builtin.lexicon import fields, titles
from index.naming.samples import Phrase
from index.publish.taxonomy import Theme

ANYTHING = {"summary", "explanation", "comparison", "planning", "brainstorming", "rewriting", "alarm and reminder"}


def about(*phrases: tuple[str, float]) -> dict[str, float]:
    theme = Theme(None, 30, tuple(Phrase(text, 20, 1.0, share) for text, share in phrases))
    names = dict.fromkeys(fields().values())
    return {name: share for name, share in zip(names, fields_of(theme), strict=True) if share}


def test_every_gloss_but_those_of_anything_has_a_field() -> None:
    assert len(titles()) == len(fields()) + len(ANYTHING)
    assert not ANYTHING & set(fields())


def test_a_field_has_the_share_of_its_most_common_phrase_in_any_language() -> None:
    assert about(("cooking recipe", 0.5), ("receta de cocina", 0.2), ("vegan baking", 0.3)) == {"food": 0.5}
    assert about(("python code", 0.9), ("cover letter", 0.1)) == {"programming": 0.9, "jobs": 0.1}


def test_phrases_of_anything_and_unknown_ones_are_of_no_field() -> None:
    assert about(("explanation", 0.9), ("zeppelin", 0.5)) == {}
