"""Asks the findings of a case again on the newest snapshot, and says what changed."""

import asyncio
from contextlib import closing

from agent.storage.cases import Asked, Case, CaseStore, Item
from agent.storage.changes import changes
from agent.wiring import App
from tools.core.errors import ToolRefusal
from tools.toolbox import RunTools


async def rerun(app: App, store: CaseStore, case: Case) -> list[Asked]:
    """Ask every finding of a case again, with the same arguments and the built-in readers; keep what came and say what
    changed since the version before. The releases bear the case's id in the ledger."""
    over = app.on_index(case.index_path)
    toolbox = await asyncio.to_thread(over.toolbox, built_in=True)
    with closing(toolbox):
        tools = toolbox.for_run(case.id)
        found = [item for item in case.items if item.kind == "finding"]
        return [await _again(store, case, item, tools, toolbox.card.snapshot) for item in found]


async def _again(store: CaseStore, case: Case, item: Item, tools: RunTools, number: int) -> Asked:
    before = item.versions[-1]
    title, snapshots = str(before["title"]), (int(before["snapshot"]), number)
    if snapshots[0] == number:
        return Asked(item.place, title, snapshots)
    try:
        after = (await tools.call(item.tool, item.arguments)).as_dict()
    except ToolRefusal as refusal:
        return Asked(item.place, title, snapshots, refusal=str(refusal))
    store.add_version(case, item, after)
    return Asked(item.place, title, snapshots, tuple(changes(before, after)))
