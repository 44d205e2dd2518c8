"""One ledger and one privacy history for everybody who asks at a gate."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from agent.storage.session_store import SessionStore
from tests.fakes.corpus import FIRST_DAY, records
from tests.fakes.gate import Served, app_in, served
from tests.fakes.policy import SHARP
from tools.core.errors import ToolRefusal


async def test_two_identities_are_answered_as_one_would_be(tmp_path: Path) -> None:
    """Totals up to each of many days in a row: R5 answers some of them as earlier ones. Asked in turn by two, nothing more is
    told than to one; with a history for each it would be."""
    asked: dict[str, list[int | str]] = {}
    for name, identities in (("one", ("ana", "ana")), ("two", ("ana", "bo"))):
        async with served(tmp_path / name) as gate:
            asked[name] = [await _total(gate, identities[turn % 2], day) for turn, day in enumerate(DAYS)]
            ledger = gate.house.service.context().gate.ledger
            assert {entry.analyst for entry in ledger.entries()} == {*identities}
            assert ledger.verify() is None
    assert asked["one"] == asked["two"]
    assert len(set(asked["one"])) < len(DAYS)  # some days were answered as earlier ones


DAYS = sorted({record.day for record in records() if record.day is not None})[40:80]


async def _total(gate: Served, identity: str, day: int) -> int | str:
    caller = gate.caller(identity)
    try:
        found = await gate.house.desk(caller).call(caller, "count_by", {"by": "flagged", "scope": {"until": _iso(day)}})
    except ToolRefusal as refusal:
        return refusal.reason
    return int(found.finding["totals"][0])


def _iso(day: int) -> str:
    return (FIRST_DAY + timedelta(days=day)).date().isoformat()


async def test_epsilon_is_spent_by_identity_and_for_the_index(own_home: Path) -> None:
    policy = SHARP.with_values(epsilon_per_release=0.5, epsilon_total=2.0)
    async with served(own_home, policy) as gate:
        ana, bo = gate.caller("ana", epsilon=0.5), gate.caller("bo")
        await gate.house.desk(ana).call(ana, "count_by", {"by": "language"})
        with pytest.raises(ToolRefusal, match="privacy budget"):
            await gate.house.desk(ana).call(ana, "count_by", {"by": "surface"})
        for facet in ("surface", "flagged", "outcome"):
            await gate.house.desk(bo).call(bo, "count_by", {"by": facet})
        with pytest.raises(ToolRefusal, match="privacy budget"):
            await gate.house.desk(bo).call(bo, "count_by", {"by": "harm"})
        ledger = gate.house.service.context().gate.ledger
        assert (ledger.spent("ana"), ledger.spent("bo"), ledger.spent()) == (0.5, 1.5, 2.0)


_CALLS = """
import asyncio, sys
from pathlib import Path
from tests.fakes.gate import app_in, SmallService
from agent.gateway.house import House
from agent.gateway.people import Caller
from agent.gateway.tokens import TokenStore
from agent.wiring import App
from index.core.home import Home
from dataclasses import replace

async def main(folder):
    app = replace(App.start("small"), home=Home(folder), path=folder / "indexes" / "small")
    house = House(SmallService(app, TokenStore(folder / "gate" / "t.sqlite3"), built_in=True))
    me = Caller("ana", "analyst")
    desk = house.desk(me)
    print("ready", flush=True)
    while True:
        for by in ("language", "surface", "flagged", "month", "outcome"):
            await desk.call(me, "count_by", {"by": by})

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_kill_in_the_middle_leaves_nothing_released_that_is_not_in_the_ledger(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    for trial in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _CALLS, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ}, cwd=Path.cwd()
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.35 + 0.13 * trial)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    with closing(app.ledger()) as ledger:
        assert ledger.verify() is None
        logged = [entry.digest for entry in ledger.releases()]
    people = list((tmp_path / "people").iterdir())
    assert len(people) == 1
    with closing(SessionStore(people[0])) as store:
        released = [item for session in store.sessions() for item in store.released(session.id)]
    assert released
    assert {item.finding["digest"] for item in released} <= set(logged)
    refs = [(item.session, item.finding["id"]) for item in released]
    assert len(refs) == len(set(refs))
