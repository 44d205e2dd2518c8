"""A session that replays written events, for tests of the screen: fixed handles, times and text."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

from agent.core.events import (
    AnswerDelta,
    AnswerMade,
    AuditEnded,
    Event,
    PlanMade,
    PlannedTask,
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskStarted,
    ToolEnded,
    ToolStarted,
    dump,
)
from agent.engine.session import Session
from agent.storage.session_store import SessionStore
from agent.wiring import App
from index.core.errors import SettingsError
from tests.fakes.policy import SHARP
from tools.core.ledger import Release
from tools.index_facts import IndexFacts
from tools.toolbox import IndexCard, LedgerReading

POLICY = SHARP.describe()


def finding(handle: str, shape: str = "table", rows: Sequence[dict[str, Any]] = (), **changes: Any) -> dict[str, Any]:
    """A finding as events carry it."""
    columns = changes.pop("columns", ["conversations"])
    return {
        "id": handle,
        "tool": "count_by",
        "title": "Conversations by theme",
        "shape": shape,
        "scope": "all conversations",
        "period": "2026-03 to 2026-10",
        "columns": columns,
        "rows": list(rows),
        "totals": [1000] * len(columns),
        "suppressed": {"groups": 2, "cells": 1, "share": 1.5, "unnamed": 0},
        "outside": 12.5,
        "method": "counts over the snapshot",
        "notes": [],
        "policy": POLICY,
        "snapshot": 1,
        "digest": "d",
        **changes,
    }


def row(label: str, count: int | None, share: float | None, **more: Any) -> dict[str, Any]:
    return {"label": label, "values": [{"count": count, "share": share}], **more}


TREE = finding(
    "F1",
    "tree",
    [
        row("Code and tests", 420, 42.0, id="T1"),
        row("Python errors", 200, 20.0, id="C1", parent="T1"),
        row("Unit tests", 120, 12.0, id="C2", parent="T1"),
        row("Recipes", 240, 24.0, id="T2"),
        row("unnamed group", None, None, id="C3", parent="T2"),
    ],
    title="What the assistant is used for",
)
TREND = finding(
    "F2",
    "trend",
    [row("2026-03", 90, 9.0), row("2026-04", None, None), row("2026-05", 140, 14.0), row("2026-06", 260, 26.0)],
    title="All conversations by month",
)


def _square(label: str, count: int | None, across: int, up: int, cluster: str | None = None) -> dict[str, Any]:
    return row(label, count, None, place=[across, up], **({"id": cluster} if cluster else {}))


MAP = finding(
    "F5",
    "map",
    [
        _square("Recipes", 100, 0, 0, "C1"),
        _square("Recipes", 400, 1, 0, "C1"),
        _square("Tests", 200, 3, 1, "C2"),
        _square("unnamed group", 50, 2, 0),
        _square("hidden", None, 0, 1, "C3"),
    ],
)


def events(question: str = "What do people use it for?", *, until: str = "") -> list[Event]:
    """A whole run; `until` cuts it after the first event of that type."""
    run: list[Event] = [
        RunStarted(run="r-1", question=question, roles="built-in", index="demo", snapshot=1, policy=POLICY),
        PlanMade(
            tasks=(
                PlannedTask(id="t1", specialist="usage", objective="The largest themes"),
                PlannedTask(id="t2", specialist="watch", objective="How the whole develops"),
            ),
            assumptions=("months are calendar months",),
        ),
        TaskStarted(task="t1"),
        TaskStarted(task="t2"),
        ToolStarted(task="t1", call="t1.1", tool="overview", arguments={}),
        ToolStarted(task="t2", call="t2.1", tool="trend", arguments={"by": "month"}),
        ToolEnded(task="t2", call="t2.1", tool="trend", elapsed_s=0.2, finding=TREND),
        TaskEnded(task="t2", elapsed_s=0.2, claims=1),
        ToolEnded(task="t1", call="t1.1", tool="overview", elapsed_s=0.4, finding=TREE),
        TaskEnded(task="t1", elapsed_s=0.4, claims=2),
        AuditEnded(kept=3, narrowed=0, removed=0),
        AnswerDelta(text="Most conversations are about “Code and tests” "),
        AnswerMade(
            text="Most conversations are about “Code and tests” (420, 42.0 %) [F1].",
            cited=("F1",),
            suggestions=("Which languages are used most?",),
        ),
        RunEnded(state="done", elapsed_s=1.0),
    ]
    if not until:
        return run
    place = next(place for place, event in enumerate(run) if event.type == until)
    return run[: place + 1]


class FakeSession:
    """Looks like a Session to the screen. `hold`: after its events a run hangs until it is stopped."""

    def __init__(self, *runs: Sequence[Event], hold: bool = False) -> None:
        self.runs = list(runs)
        self.hold = hold
        self.asked: list[str] = []
        self.resumed = 0
        self.replayed = 0
        release = Release(
            1, "2026-11-23T10:00:00+00:00", "r-1", "overview", "all", "{}", "{}", 1, 5, 4, 2, 25, 0, 10, "d"
        )
        self.ledger = LedgerReading([release], None)
        self.card = IndexCard(Path("demo"), 1, {"launch": date(2026, 8, 3)}, (), POLICY, 15, 5)
        self.id = "s-1"
        self.last_run: str | None = None
        self.store = SessionStore(Path(tempfile.mkdtemp(prefix="shoal-fake-")))
        self.held = IndexFacts(9_400, 158, ("English", "German"), (), date(2026, 3, 1), date(2026, 10, 31))
        self.listed = TREE
        self.renamed: list[tuple[str, str]] = []
        self.reopened: list[str] = []
        self.role_names = "built-in"

    def warm(self) -> None:
        return None

    async def facts(self) -> IndexFacts:
        return self.held

    async def themes(self) -> dict[str, Any]:
        return self.listed

    def rename_theme(self, cluster: str, name: str) -> str:
        if "Zorblax" in name:
            raise SettingsError("It cannot be its name.", "Choose general words.")
        self.renamed.append((cluster, name))
        return name

    def read_ledger(self) -> LedgerReading:
        return self.ledger

    def reopen(self, session: str) -> None:
        self.id = session
        self.reopened.append(session)

    async def ask(self, question: str) -> AsyncGenerator[Event, None]:
        self.asked.append(question)
        run = f"r-{len(self.asked)}"
        self.store.start(run, self.id, Path("demo"), question)
        async for event in self._replay():
            self.store.add(run, dump(event))
            yield event

    async def resume(self) -> AsyncGenerator[Event, None]:
        self.resumed += 1
        self.hold = False
        async for event in self._replay():
            yield event

    async def _replay(self) -> AsyncGenerator[Event, None]:
        for event in self.runs.pop(0) if len(self.runs) > 1 else self.runs[0]:
            await asyncio.sleep(0)
            yield event
        self.replayed += 1  # the screen has drawn the last event, for it asked for one more
        if self.hold:
            await asyncio.sleep(60)

    async def close(self) -> None:
        self.store.close()


def as_session(fake: FakeSession) -> Session:
    return cast(Session, fake)


def started(path: Path) -> App:
    """An app whose index lies at `path`."""
    return App.start(str(path))
