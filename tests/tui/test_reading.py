"""Reading an answer and its findings: where the view lands, what is folded, and what one can do with a table."""

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable, Input, Markdown, Static, TabbedContent

from agent.core.answer import Draft, LeadCard, render
from agent.core.events import AnswerMade, Event, ToolEnded
from tests.fakes.desk import NARROW, WIDE, ask, desk, opened
from tests.fakes.session import TREE, TREND, FakeSession, events, finding, row
from tui.rendering import status
from tui.rendering.rows import by_size, columns, ordered
from tui.state import reduce
from tui.state.view import View
from tui.widgets.chat import Conversation
from tui.widgets.finding_rows import FindingRows
from tui.widgets.findings_pane import Findings
from tui.widgets.prompt import Prompt
from tui.widgets.turn import FoldLine

DRAFT = Draft(
    answer="Most conversations are about “Code and tests” (420, 42.0 %) [F1].",
    findings=("They grow [F2].", "They are long [F1]."),
    confidence="moderate",
    reason="Little is suppressed.",
    left_out=("2 groups (1.5 %) [F1].",),
    leads=(
        LeadCard(claim="One operator may write many of them [F1].", benign=("A course.",), unknown=("Who it is.",)),
    ),
    byline="Written by built-in rules; no model ran.",
)


def _run(question: str = "anything", draft: Draft = DRAFT, *more: ToolEnded) -> list[Event]:
    answer = AnswerMade(text=render(draft), cited=("F1", "F2"), parts=draft)
    return [*events(question, until="audit_ended"), *more, answer, events()[-1]]


