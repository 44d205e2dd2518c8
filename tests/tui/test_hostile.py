"""Names of clusters, model output, questions and file names are data: no widget may read them as markup, codes or links."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Markdown, Static, Tree

from agent.core.events import AnswerMade, Event, TaskEnded, ToolEnded
from agent.storage.tables import as_csv
from index.core.untrusted import safe
from tests.fakes.desk import WIDE, ask, desk, said
from tests.fakes.session import FakeSession, events, finding, row
from tui.rendering import density, exporting
from tui.state import reduce
from tui.state.view import View
from tui.text import inert
from tui.text.glyphs import UNICODE

EVIL = {
    "markup": "[bold red]x[/] [@click=app.quit]press[/] [link=http://evil]y[/link]",
    "unclosed": "[/] [/bold] [[ ]] [$",
    "escape": "a\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07b",
    "osc8": "\x1b]8;;http://evil\x1b\\press\x1b]8;;\x1b\\",
    "bidi": "safe\u202egnp.exe\u2066x\u2069",
    "hidden": "a\u200bb\ufeffc\u00add",
    "c1": "a\x9b31mb\x90c",
    "link": "[press](http://evil) <http://evil> http://evil www.evil.example",
    "image": "![x](http://evil/x.png) <img src=http://evil>",
    "html": "<script>x</script><a href='http://evil'>y</a>",
    "reference": "[x][1]\n\n[1]: http://evil",
    "newlines": "a\nb\r\nc\tx",
}
STEERING = ("\x1b", "\u202e", "\u2066", "\u200b", "\ufeff", "\x9b", "\x90", "\x07")


def _run(evil: str) -> list[Event]:
    made = finding(
        "F1", "tree", [row(evil, 100, 10.0, id="C1")], title=evil, scope=evil, method=evil, notes=[evil], columns=[evil],
    )  # fmt: skip
    run: list[Event] = list(events(evil, until="tool_started"))
    run.append(ToolEnded(task="t1", call="t1.1", tool="overview", elapsed_s=0.1, finding=made))
    run.append(TaskEnded(task="t1", elapsed_s=1.0))
    run.append(TaskEnded(task="t2", elapsed_s=1.0, failure=evil))
    answer = AnswerMade(text=evil, cited=("F1",), removed=(evil,), suggestions=(evil,))
    return [*run, answer, events()[-1]]


@pytest.mark.parametrize("name", EVIL)
async def test_hostile_text_is_drawn_as_letters_in_every_widget(name: str, tmp_path: Path) -> None:
    evil = EVIL[name]
    app = desk(FakeSession(_run(evil)), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await ask(pilot, "anything")
        shown = [
            said(app, place) for place in (".question", ".timeline", ".closing", "#evidence", ".found-title", "#chart")
        ]
        shown.append(str(app.query_one(Tree).root.children[0].label))
        shown += [str(cell) for cell in app.query_one(DataTable).get_row_at(0)]
        shown.append(app.query_one(".answer", Markdown).source)
        for drawn in shown:
            assert not [sign for sign in STEERING if sign in drawn]
        first = safe(evil).split("\n")[0][:12].strip()
        assert first in said(app, ".question")
        assert first in said(app, ".closing")
        picture = app.export_screenshot()
        assert "<script>" not in picture
        assert 'href="http://evil' not in picture
        for static in app.query(Static):
            assert "@click" not in str(getattr(static.visual, "spans", ""))


class _Page(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield Markdown(safe(self._text), parser_factory=inert.parser, open_links=False)


def _addresses(text: str) -> set[str]:
    found: set[str] = set()
    for token in inert.parser().parse(text):
        for child in token.children or ():
            found |= {str(child.attrs[name]) for name in ("href", "src") if name in child.attrs}
            assert child.type not in ("image", "html_inline")
        assert token.type != "html_block"
    return found


@pytest.mark.parametrize("name", EVIL)
def test_no_text_makes_a_link_an_image_or_html(name: str) -> None:
    assert _addresses(EVIL[name]) == set()


@given(st.text(alphabet="[]()<>!:/F1,. hxt\n*_`\\", max_size=60))
def test_only_handles_can_be_pressed_whatever_the_text(text: str) -> None:
    assert {inert.pressed(address) is not None for address in _addresses(text)} <= {True}


def test_handles_become_things_to_press_and_nothing_else_leads_anywhere() -> None:
    assert _addresses("as shown [F3, F12] and [F1], not [F] or [Fx]") == {"finding:F3", "finding:F12", "finding:F1"}
    assert inert.pressed("http://evil") is None
    assert inert.pressed("finding:F1;rm") is None


async def test_a_page_of_hostile_markdown_is_drawn(tmp_path: Path) -> None:
    for evil in EVIL.values():
        async with _Page(evil).run_test() as pilot:
            await pilot.pause()


@pytest.mark.parametrize("name", EVIL)
def test_exports_hold_no_formula_no_markup_and_no_codes(name: str) -> None:
    view = View()
    for event in _run(EVIL[name]):
        view = reduce.apply(view, event)
    assert not [sign for sign in STEERING if sign in exporting.as_tsv(view.findings["F1"])]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)"])
def test_a_spreadsheet_reads_no_cell_as_a_formula(cell: str) -> None:
    assert as_csv(["a"], [[cell]]).splitlines()[1].lstrip('"').startswith("'")
    assert as_csv(["a"], [["-2.5"]]).splitlines()[1] == "-2.5"


def test_a_name_on_the_map_is_letters_and_stays_within_it() -> None:
    made = finding(
        "F1", "map", [row(EVIL["escape"], 50, 1.0, place=[x, y], id=f"C{x}") for x in range(6) for y in range(4)]
    )
    grid = density.grid_of(made)
    assert "\x1b" not in grid.areas[0].name + grid.cells[0].words
    drawn = density.drawn(grid, density.Window(), (30, 8), UNICODE).plain
    assert max(len(line) for line in drawn.splitlines()) <= 30


def test_a_report_of_an_error_holds_nothing_that_was_asked_or_found() -> None:
    view = View()
    for event in _run("the secret question"):
        view = reduce.apply(view, event)
    assert "secret" not in exporting.report(view)


def test_hidden_and_steering_letters_go_and_spelling_stays() -> None:
    assert safe("नमस्\u200dते\u200c") == "नमस्\u200dते\u200c"
