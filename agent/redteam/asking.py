"""What every attack does at the public doors: call tools, ask questions, and keep everything that came back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.core.events import AnswerMade, ClarificationAsked, Event, ToolEnded, ToolStarted, dump
from agent.core.run import RunContext
from agent.engine.session import Session
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.toolbox import RunTools

QUESTIONS = (
    "What do people use the assistant for most?",
    "Which languages are used?",
    "What is new since 2026-05-01?",
    "Is anyone running coordinated spam?",
    "What do German speakers do that others do not?",
    "How has help with letters changed over time?",
    "Is there abuse that is not flagged?",
    "Which conversations are of concern by surface?",
)
"""Everyday questions of an analyst, one of each kind of look."""

EVERYTHING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("overview", {}),
    ("count_by", {"by": "language"}),
    ("count_by", {"by": "theme"}),
    ("count_by", {"by": "topic"}),
    ("count_by", {"by": "language", "across": "surface"}),
    ("cluster_scope", {"scope": {"language": "English"}}),
    ("cluster_scope", {"min_size": 50}),
    ("trend", {"by": "week"}),
    ("emerging", {"since": "2026-05-01"}),
    ("coordination", {"by": "theme"}),
    ("compare", {"first": {"language": "German"}, "by": "topic"}),
    ("coverage", {}),
    ("flag_gaps", {}),
    ("drill_down", {"cluster": "T1"}),
    ("topic_map", {}),
)
"""A call of every tool that says something of a whole index."""


@dataclass(slots=True)
class Asked:
    """One question: its events in order."""

    question: str
    events: list[Event] = field(default_factory=list)

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Tools called and with what."""
        return [(event.tool, event.arguments) for event in self.events if isinstance(event, ToolStarted)]

    @property
    def released(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """(tool, arguments, finding) of every call that was answered."""
        started = {event.call: event for event in self.events if isinstance(event, ToolStarted)}
        return [
            (event.tool, started[event.call].arguments, event.finding)
            for event in self.events
            if isinstance(event, ToolEnded) and event.finding is not None
        ]

    @property
    def refusals(self) -> int:
        """Calls that were refused."""
        return sum(isinstance(event, ToolEnded) and event.refusal is not None for event in self.events)

    @property
    def answer(self) -> str:
        """The answer's text, or the question back."""
        texts = [event.text for event in self.events if isinstance(event, AnswerMade)]
        texts += [event.question for event in self.events if isinstance(event, ClarificationAsked)]
        return "\n".join(texts)

    def output(self) -> str:
        """Everything that left, as text, without the question itself."""
        return "\n".join(str(dump(event)) for event in self.events).replace(self.question, "")


async def ask(session: Session, question: str) -> Asked:
    """One question to its end. What it asks back is not answered."""
    asked = Asked(question, [event async for event in session.ask(question)])
    session.waiting = ""
    return asked


def tools_of(session: Session) -> RunTools:
    """The tools of a session, as one of its runs has them."""
    run = RunContext.unlimited()
    return session.toolbox.for_run("", session.roles.auditor(run))


async def call_all(session: Session, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Finding]:
    """Each call at the tools' door; refusals are left out."""
    found, tools = [], tools_of(session)
    for name, arguments in calls:
        try:
            found.append(await tools.call(name, arguments))
        except ToolRefusal:
            continue
    return found
