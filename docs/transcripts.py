"""Write docs/investigations.md: ten investigations of the demo by the built-in roles, as they came.

`make transcripts` asks, and writes what was answered; nothing is picked or edited. The demo must have been indexed (`shoal demo`).
`python docs/transcripts.py INDEX` asks another index and prints to stdout, because names of another's clusters do not belong into this
repository. Sessions of this command are deleted again; its releases stay in the ledger, as any do.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from agent.core.events import Event
from agent.engine.session import Session
from agent.storage.export import document, to_markdown
from agent.wiring import DEMO, App

QUESTIONS = (
    "What do people use the assistant for most?",
    "Which languages are used most?",
    "What do people ask in Japanese that others do not?",
    "What is new since the launch?",
    "What has grown in the last two months?",
    "How has help with code changed over time?",
    "Is anyone running coordinated spam?",
    "Is there anything harmful going on?",
    "Where are the coverage gaps?",
    "How do conversations in Spanish differ from the rest?",
)
_FILE = Path(__file__).parent / "investigations.md"
_ROWS = 10
"""Rows of each table."""
_HEAD = """# Ten investigations

Made by `make transcripts` on {index}, by the built-in roles: no model ran. Each question was asked in a session of its own; answers stand as they came, removed sentences included, and are
followed by the findings that they cite.
"""


async def _asked(app: App, question: str) -> str:
    session = await asyncio.to_thread(app.session, built_in=True)
    try:
        events = await _all(session, question)
        text = to_markdown(document(session.store, session.id), _ROWS)
    finally:
        await session.close()
        store = app.store()
        store.delete(session.id)
        store.close()
    return "\n".join([*_body(text), *_work(events), ""])


async def _all(session: Session, question: str) -> list[Event]:
    async with aclosing(session.ask(question)) as events:
        return [event async for event in events]


def _body(text: str) -> list[str]:
    """The document without its title, its session and its closing line."""
    lines = text.splitlines()
    return lines[lines.index(next(line for line in lines if line.startswith("## "))) : -2]


def _work(events: Sequence[Event]) -> list[str]:
    calls = [event.tool for event in events if event.type == "tool_ended" and event.finding is not None]
    refusals = [event for event in events if event.type == "tool_ended" and event.refusal is not None]
    return ["", f"*Tools: {', '.join(calls) or 'none'}; {len(refusals)} refusals.*"]


async def main(index: str) -> None:
    app = App.start(index)
    parts = [await _asked(app, question) for question in QUESTIONS]
    named = "the demo" if index == DEMO else "an index of one's own"
    text = "\n".join([_HEAD.format(index=named), *parts])
    if index == DEMO:
        _FILE.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else DEMO))
