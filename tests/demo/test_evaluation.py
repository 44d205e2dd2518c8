"""A small evaluation of the demo: not below what the last release measured, with room for chance."""

from pathlib import Path

from agent.evaluation import answers, themes
from agent.evaluation.bench import Bench
from agent.evaluation.items import Result
from agent.wiring import App


def of(demo: App, folder: Path) -> Bench:
    return Bench.of(folder, demo, demo.settings, lambda _: None, built_in=True, quick=True)


async def test_answers_are_right_and_none_holds_a_wrong_number(demo: App, tmp_path: Path) -> None:
    asked = answers.items(of(demo, tmp_path))[::3]
    results: list[Result] = [await item.run() for item in asked]
    assert len(results) >= 14
    assert sum(result.right for result in results) >= 0.9 * len(results)
    assert [result.detail for result in results if result.verdict == answers.WRONG_NUMBER] == []


async def test_the_taxonomy_gives_back_what_was_planted(demo: App, tmp_path: Path) -> None:
    items = {item.id: item for item in themes.items(of(demo, tmp_path))}
    top = await items[f"{themes.TOP}: all languages"].run()
    assert top.right >= 0.62 * top.of
    ranked = [await item.run() for item in items.values() if item.kind == themes.RANKED]
    assert sum(result.right for result in ranked) >= 0.55 * len(ranked)
