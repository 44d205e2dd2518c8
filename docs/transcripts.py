"""Writes docs/evaluation/investigations: the demo asked by the built-in roles, one page a question.

`make transcripts` asks, and writes what was answered. `python -m docs.transcripts FILE` asks the questions of a file of JSON
lines (`question`, and `after` for what is asked before it) and writes docs/evaluation/asked: the answers alone, a dozen a
page. Nothing is picked or edited. The demo must have been indexed
(`shoal demo`). Its sessions are deleted again. Its releases stay in the ledger, as all do.
"""

import asyncio
import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import regex

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
_FOLDER = Path(__file__).parent / "evaluation" / "investigations"
_ROWS = 5
"""Rows of each table."""
_FINDINGS = 2
"""Findings that a page shows; it counts the others."""
_MADE = "Made by `make transcripts` on the demo, by the built-in roles. No model ran."
_INDEX = f"""# Investigations

{_MADE} Each question was asked in a session of its own. Each page
shows the answer as it came, with removed sentences, and then the first findings that it cites.

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
    """The document without its title, its session, its closing line and its later findings."""
    lines = text.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("## "))) + 1
    findings = [place for place, line in enumerate(lines) if line.startswith("### ")]
    if len(findings) <= _FINDINGS:
        return lines[start:-2]
    more = f"*And {len(findings) - _FINDINGS} more findings: `shoal sessions show ID --markdown` prints all.*"
    return [*lines[start : findings[_FINDINGS]], more]


def _work(events: Sequence[Event]) -> list[str]:
    calls = [event.tool for event in events if event.type == "tool_ended" and event.finding is not None]
    refusals = [event for event in events if event.type == "tool_ended" and event.refusal is not None]
    return ["", f"*Tools: {', '.join(calls) or 'none'}; {len(refusals)} refusals.*"]


_ASKED = Path(__file__).parent / "evaluation" / "asked"
_A_PAGE = 9
_HOW = (
    "Made by `python -m docs.transcripts FILE` on the demo, by the built-in roles. No model ran. Tables are left out."
)


async def everyday(file: Path) -> None:
    """Asks each question of a file in a session of its own, after the one that it follows, and writes the answers."""
    app = App.start(DEMO)
    app.open_index()  # an index that is not there fails here, before earlier pages are deleted
    shutil.rmtree(_ASKED, ignore_errors=True)
    _ASKED.mkdir(parents=True)
    asked = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    pages = [asked[start : start + _A_PAGE] for start in range(0, len(asked), _A_PAGE)]
    for number, page in enumerate(pages, start=1):
        parts = [await _answer(app, item) for item in page]
        text = f"# Everyday questions, {number} of {len(pages)}\n\n{_HOW}\n\n" + "\n\n".join(parts) + "\n"
        (_ASKED / f"{number}.md").write_text(text, "utf-8")
    links = "\n".join(f"- [Page {number}]({number}.md)" for number in range(1, len(pages) + 1))
    (_ASKED / "README.md").write_text(f"# Everyday questions\n\n{_HOW}\n\n{links}\n", "utf-8")


async def _answer(app: App, item: dict[str, str | None]) -> str:
    session = await asyncio.to_thread(app.session, built_in=True)
    try:
        if before := item["after"]:
            await _all(session, before)
        events = await _all(session, str(item["question"]))
    finally:
        await session.close()
        store = app.store()
        store.delete(session.id)
        store.close()
    question = str(item["question"])
    title = textwrap.shorten(question, 100, placeholder=" …")
    whole = f"\n\n*{question}*" if title != question else ""
    head = f"## {title}{whole}" + (f"\n\n*After: {before}*" if before else "")
    said = [event.text for event in events if event.type == "answer_made"]
    back = [
        "\n".join([event.question, "", *(f"- {text}" for text in event.suggestions[:3])])
        for event in events
        if event.type == "clarification_asked"
    ]
    return _wrapped("\n\n".join([head, *said, *back]))


def _wrapped(text: str) -> str:
    """Prose in lines as narrow as those of other pages."""
    return "\n".join(
        line
        if line.startswith("#")
        else textwrap.fill(line, 110, subsequent_indent="  " if line.startswith("- ") else "", break_long_words=False)
        for line in text.split("\n")
    )


async def main() -> None:
    app = App.start(DEMO)
    app.open_index()  # an index that is not there fails here, before earlier pages are deleted
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    links = []
    for question in QUESTIONS:
        name = regex.sub(r"[^a-z]+", "-", question.lower()).strip("-") + ".md"
        text = await _asked(app, question)
        (_FOLDER / name).write_text(f"# {question}\n\n{_MADE}\n\n{text}", "utf-8")
        links.append(f"- [{question}]({name})")
    (_FOLDER / "README.md").write_text(_INDEX + "\n".join(links) + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(everyday(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
