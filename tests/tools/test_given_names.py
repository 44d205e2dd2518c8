"""A theme that an analyst named: checked like any name, kept with the index, shown as theirs, and no way to ask about few."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.wiring import App
from index.core.errors import IndexFault, SettingsError
from index.naming.given import FILE, read_names
from tests.fakes.corpus import small
from tests.fakes.homes import copied
from tools.core.finding import Finding
from tools.toolbox import Toolbox


@pytest.fixture
def toolbox(own_home: Path) -> Toolbox:
    copied(small().home.root, own_home)
    return App.start("small").toolbox(built_in=True)


def _themes(toolbox: Toolbox) -> Finding:

    return asyncio.run(toolbox.for_run("").themes())


def _named(toolbox: Toolbox) -> dict[str, str]:
    return {row.id: row.label for row in _themes(toolbox).rows if row.id and row.parent}


def test_a_name_is_kept_with_the_index_shown_as_the_analysts_and_taken_back(toolbox: Toolbox) -> None:
    before = _named(toolbox)
    cluster = next(iter(before))
    assert toolbox.rename(cluster, "  Sending   email ", "ana") == "Sending email"
    found = _themes(toolbox)
    assert {row.id: row.label for row in found.rows}[cluster] == "Sending email"
    (note,) = [note for note in found.notes if "analysts" in note]
    assert f"{cluster} “Sending email” (ana, " in note
    names = toolbox.card.path / FILE
    assert names.stat().st_mode & 0o077 == 0
    assert read_names(toolbox.card.path)[cluster].by == "ana"
    fresh = App.start("small").toolbox(built_in=True)
    assert _named(fresh)[cluster] == "Sending email"
    fresh.rename(cluster, "", "ana")
    assert _named(fresh) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [("Anna Schmidt's letters", "identifier"), ("mail to bob@example.com", "identifier"), ("Zorblax campaign", "no public list"),
     ("Projekt Nachtigall-7731", ""), ("x", "2 to 80"), ("12345", "2 to 80"), ("word " * 30, "2 to 80"),
     ("The Hinterwald pensioner with epilepsy", "")],
)  # fmt: skip
def test_a_name_that_could_point_at_somebody_is_refused_and_nothing_is_kept(
    toolbox: Toolbox, name: str, why: str
) -> None:
    cluster = next(iter(_named(toolbox)))
    with pytest.raises(SettingsError) as refused:
        toolbox.rename(cluster, name, "ana")
    assert why in refused.value.message
    assert not (toolbox.card.path / FILE).exists()


def test_an_unknown_theme_and_a_name_that_was_never_given_say_so(toolbox: Toolbox) -> None:
    for cluster, name in (("C9999", "Cooking"), (next(iter(_named(toolbox))), "")):
        with pytest.raises(SettingsError):
            toolbox.rename(cluster, name, "ana")


def test_whether_a_word_is_refused_does_not_depend_on_the_members_of_the_theme(toolbox: Toolbox) -> None:
    """Else renaming would tell, word by word, what few people wrote."""
    said: dict[str, Any] = {}
    for cluster in list(_named(toolbox))[:6]:
        for word in ("Zorblax", "Quibbleton", "Hinterwald"):
            try:
                toolbox.rename(cluster, f"{word} letters", "ana")
                said.setdefault(word, set()).add("kept")
            except SettingsError as refused:
                said.setdefault(word, set()).add(refused.message.replace(cluster, "C"))
    assert all(len(answers) == 1 for answers in said.values())


def test_a_damaged_file_of_names_is_a_clear_error(toolbox: Toolbox) -> None:
    (toolbox.card.path / FILE).write_text("{")
    with pytest.raises(IndexFault, match="damaged"):
        _themes(toolbox)


def test_a_theme_too_small_for_a_name_does_not_bear_the_analysts_either(toolbox: Toolbox) -> None:
    clusters = list(_named(toolbox))
    for cluster in clusters:
        toolbox.rename(cluster, "Sending email", "ana")
    context = toolbox._context
    strict = context.gate.policy.with_values(text_min_conversations=10_000)
    stricter = Toolbox(replace(context, gate=context.gate.with_policy(strict)))
    assert "Sending email" not in json.dumps(_themes(stricter).as_dict())