async def test_details_are_folded_and_one_key_opens_each(tmp_path: Path) -> None:
    app = desk(FakeSession(_run()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        shown = app.query_one(".answer", Markdown).source
        assert "Most conversations" in shown
        assert "Confidence: moderate." in shown
        assert "They grow" not in shown
        titles = [str(line.visual) for line in app.query(FoldLine) if line.display]
        assert ["more findings" in titles[0], "lead: One operator" in titles[1], "method" in titles[2]] == [True] * 3
        assert not any(body.display for body in app.query(".folded"))
        await pilot.press("alt+l")
        await pilot.pause(0.1)
        assert "Who it is." in app.query_one(".folded.lead", Markdown).source
        assert [body.display for body in app.query(".folded")] == [True], "only what is opened is made"
        await pilot.press("alt+l", "ctrl+g")
        await pilot.pause(0.1)
        assert [body.display for body in app.query(".folded")] == [True] * 3
        await pilot.press("ctrl+g")
        await pilot.pause(0.1)
        assert not any(body.display for body in app.query(".folded"))


async def test_enter_and_a_press_on_a_folded_line_open_it(tmp_path: Path) -> None:
    app = desk(FakeSession(_run()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("alt+up", "enter")
        await pilot.pause(0.1)
        assert app.view.turns[0].unfolded == {"method"}
        await pilot.click(next(line for line in app.query(FoldLine) if line.part == "findings"))
        await pilot.pause(0.2)
        assert app.view.turns[0].unfolded == {"method", "findings"}


async def test_the_view_lands_on_the_first_line_of_a_long_answer(tmp_path: Path) -> None:
    long = DRAFT.model_copy(update={"answer": " ".join(["Many words stand here for a long answer [F1]."] * 60)})
    app = desk(FakeSession(_run(), _run(draft=long)), tmp_path / "demo")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await ask(pilot, "first")
        await ask(pilot, "second")
        await pilot.pause(0.3)
        chat = app.query_one(Conversation)
        answer = list(app.query(".answer"))[-1]
        assert chat.region.contains(*answer.region.offset), "the answer's first line is seen"
        await pilot.press("ctrl+end")
        await pilot.pause(0.2)
        assert chat.is_vertical_scroll_end


async def test_a_pasted_report_is_short_in_the_view_and_whole_in_the_question(tmp_path: Path) -> None:
    report = "Seen on a forum: sellers offer reviews. " * 250
    fake = FakeSession(_run(report.strip()))
    app = desk(fake, tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, report)
        assert fake.asked == [report.strip()]
        shown = str(app.query_one(".question", Static).visual)
        assert len(shown) < 600
        assert "(9,999 characters)" in shown


async def test_the_finding_of_the_first_sentence_is_shown_and_others_do_not_take_its_place(tmp_path: Path) -> None:
    late = ToolEnded(
        task="t1", call="t1.9", tool="count_by", elapsed_s=0.1, finding=finding("F3", rows=[row("x", 30, 3.0)])
    )
    view = View()
    seen = []
    for event in _run("anything", DRAFT, late):
        view = reduce.apply(view, event)
        seen.append(view.selected)
    assert [handle for handle in dict.fromkeys(seen) if handle] == ["F2", "F1"], "the first, then the one that is cited"
    chosen = reduce.selecting(reduce.apply(View(), _run()[0]), "F9")
    assert not chosen.is_chosen
    view = View()
    for event in events(until="task_ended"):
        view = reduce.apply(view, event)
    view = reduce.selecting(view, "F2")
    for event in _run()[10:]:
        view = reduce.apply(view, event)
    assert view.selected == "F2", "what the reader chose stays"


async def test_brackets_go_through_findings_and_keep_the_focus(tmp_path: Path) -> None:
    app = desk(FakeSession(_run()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3")
        pane = app.query_one(Findings)
        for expected in ("F2", "F1", "F2", "F1"):
            await pilot.press("right_square_bracket")
            await pilot.pause(0.2)
            assert app.view.selected == expected
            assert app.focused is not None
            assert pane in app.focused.ancestors_with_self


def test_a_citation_is_drawn_without_spaces_around_its_handle() -> None:
    from tui.text import inert

    (block,) = [token for token in inert.parser().parse("as shown [F1, F2].") if token.type == "inline"]
    assert "".join(child.content for child in block.children or ()) == "as shown [F1, F2]."


MANY = finding(
    "F1",
    rows=[row("Berlin", 30, 3.0), row("Ankara", 50, 5.0), row("Zürich", None, None), row("Delhi", 40, 4.0)],
    title="By city",
)


def test_tables_without_an_order_begin_with_the_largest_and_end_with_what_is_suppressed() -> None:
    assert [item["label"] for item in by_size(MANY)] == ["Ankara", "Delhi", "Berlin", "Zürich"]
    label, count, _ = columns(MANY)
    assert [item["label"] for item in ordered(MANY, label, is_reversed=False)] == [
        "Ankara",
        "Berlin",
        "Delhi",
        "Zürich",
    ]
    for is_reversed in (False, True):
        assert ordered(MANY, count, is_reversed=is_reversed)[-1]["label"] == "Zürich", "no place tells how large it is"
    signs = finding("F1", rows=[
        row("a", 90, 9.0, measures=[{"name": "coordination", "verdict": "typical"}]),
        row("b", 30, 3.0, measures=[{"name": "coordination", "verdict": "very high"}]),
    ], tool="coordination")  # fmt: skip
    assert [item["label"] for item in by_size(signs)] == ["b", "a"]


async def test_a_table_is_sorted_by_keys_and_heads_and_filtered(tmp_path: Path) -> None:
    run = [
        *events(until="tool_started"),
        ToolEnded(task="t1", call="t1.1", tool="count_by", elapsed_s=0.1, finding=MANY),
        *_run()[-2:],
    ]
    app = desk(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        await pilot.press("f3", "slash")
        await pilot.pause(0.2)
        assert app.query_one(TabbedContent).active == "tab-table"
        await pilot.press(*"an")
        await pilot.pause(0.1)
        assert _labels(app) == ["Ankara"]
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert _labels(app) == ["Ankara", "Delhi", "Berlin", "Zürich"]
        assert not app.query_one("#row-filter", Input).display
        await pilot.press("s")
        await pilot.pause(0.1)
        assert _labels(app) == ["Ankara", "Berlin", "Delhi", "Zürich"]
        await pilot.press("S")
        await pilot.pause(0.1)
        assert _labels(app) == ["Zürich", "Delhi", "Berlin", "Ankara"]
        await pilot.press("s", "S")
        await pilot.pause(0.1)
        assert _labels(app) == ["Berlin", "Delhi", "Ankara", "Zürich"]
        assert "↑" in str(list(app.query_one(DataTable).columns.values())[1].label)


def _labels(app: Any) -> list[str]:
    table = app.query_one(FindingRows).query_one(DataTable)
    return [str(table.get_row_at(place)[0]).strip() for place in range(table.row_count)]


async def test_a_name_has_at_least_forty_columns_in_the_table(tmp_path: Path) -> None:
    name = "Writing keyword articles for search engin"[:40]
    made = finding("F1", rows=[row(name, 30, 3.0)])
    run = [
        *events(until="tool_started"),
        ToolEnded(task="t1", call="t1.1", tool="count_by", elapsed_s=0.1, finding=made),
        *_run()[-2:],
    ]
    app = desk(FakeSession(run), tmp_path / "demo")
    async with app.run_test(size=(110, 38)) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        assert _labels(app) == [name]


async def test_two_findings_stand_side_by_side_and_the_pane_is_zoomed_and_widened(
    tmp_path: Path, own_home: Path
) -> None:
    app = desk(FakeSession(_run()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "anything")
        pane = app.query_one(Findings)
        before = pane.size.width
        await pilot.press("f3", "less_than_sign")
        await pilot.pause(0.2)
        assert pane.size.width > before
        assert "findings = 50" in (own_home / "screen.toml").read_text()
        await pilot.press("v")
        await pilot.pause(0.3)
        titles = [
            str(title.visual)
            for title in app.query(".found-title").results(Static)
            if title.parent and title.parent.display
        ]
        assert ["F2" in titles[0], "F1" in titles[1]] == [True, True]
        assert app.screen.maximized is pane, "two need the whole screen"
        await pilot.press("v", "z")
        await pilot.pause(0.2)
        assert app.view.pinned is None
        assert app.screen.maximized is None


async def test_the_edge_of_the_findings_can_be_dragged(tmp_path: Path) -> None:
    app = desk(FakeSession(_run()), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        pane = app.query_one(Findings)
        await pilot.mouse_down(pane, offset=(0, 5))
        await pilot.hover("#conversation", offset=(40, 5))
        await pilot.mouse_up("#conversation", offset=(40, 5))
        await pilot.pause(0.2)
        assert abs(pane.region.x - 40) <= 3


@pytest.mark.parametrize(
    ("groups", "cells", "share", "words"),
    [(3, 0, 3.0, "Hidden in this answer: 3 groups, 3 % of conversations"), (0, 0, 0.0, "Nothing is hidden in this answer"),
     (1, 2, 0.5, "Hidden in this answer: 1 group, 0.5 % of conversations, 2 numbers")],
)  # fmt: skip
def test_the_privacy_line_is_of_this_answer_in_plain_words(groups: int, cells: int, share: float, words: str) -> None:
    made = finding("F1", rows=TREE["rows"], suppressed={"groups": groups, "cells": cells, "share": share, "unnamed": 0})
    other = {**TREND, "suppressed": {"groups": 40, "cells": 9, "share": 50.0, "unnamed": 0}}
    view = View(smallest="15 conversations of 5 accounts")
    answer = AnswerMade(text="So [F1].", cited=("F1",))
    for event in [*events(until="tool_started"), _ended("t1", made), _ended("t2", other), answer, events()[-1]]:
        view = reduce.apply(view, event)
    assert status.hidden(view) == words
    assert status.privacy(view, 80).plain.strip().startswith(words)
    assert len(status.privacy(view, 80).plain) <= 80


def test_the_privacy_line_is_whole_at_eighty_columns() -> None:
    made = finding("F1", rows=TREE["rows"], suppressed={"groups": 112, "cells": 33, "share": 21.4, "unnamed": 0})
    other = {**TREND, "suppressed": {"groups": 40, "cells": 9, "share": 50.0, "unnamed": 0}}
    refused = ToolEnded(task="t1", call="t1.1", tool="count_by", elapsed_s=0.1, refusal="too few")
    answer = AnswerMade(text="So [F1, F2].", cited=("F1", "F2"))
    view = View(smallest="15 conversations of 5 accounts")
    for event in [
        *events(until="tool_started"),
        _ended("t1", made),
        _ended("t2", other),
        refused,
        answer,
        events()[-1],
    ]:
        view = reduce.apply(view, event)
    line = status.privacy(view, 80).plain
    assert line.strip() == "Hidden: 152 groups, up to 50 % of conversations, 42 numbers, 1 refused call"


def _ended(task: str, found: dict[str, Any]) -> ToolEnded:
    return ToolEnded(task=task, call=f"{task}.1", tool="count_by", elapsed_s=0.1, finding=found)


async def test_a_question_of_before_is_changed_and_asked_again(tmp_path: Path) -> None:
    app = desk(FakeSession(_run("first"), _run("second")), tmp_path / "demo")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await ask(pilot, "first")
        await ask(pilot, "second")
        app.query_one(Conversation).focus()
        await pilot.press("e")
        assert app.query_one(Prompt).value == "second"
        await ask(pilot, "/edit")
        assert app.query_one(Prompt).value == "second"
