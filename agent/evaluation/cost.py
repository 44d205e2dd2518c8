"""The suite `cost`: tokens and money of a question by kind, and of ingesting 100,000 conversations like the demo's.

Usage is what the endpoint reported; prices come from the settings, and without them there are only tokens. Built-in roles
use none. Clio reports 48.81 US dollars for 100,000 conversations (2024).
"""

from functools import partial

from agent.core.events import UsageReported
from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Result
from agent.services.cost import estimate
from index.demo.source import DemoSource

NAME = "cost"
CLIO = 48.81
"""US dollars for 100,000 conversations in the paper."""
QUESTIONS = {
    "a count": "How many conversations are there in total?",
    "an overview": "What do people use the assistant for most?",
    "a trend": "How has help with code changed over time?",
    "a comparison": "What do people ask in Japanese that others do not?",
    "an investigation": "Is anyone running coordinated spam?",
}


def items(bench: Bench) -> list[Item]:
    """A kind of question each, and the estimate of an ingest."""
    found = [
        Item(NAME, kind, "a question", kind, question, partial(_asked, bench, question))
        for kind, question in QUESTIONS.items()
    ]
    return [
        *found,
        Item(NAME, "ingest", "ingest", "100,000 conversations", "ingest, estimated", partial(_ingest, bench)),
    ]


async def _asked(bench: Bench, question: str) -> Result:
    session = bench.session()
    try:
        used = [event async for event in session.ask(question) if isinstance(event, UsageReported)]
    finally:
        session.waiting = ""
        await session.close()
    if not used:
        return Result(value=0.0, unit="tokens", figures={"calls": 0.0, "cost": 0.0})
    last = used[-1]
    figures = {
        "calls": float(last.calls),
        "input_tokens": float(last.input_tokens),
        "output_tokens": float(last.output_tokens),
    }
    figures |= {"cached_tokens": float(last.cached_tokens)} | ({"cost": last.cost} if last.cost is not None else {})
    return Result(value=float(last.input_tokens + last.output_tokens), unit="tokens", figures=figures)


async def _ingest(bench: Bench) -> Result:
    """Of the configured reader model, whether or not it is used here; nothing is sent."""
    found = estimate(DemoSource(), bench.settings, (), batch=True)
    scale = 100_000 / found.conversations
    tokens = scale * (found.input_tokens + found.output_tokens)
    figures = {} if found.cost is None else {"cost": scale * found.cost, "cost_clio": CLIO}
    return Result(value=tokens, unit="tokens", detail=f"{found.model}, Message Batches", figures=figures)
