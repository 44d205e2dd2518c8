"""Answers a watch on the newest snapshot and compares it with the last answer.

Where the index has no newer snapshot, nothing is asked: an answer that cannot have changed would only fill the ledger.
"""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from agent.alerts.sinks import Message
from agent.engine.session import Session
from agent.services.oversight import snapshots as published_snapshots
from agent.storage.changes import EXIT_CODES, Change, Severity, changes, severity
from agent.storage.conditions import Condition, met, parsed
from agent.storage.links import Link
from agent.storage.session_store import Released
from agent.storage.watches import Watch, WatchStore
from agent.wiring import App
from index.core.errors import ShoalError

_MOST_CHANGES = 20
"""Changes that a message holds."""

State = Literal["first answer", "no newer snapshot", "answered", "not answered"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a watch came to. `changes` are the material ones; `answer` is given where there are some, or the first time.
    `unmatched`: findings that had no counterpart last time. `regrouped`: themes under a new name that hold mostly older
    conversations, which are no change. `exit_code`: of the run, when it was not answered."""

    watch: str
    question: str
    state: State
    snapshots: tuple[int, int]
    severity: Severity = "nothing"
    changes: tuple[Change, ...] = ()
    unmatched: int = 0
    answer: str = ""
    session: str = ""
    exit_code: int = 0
    regrouped: int = 0


async def look_at(app: App, store: WatchStore, watch: Watch, now: datetime, *, built_in: bool) -> Look:
    """Answer a watch over its own index. Raises ShoalError where the index cannot be asked."""
    over = app.on_index(watch.index_path)
    newest = max((info.number for info in published_snapshots(over)), default=0)
    return await look(store, watch, newest, partial(over.session, built_in=built_in), now)


async def looks(
    app: App,
    store: WatchStore,
    due: Sequence[Watch],
    now: datetime,
    failed: Callable[[Watch, ShoalError], None],
    *,
    built_in: bool,
) -> AsyncGenerator[Look]:
    """Answer watches one after the other. `failed` gets one whose index cannot be asked; it keeps no other from its answer."""
    for watch in due:
        try:
            yield await look_at(app, store, watch, now, built_in=built_in)
        except ShoalError as error:
            failed(watch, error)
            code = error.exit_code
            yield Look(watch.id, watch.question, "not answered", (watch.snapshot, 0), exit_code=code)


async def look(store: WatchStore, watch: Watch, newest: int, make: Callable[[], Session], now: datetime) -> Look:
    """Answer a watch on the newest snapshot, if it is newer than the last one, and compare. `make` opens a session."""
    snapshots = (watch.snapshot, newest)
    if watch.snapshot == newest:
        return Look(watch.id, watch.question, "no newer snapshot", snapshots)
    session = make()
    try:
        answer, code, is_answered = "", 0, False
        async with aclosing(session.ask(watch.question)) as events:
            async for event in events:
                if event.type == "answer_made":
                    answer = event.text
                elif event.type == "run_ended":
                    is_answered, code = event.state in ("done", "partial"), event.exit_code
        session.store.rename(session.id, f"watch: {watch.question}")
        released = session.store.released(session.id)
        before = store.found(watch)
        conditions = [parsed(text) for text in watch.conditions]
        is_first, regrouped = not watch.last, 0
        found, unmatched, worst = _compared(before, released)
        if is_answered and conditions and not is_first:
            found, worst = _met(conditions, before, released)
            found, regrouped = await _without_regrouped(session, found, before)
            worst = worst if found else "nothing"
    finally:
        await session.close()
    if not is_answered:
        return Look(watch.id, watch.question, "not answered", snapshots, session=session.id, exit_code=code or 1)
    store.keep(watch, _by_call(released), now, newest)
    reported = answer if found or is_first or unmatched else ""
    return Look(
        watch.id,
        watch.question,
        "first answer" if is_first else "answered",
        snapshots,
        worst,
        tuple(found),
        unmatched,
        reported,
        session.id,
        exit_code=code,
        regrouped=regrouped,
    )


async def _without_regrouped(
    session: Session, found: Sequence[Change], before: dict[str, dict[str, Any]]
) -> tuple[list[Change], int]:
    """Without new themes of mostly older conversations, and how many these are: where themes are made anew, the same
    conversations come under other names. Older is what lies before the last month of the last answer."""
    named = [change for change in found if change.kind == "new theme"]
    months = [finding["period"].split(" to ")[-1] for finding in before.values() if finding["period"]]
    if not (named and months):
        return list(found), 0
    since = await session.themes_since(f"{max(months)[:7]}-01")
    if since is None:
        return list(found), 0
    counts = [(row, row["values"][0]["count"] or 0) for row in since["rows"] if "id" in row]
    # What has no name is called by its id too.
    newer = {name: count for row, count in counts for name in (row["label"], f"{row['label']} {row['id']}")}
    new = [change for change in named if 2 * newer.get(change.group, 0) >= int(change.after.replace(",", ""))]
    return [change for change in found if change not in named or change in new], len(named) - len(new)


def message_of(seen: Look) -> Message:
    """What leaves of a look: its changes, in the words of released findings, and where to look."""
    changed = [change.in_words() for change in seen.changes]
    if len(changed) > _MOST_CHANGES:
        changed = [*changed[:_MOST_CHANGES], f"and {len(changed) - _MOST_CHANGES} more; they are in the session"]
    return Message(seen.watch, seen.severity, seen.snapshots[1], tuple(changed), str(Link("session", seen.session)))


def _met(
    conditions: Sequence[Condition], before: dict[str, dict[str, Any]], released: Sequence[Released]
) -> tuple[list[Change], Severity]:
    """What the watch's conditions are met by now and were not the last time."""
    found = met(conditions, before, _by_call(released))
    abuse = any(item.specialist == "abuse" for item in released)
    return list(found), severity(found, "abuse" if abuse else "usage")


def _compared(before: dict[str, dict[str, Any]], released: Sequence[Released]) -> tuple[list[Change], int, Severity]:
    found: list[Change] = []
    unmatched = 0
    worst: Severity = "nothing"
    who = {key: item.specialist for key, item in _keyed(released).items()}
    for key, after in _by_call(released).items():
        if key not in before:
            unmatched += 1
            continue
        material = [change for change in changes(before[key], after) if change.material]
        found += [change for change in material if change not in found]
        worst = max(worst, severity(material, who[key]), key=lambda level: EXIT_CODES[level])
    return found, unmatched, worst


def _keyed(released: Sequence[Released]) -> dict[str, Released]:
    """Findings by tool and arguments without their days: "the last two weeks" is another period each time."""
    found: dict[str, Released] = {}
    for item in released:
        key = json.dumps([item.tool, _undated(item.arguments)], sort_keys=True, ensure_ascii=False)
        while key in found:
            key += "'"
        found[key] = item
    return found


def _by_call(released: Sequence[Released]) -> dict[str, dict[str, Any]]:
    return {key: item.finding for key, item in _keyed(released).items()}


def _undated(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _undated(item) for key, item in value.items() if key not in ("since", "until")}


def exit_code(looks: Sequence[Look]) -> int:
    """11 where anything is serious; else the code of a run that failed; else 10 where anything is notable; else 0."""
    worst = max((EXIT_CODES[item.severity] for item in looks), default=0)
    failed = max((item.exit_code for item in looks), default=0)
    return worst if worst == EXIT_CODES["serious"] else failed or worst
