"""R2 for what a model is told before it asks: nothing of the index that the gate did not release."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.core.settings import Settings
from agent.engine.session import Session
from agent.storage.session_store import SessionStore
from agent.wiring import App
from index.core.records import Conversation, Turn
from index.handle import Index
from tests.fakes.corpus import FakeEncoder, build, context, records, small_index
from tests.fakes.messages import Message, Reply, tool_use
from tests.fakes.messages_server import MessagesServer
from tests.fakes.policy import SHARP
from tests.fakes.roles import with_built_in_readers
from tests.fakes.team import last_result, team
from tools.index_facts import released_facts
from tools.registry import call
from tools.toolbox import Toolbox

ALONE = Conversation(
    (Turn("user", "Kérlek írj egy levelet a szomszédnak a kerítésről és a kutyáról."),),
    account="account-alone",
    time=datetime(2025, 1, 3, 9, tzinfo=UTC),
    language="Hungarian",
    surface="kiosk",
)
"""The only one with its language, its surface and its day, which is the first of the index."""
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("overview", {}),
    ("count_by", {"by": "language"}),
    ("count_by", {"by": "surface"}),
    ("count_by", {"by": "month"}),
    ("trend", {"by": "day"}),
    ("trend", {"by": "week"}),
    ("trend", {"by": "month"}),
    ("coverage", {}),
)


def _ask_everything(body: dict[str, Any], _: int) -> Reply:
    if last_result(body) is None:
        return Message([tool_use(name, arguments) for name, arguments in CALLS], stop_reason="tool_use")
    return Message([tool_use("report", {"claims": ["It was looked at."]})], stop_reason="tool_use")


async def _bodies(index: Index, folder: Path) -> list[dict[str, Any]]:
    with MessagesServer(team(investigator=_ask_everything)) as server:
        settings = Settings(api_key="key", base_url=server.url)
        app = replace(App.start("none"), settings=settings)
        session = Session(
            Toolbox(context(index, folder / "ledger" / "x.sqlite3")),
            with_built_in_readers(app.model_roles()),
            app.built_in_roles(),
            settings,
            SessionStore(folder),
            folder,
        )
        try:
            async for _ in session.ask("What is new since the launch?"):
                pass
        finally:
            await session.close()
        return server.requests


async def test_r2_no_request_holds_a_language_a_surface_or_a_first_day_of_one_account(tmp_path: Path) -> None:
    conversations = [*(record.conversation() for record in records()), ALONE]
    built = await asyncio.to_thread(build, tmp_path / "home", conversations, "alone")
    index = Index(built.path, FakeEncoder())
    assert "Hungarian" in index.snapshot.facet("language").values
    assert "kiosk" in index.snapshot.facet("surface").values
    sent = json.dumps(await _bodies(index, tmp_path / "sessions"), ensure_ascii=False)
    assert "English" in sent
    assert "mobile" in sent
    assert "2026-03" in sent
    for private in ("Hungarian", "kiosk", "2025-01", "2024-12"):
        assert private not in sent


async def test_r2_the_brief_is_released_once_for_each_snapshot_and_policy(tmp_path: Path) -> None:
    index = await asyncio.to_thread(small_index)
    first = context(index, tmp_path / "ledger" / "x.sqlite3")
    facts = await released_facts(first)
    released = len(first.gate.ledger.releases())
    # Languages, surfaces and months; no day of this corpus is a group, so none is asked for.
    assert released == 3
    first.gate.ledger.close()
    again = context(index, tmp_path / "ledger" / "x.sqlite3")
    assert await released_facts(again) == facts
    assert len(again.gate.ledger.releases()) == released
    assert (await released_facts(again, with_themes=True)).themes > 0
    assert len(again.gate.ledger.releases()) == released + 1, "themes alone are released beside what is kept"
    strict = replace(again, gate=again.gate.with_policy(SHARP.with_values(min_conversations=40)))
    assert set((await released_facts(strict)).languages) <= set(facts.languages)
    assert len(again.gate.ledger.releases()) > released
    again.gate.ledger.close()


async def test_r2_a_brief_that_the_ledger_does_not_know_is_not_used(tmp_path: Path) -> None:
    index = await asyncio.to_thread(small_index)
    ctx = context(index, tmp_path / "ledger" / "x.sqlite3")
    await released_facts(ctx)
    kept = tmp_path / "ledger" / "x.holds.json"
    kept.write_text(kept.read_text("utf-8").replace("Spanish", "Klingon"), "utf-8")
    assert "Klingon" not in (await released_facts(ctx)).languages
    ctx.gate.ledger.close()


async def test_where_counts_are_noisy_the_brief_spends_nothing(tmp_path: Path) -> None:
    index = await asyncio.to_thread(small_index)
    ctx = context(index, tmp_path / "ledger" / "x.sqlite3", SHARP.with_values(epsilon_per_release=1.0))
    assert (await released_facts(ctx)).languages == ()
    assert ctx.gate.ledger.spent() == 0.0
    ctx.gate.ledger.close()


@pytest.mark.parametrize("by", ["day", "week", "month"])
async def test_a_series_begins_and_ends_with_a_released_bucket(tmp_path: Path, by: str) -> None:
    index = await asyncio.to_thread(small_index)
    ctx = context(index, tmp_path / "ledger" / "x.sqlite3", SHARP.with_values(min_conversations=30))
    finding = await call("trend", {"by": by, "scope": {"since": "2026-04-01", "until": "2026-05-31"}}, ctx)
    assert all(row.values[-1].count is not None for row in (finding.rows[:1] + finding.rows[-1:]))
    ctx.gate.ledger.close()
