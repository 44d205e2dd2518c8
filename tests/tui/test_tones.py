"""Words can be read in every theme, and a plot and a map can be drawn in it."""

from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from agent.core.events import ToolEnded
from tests.fakes.desk import WIDE, ask, desk, opened
from tests.fakes.session import MAP, FakeSession, events
from tests.tui.test_draw import TREND
from tui.state.preferences import Preferences
from tui.text.tones import LEAST, LEAST_EDGE, contrast, tones


@pytest.mark.parametrize("name", [name for name in BUILTIN_THEMES if not name.startswith("ansi")])
def test_words_have_the_contrast_of_level_aa_on_every_ground(name: str) -> None:
    theme = BUILTIN_THEMES[name]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    found = tones(variables)
    edge = Color.parse(found.pop("edge"))
    for ground in ("background", "surface"):
        assert contrast(edge, Color.parse(variables[ground])) >= LEAST_EDGE - 0.05
    for tone in found.values():
        for ground in ("background", "surface", "panel"):
            assert contrast(Color.parse(tone), Color.parse(variables[ground])) >= LEAST - 0.05


def test_the_contrast_is_that_of_the_standard() -> None:
    assert round(contrast(Color.parse("#000"), Color.parse("#fff")), 1) == 21.0
    assert round(contrast(Color.parse("#777"), Color.parse("#fff")), 2) == 4.48


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_trend_and_map_are_drawn_in_this_theme(theme: str, tmp_path: Path) -> None:
    run = [*events(until="tool_started")]
    for task, found in (("t1", {**TREND, "id": "F1"}), ("t2", {**MAP, "id": "F2"})):
        run.append(ToolEnded(task=task, call=f"{task}.1", tool="trend", elapsed_s=0.1, finding=found))
    app = desk(FakeSession([*run, events()[-1]]), tmp_path / "demo", preferences=Preferences(theme=theme))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.pause(0.2)
        picture = app.export_screenshot()
        assert "change" in picture
        assert "●" in picture
        await pilot.press("f3", "right_square_bracket")
        await pilot.pause(0.3)
        picture = app.export_screenshot()
        assert "Recipes" in picture
        assert "too&#160;small" not in picture
