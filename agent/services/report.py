"""A report over a whole index: a fixed set of questions, asked by the session's roles, as one document.

The questions are those of a weekly look: what there is, what is new or grew, what looks coordinated or harmful, what the flag
misses, and what is not covered. Each is released and in the ledger like any other.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta

from agent.storage.export import Document, document
from agent.wiring import App
from index.ingest.pipeline import Progress

_ALWAYS = (
    "What do people use the assistant for most?",
    "Is anyone running coordinated spam?",
    "Is there anything harmful, and does the classifier flag it?",
    "Where are the coverage gaps?",
)


def questions(days: int | None, last_day: date | None) -> Sequence[str]:
    """What is asked: with `days`, also what is new in the last so many days of the index's data."""
    if days is None or last_day is None:
        return _ALWAYS
    since = last_day - timedelta(days=days - 1)
    return (
        _ALWAYS[0],
        f"What is new since {since}?",
        f"How many conversations were there since {since}?",
        *_ALWAYS[1:],
    )


async def report(
    app: App, days: int | None, told: Callable[[Progress], None], *, built_in: bool
) -> tuple[Document, int]:
    """The report and the worst exit code of its runs. A question that fails is in it with its reason."""
    session = app.session(built_in=built_in)
    worst = 0
    try:
        facts = await session.toolbox.for_run("report").facts()
        asked = questions(days, facts.last_day)
        for done, question in enumerate(asked):
            told(Progress("asking", done, len(asked), question))
            async with aclosing(session.ask(question)) as events:
                async for event in events:
                    if event.type == "run_ended":
                        worst = max(worst, event.exit_code)
            session.waiting = ""
        told(Progress("asking", len(asked), len(asked)))
        made = document(session.store, session.id)
    finally:
        await session.close()
    title = f"{'Weekly report' if days == 7 else 'Report'} on {app.path.name}"
    about = f"{made.about}; data until {facts.last_day or 'an unknown day'}; {datetime.now(UTC):%Y-%m-%d}"
    return Document(title, about, made.parts), worst
