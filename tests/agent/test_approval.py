"""Plans that wait for a word: what makes them wait, and what each word does."""

from dataclasses import replace

import pytest

from agent.core.budget import Budget
from agent.core.events import AnswerMade, ApprovalAsked, Event, RunEnded, TaskStarted, ToolEnded
from agent.core.settings import Price, Settings
from agent.engine.approval import read_reply
from agent.engine.session import Session
from agent.roles.protocols import Brief, Plan, RoleSet, Task
from tests.agent.conftest import MakeSession, collect
from tests.fakes.roles import data_behind
from tests.fakes.slow_session import Counting, FixedPlanner
from tools.core.scope import Scope

PRICED = Settings(prices={"claude-sonnet-5-5": Price(input=3.0, output=15.0)}, approve_over_cost=0.5)


def _costly(make_session: MakeSession, settings: Settings = PRICED) -> tuple[Session, Counting]:
    investigator = Counting()

    def change(roles: RoleSet) -> RoleSet:
        return replace(roles, planner=FixedPlanner(3), investigator=investigator, uses_model=True)

    return make_session(change=change, settings=settings), investigator


def _ended(events: list[Event]) -> RunEnded:
    assert isinstance(events[-1], RunEnded)
    return events[-1]


async def test_a_plan_that_may_cost_over_the_limit_is_shown_and_nothing_runs(make_session: MakeSession) -> None:
    session, investigator = _costly(make_session)
    events = await collect(session.ask("How many?"))
    (asked,) = [event for event in events if isinstance(event, ApprovalAsked)]
    assert [task.id for task in asked.tasks] == ["t1", "t2", "t3"]
    assert asked.cost == pytest.approx(3 * 8 * (8_000 * 3 + 600 * 15) / 1e6)
    assert "$0.50" in asked.reasons[0]
    assert (_ended(events).state, _ended(events).exit_code) == ("waiting", 7)
    assert investigator.started == []


async def test_yes_carries_it_out(make_session: MakeSession) -> None:
    session, investigator = _costly(make_session)
    await collect(session.ask("How many?"))
    events = await collect(session.ask("yes"))
    assert sorted(investigator.started) == ["t1", "t2", "t3"]
    assert _ended(events).state == "done"
    assert not [event for event in events if isinstance(event, ApprovalAsked)]


async def test_tasks_can_be_left_out_and_the_answer_says_so(make_session: MakeSession) -> None:
    session, investigator = _costly(make_session)
    await collect(session.ask("How many?"))
    events = await collect(session.ask("yes, but without t2"))
    assert sorted(investigator.started) == ["t1", "t3"]
    assert "t2 was left out by the analyst" in next(event.text for event in events if isinstance(event, AnswerMade))
    assert (_ended(events).state, _ended(events).exit_code) == ("partial", 0)


async def test_no_ends_it_with_nothing_released(make_session: MakeSession) -> None:
    session, investigator = _costly(make_session)
    await collect(session.ask("How many?"))
    before = data_behind(session).gate.ledger.releases()  # the brief that every plan is made from
    events = await collect(session.decide(approved=False))
    assert investigator.started == []
    assert not [event for event in events if isinstance(event, TaskStarted | ToolEnded)]
    assert data_behind(session).gate.ledger.releases() == before


async def test_another_question_leaves_the_plan(make_session: MakeSession) -> None:
    session, investigator = _costly(make_session)
    await collect(session.ask("How many?"))
    first = session.last_run
    await collect(session.ask("Which languages are used most?"))
    assert session.last_run != first
    assert {run.state for run in session.store.runs(session.id)} == {"interrupted", "waiting"}
    assert investigator.started == []


async def test_a_waiting_plan_survives_the_process_and_its_yes_comes_later(make_session: MakeSession) -> None:
    session, _ = _costly(make_session)
    await collect(session.ask("How many?"))
    later = replace(session, _graph=None, waiting="", tasks=())
    later.reopen(session.id)
    assert later.tasks == ("t1", "t2", "t3")
    events = await collect(later.decide(approved=True, leave_out=["t1"]))
    assert [event.task for event in events if isinstance(event, TaskStarted)] == ["t2", "t3"]
    await later._stack.aclose()


@pytest.mark.parametrize(
    "settings",
    [
        PRICED.with_values(approve_all=True),
        PRICED.with_values(approve_over_cost=5.0),
        PRICED.with_values(prices={}),
    ],
    ids=["yes", "under the limit", "price unknown"],
)
async def test_other_plans_do_not_wait(make_session: MakeSession, settings: Settings) -> None:
    session, investigator = _costly(make_session, settings)
    assert _ended(await collect(session.ask("How many?"))).state == "done"
    assert len(investigator.started) == 3


class _Narrow:
    async def plan(self, brief: Brief) -> Plan:
        task = Task(id="t1", specialist="usage", focus="top", objective="themes", scope=Scope(language="Spanish"))
        return Plan(tasks=(task, task.model_copy(update={"id": "t2", "scope": Scope()})))


@pytest.mark.parametrize(("under", "waits"), [(0, False), (10, False), (5_000, True)])
async def test_names_of_groups_in_a_small_part_wait(make_session: MakeSession, under: int, waits: bool) -> None:
    session = make_session(
        change=lambda roles: replace(roles, planner=_Narrow(), investigator=Counting()),
        settings=Settings(approve_text_under=under),
    )
    events = await collect(session.ask("What do Spanish speakers ask?"))
    reasons = [event.reasons for event in events if isinstance(event, ApprovalAsked)]
    assert reasons == ([("Task t1 would name groups of a small part of the index.",)] if waits else [])
    asked = [event for event in events if isinstance(event, ToolEnded) and event.task == "plan"]
    assert len(asked) == (1 if under else 0)
    assert data_behind(session).gate.ledger.releases() or not under


@pytest.mark.parametrize(
    ("reply", "approved", "left"),
    [
        ("yes", True, ()),
        ("OK, go on", True, ()),
        ("no", False, ()),
        ("Refuse.", False, ()),
        ("without t2", True, ("t2",)),
        ("yes but leave out t1 and t2", True, ("t1", "t2")),
    ],
)
def test_words_that_are_a_decision(reply: str, approved: bool, left: tuple[str, ...]) -> None:
    found = read_reply(reply, ["t1", "t2", "t10"])
    assert found is not None
    assert (found.approved, found.leave_out) == (approved, left)


@pytest.mark.parametrize("reply", ["What is new since March?", "yes, and which languages are used?", "Not so many?"])
def test_words_that_are_a_new_question(reply: str) -> None:
    assert read_reply(reply, ["t1", "t2"]) is None


def test_a_budget_counts_tokens_where_prices_are_unknown() -> None:
    budget = Budget.of(Settings().with_values(max_run_tokens=0))
    with pytest.raises(Exception, match="tokens"):
        budget.require()
