"""A team at one gate: `python -m bench.load [--size 100000] [--analysts 50] [--minutes 10] [--questions N]`.

Builds a generated index, starts `shoal serve-gate` on it, and lets so many analysts, each with a token, ask over HTTP: nine in
ten requests are questions to the built-in roles, one is the ledger of one's own. Each waits a moment after an answer, as a
reader would. With --questions it ends after so many. Prints requests, errors, latency, and the server's memory in tenths.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from agent.gateway.people import Limits
from agent.gateway.serving import tokens_of
from agent.wiring import App
from bench.scale import build
from index.core.home import Home
from index.embedding.encoder import DEFAULT

PORT = 8791
QUESTIONS = (
    "What do people use the assistant for most?", "Which languages are used most?", "How many conversations are in Spanish?",
    "What is new since 2026-07-01?", "Conversations by surface", "Is concern rising by month?", "How many are flagged on the web?",
    "What do people ask in Japanese?", "Compare web and api", "Where are the coverage gaps?", "And by month?",
)  # fmt: skip
THINKS_S = (10.0, 40.0)
"""How long an analyst reads an answer before the next request."""
_READY_S = 180.0


@dataclass
class Seen:
    """Seconds by kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    left: int = 0

    def note(self, kind: str, began: float, problem: str = "") -> None:
        self.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        if problem:
            self.errors[problem] = self.errors.get(problem, 0) + 1


async def analyst(token: str, number: int, until: float, seen: Seen, thinks: tuple[float, float]) -> None:
    chance = random.Random(number)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=120) as client:
        session, asked = f"s-{number:08x}", 0
        while time.monotonic() < until and seen.left > 0:
            await asyncio.sleep(chance.uniform(*thinks))
            seen.left -= 1
            began = time.perf_counter()
            if chance.random() < 0.1:
                answer = await client.get("/v1/ledger")
                seen.note("ledger", began, "" if answer.is_success else f"HTTP {answer.status_code}")
                continue
            asked += 1
            if asked % 8 == 0:
                session = f"s-{chance.getrandbits(32):08x}"
            answer = await client.post(f"/v1/sessions/{session}/ask", json={"question": chance.choice(QUESTIONS)})
            ended = json.loads(answer.text.splitlines()[-1]) if answer.is_success else {}
            problem = "" if answer.is_success else f"HTTP {answer.status_code}"
            if answer.is_success and ended.get("state") not in ("done", "partial", "waiting"):
                problem = f"run {ended.get('state')}"
            seen.note("question", began, problem)


def resident_mib(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def watched(process: int, until: float, seen: Seen, found: list[float]) -> None:
    while time.monotonic() < until and seen.left > 0:
        with suppress(OSError):
            found.append(resident_mib(process))
        await asyncio.sleep(1.0)


async def load(tokens: list[str], process: int, minutes: float, questions: int, thinks: tuple[float, float]) -> None:
    seen, memory = Seen(left=questions), list[float]()
    began = time.monotonic()
    until = began + minutes * 60
    await asyncio.gather(
        watched(process, until, seen, memory),
        *(analyst(token, number, until, seen, thinks) for number, token in enumerate(tokens)),
    )
    elapsed = time.monotonic() - began
    total = sum(map(len, seen.seconds.values()))
    print(f"{total:,} requests of {len(tokens)} analysts in {elapsed:.0f} s; errors: {seen.errors or 0}")
    for kind, seconds in seen.seconds.items():
        ordered = sorted(seconds)
        print(
            f"  {kind:<9} {len(seconds):>6,}   p50 {statistics.median(ordered):6.3f} s   "
            f"p95 {ordered[int(0.95 * (len(ordered) - 1))]:6.3f} s   longest {ordered[-1]:6.3f} s"
        )
    parts = [memory[len(memory) * tenth // 10] for tenth in range(10)] + memory[-1:] if len(memory) >= 10 else memory
    print("  memory of the server, MiB: " + " ".join(f"{part:,.0f}" for part in parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--analysts", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--questions", type=int, default=sys.maxsize)
    parser.add_argument("--hurry", action="store_true", help="Nobody waits between two requests.")
    parser.add_argument("--home", type=Path, help="A home with an index of that size from an earlier run.")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as made:
        root = asked.home or Path(made)
        os.environ["SHOAL_HOME"] = str(root)
        home = Home(root)
        name = str(asked.size)
        if not home.index_path(name).exists():
            build(home, asked.size, DEFAULT)
        app = App.start(name)
        store = tokens_of(app)
        tokens = [store.make(f"analyst {number}", "analyst", Limits()) for number in range(asked.analysts)]
        store.close()
        server = subprocess.Popen(
            [sys.executable, "-m", "tui", "serve-gate", "--index", name, "--built-in", "--port", str(PORT)],
            env={**os.environ}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(server)
            thinks = (0.0, 0.01) if asked.hurry else THINKS_S
            asyncio.run(load(tokens, server.pid, asked.minutes, asked.questions, thinks))
        finally:
            server.terminate()
            server.wait()


def _wait(server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{PORT}/health").is_success:
                return
        if server.poll() is not None:
            break
        time.sleep(0.5)
    raise SystemExit("the gate did not start")


if __name__ == "__main__":
    main()
