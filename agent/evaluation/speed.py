"""The suite `speed`: how long a question and its parts take, and how ingest grows with the number of conversations.

Everything is on this machine, whose kind and cores are in the record; compare two runs of one machine only.
"""

import resource
import sys
import time
from functools import partial

from agent.core.events import AnswerMade, PlanMade, RunEnded, ToolEnded
from agent.evaluation.abuse import corpus
from agent.evaluation.bench import Bench
from agent.evaluation.cost import QUESTIONS
from agent.evaluation.items import Item, Result

NAME = "speed"
_SIZES, _SIZES_QUICK = (500, 1_000, 2_000, 4_000), (500, 1_000)
_SEED = 13
_MEBI = 1_048_576


def items(bench: Bench) -> list[Item]:
    """A kind of question each, asked twice; and a corpus of each size."""
    asked = [
        Item(NAME, f"ask {kind}", "a question", kind, question, partial(_asked, bench, question))
        for kind, question in QUESTIONS.items()
    ]
    grown = [
        Item(
            NAME, f"ingest {size}", "ingest", f"{size:,}", f"ingest and publish {size:,}", partial(_taken, bench, size)
        )
        for size in (_SIZES_QUICK if bench.quick else _SIZES)
    ]
    return [*asked, *grown]


async def _asked(bench: Bench, question: str) -> Result:
    """The second of two times, when nothing has to be loaded any more; the first is a figure too."""
    session = bench.session()
    figures: dict[str, float] = {}
    try:
        for name in ("first_s", "second_s"):
            started = time.perf_counter()
            async for event in session.ask(question):
                if name == "first_s":
                    continue
                if isinstance(event, PlanMade):
                    figures.setdefault("plan_s", event.at_s)
                elif isinstance(event, ToolEnded):
                    figures["tools_s"] = figures.get("tools_s", 0.0) + event.elapsed_s
                elif isinstance(event, AnswerMade | RunEnded):
                    figures["answer_s"] = event.at_s
            figures[name] = time.perf_counter() - started
    finally:
        session.waiting = ""
        await session.close()
    return Result(value=figures["second_s"], unit="s", figures=figures)


async def _taken(bench: Bench, size: int) -> Result:
    held = corpus(_SEED, None, size)
    started = time.perf_counter()
    await bench.made(f"speed-{size}", held)
    seconds = time.perf_counter() - started
    return Result(
        value=len(held) / seconds, unit="conversations/s", figures={"seconds": seconds, "memory_mib": memory_mib()}
    )


def memory_mib() -> float:
    """The most that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * 1024 / _MEBI if sys.platform != "darwin" else peak / _MEBI
