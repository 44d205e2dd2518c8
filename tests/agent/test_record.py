"""The record of a session is what was typed, asked back and answered: in the store, in exports, on the screen."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.core.events import RunStarted, dump
from agent.exports.forms import FORMS
from agent.storage.export import document
from agent.storage.session_store import INTERRUPTED, SessionStore
from tests.agent.conftest import MakeSession, collect
from tests.fakes.session import events
from tui.cli.app import app
from tui.state.reduce import replay_runs
from tui.state.view import View

NONSENSE, REPLY = "blah fnord qwerty", "Which languages are used most?"


async def test_a_reply_to_a_question_back_is_a_turn_of_its_own_everywhere(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask(NONSENSE))
    replied = await collect(session.ask(REPLY))
    assert next(event.reply for event in replied if isinstance(event, RunStarted)) == REPLY
    runs = [(run.state, list(session.store.events(run.run))) for run in reversed(session.store.runs(session.id))]
    assert len(runs) == 1
    view = replay_runs(View(), runs)
    assert [turn.question for turn in view.turns] == [NONSENSE, REPLY]
    assert view.turns[0].suggestions
    assert not view.turns[0].handles
    assert view.turns[1].handles
    assert view.phase == "done"
    exchanges = session.store.exchanges(session.id)
    assert [(item.typed, item.state) for item in exchanges] == [(NONSENSE, "waiting"), (REPLY, "done")]
    page = FORMS["markdown"].make(document(session.store, session.id)).decode()
    assert (
        page.index(f"## {NONSENSE}")
        < page.index("What do people use the assistant for most?")
        < page.index(f"## {REPLY}")
    )
    assert [item.id for item in session.store.sessions("languages most")] == [session.id], "a reply is found too"


async def test_a_yes_to_a_plan_is_a_turn_with_the_plans_tasks() -> None:
    from agent.core.events import ApprovalAsked, PlannedTask, RunEnded

    task = PlannedTask(id="t1", specialist="abuse", objective="Screen every theme")
    waits = RunEnded(state="waiting", elapsed_s=0.1)
    asked = [events(until="run_started")[0], ApprovalAsked(tasks=(task,), reasons=("It is dear.",)), waits]
    again = RunStarted(
        run="r-1", question="q", roles="x", index="demo", snapshot=1, policy="p", resumed=True, reply="yes"
    )
    stored = [dump(event) for event in [*asked, again, *events(until="task_ended")[2:], events()[-1]]]
    view = replay_runs(View(), [("done", stored)])
    assert [turn.question for turn in view.turns] == ["What do people use it for?", "yes"]
    assert [row.label for row in view.turns[1].tasks] == ["abuse: Screen every theme"]


def _killed(folder: Path) -> SessionStore:
    """A session whose process died after its first task."""
    store = SessionStore(folder)
    store.start("r-1", "s-1", Path("/x/demo"), "What is it used for?")
    for event in events(until="task_ended"):
        store.add("r-1", dump(event))
    store._alive.pop("r-1").close()
    return store


def test_a_run_whose_process_died_is_interrupted_and_not_running(tmp_path: Path) -> None:
    store = _killed(tmp_path)
    (run,) = store.runs()
    assert run.state == INTERRUPTED
    view = replay_runs(View(), [(run.state, list(store.events("r-1")))])
    assert view.phase == "stopped"
    assert view.can_resume
    assert view.turn is not None
    assert "Interrupted" in view.turn.message
    assert {row.state for row in view.turn.tasks} == {"done", "stopped"}
    store.close()


def test_sessions_show_prints_what_was_typed_and_how_it_ended(own_home: Path) -> None:
    _killed(own_home / "sessions").close()
    shown = CliRunner().invoke(app, ["sessions", "show", "s-1"])
    assert shown.exit_code == 0
    assert "> What is it used for?" in shown.output
    assert "Interrupted" in shown.output


@pytest.mark.parametrize("length", [10_000, 120_000])
async def test_a_pasted_report_of_any_length_gets_a_sentence_and_no_fault(
    make_session: MakeSession, length: int
) -> None:
    report = ("Sellers on a forum offer fake reviews written by an assistant. " * 3_000)[:length]
    session = make_session()
    ended = (await collect(session.ask(report)))[-1]
    assert ended.type == "run_ended"
    assert ended.state in ("done", "partial", "waiting"), ended
    assert ended.exit_code in (0, 7)
