"""The suites by name, and the run of an evaluation: item after item, each on record before the next one begins."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from agent.evaluation import abuse, answers, cost, privacy, speed, themes
from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Measured, Result
from agent.evaluation.record import Record
from agent.redteam.lab import Report
from agent.wiring import DEMO
from index.core.errors import SettingsError, ShoalError
from index.ingest.pipeline import Progress

SUITES: Mapping[str, Callable[[Bench], Sequence[Item]]] = {
    "answers": answers.items,
    "themes": themes.items,
    "abuse": abuse.items,
    "privacy": privacy.items,
    "cost": cost.items,
    "speed": speed.items,
}
OF_THE_DEMO = ("answers",)
"""Suites whose truth only the demo has."""


def chosen(names: Sequence[str], index: str) -> list[str]:
    """The suites of these names, all that can be run where none is named. Raises SettingsError for a name that is none, and
    for a suite that an index has no truth for."""
    for name in names:
        if name not in SUITES:
            raise SettingsError(f"There is no suite {name!r}.", f"Suites: {', '.join(SUITES)}.")
        if name in OF_THE_DEMO and index != DEMO:
            raise SettingsError(
                f"The suite {name} needs known truth, which only the demo has.",
                f"Leave it out, or run it on the demo: shoal eval {name} --demo",
            )
    return [name for name in SUITES if name in names or (not names and (index == DEMO or name not in OF_THE_DEMO))]


def setting(bench: Bench, roles: str) -> dict[str, Any]:
    """What a run was made with."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "version": version("shoal"),
        "roles": roles,
        "index": bench.started.path.name,
        "quick": bench.quick,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


async def run(
    bench: Bench,
    names: Sequence[str],
    record: Record,
    report: Report,
    repeat: int = 1,
) -> Record:
    """Measure what the record does not hold yet. An item that fails is on record with what was said, and the others are
    measured still."""
    done = {one.key for one in record.measured}
    for name in names:
        report(Progress(f"{name}: preparing", 0, 0))
        found = SUITES[name](bench)
        total = len(found) * repeat
        for number, (turn, item) in enumerate([(turn, item) for turn in range(repeat) for item in found]):
            report(Progress(name, number, total, item.title[:40]))
            if (item.suite, item.id, turn) not in done:
                record = record.add(await _measured(item, turn))
        report(Progress(name, total, total))
    return record


async def _measured(item: Item, turn: int) -> Measured:
    started = time.perf_counter()
    try:
        result = await item.run()
    except ShoalError as error:
        result = Result(0, 1, verdict="failed", detail=str(error))
    return Measured(item.suite, item.id, item.kind, item.group, item.title, turn, time.perf_counter() - started, result)
