"""Questions in a file, asked one after the other, each in a session of its own: for schedules and for tests of an index.

    [[question]]
    id = "languages"
    ask = "Which languages are used most?"

Ids are unique, so that two runs of a file can be set side by side.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from agent.core.events import AnswerMade, RunEnded, ToolEnded, UsageReported
from agent.wiring import App
from index.core.errors import SettingsError
from index.core.settings_file import SettingsModel, checked, read_toml


class Question(SettingsModel):
    """One question. `id` names it in the output."""

    id: str = Field(min_length=1, max_length=80)
    ask: str = Field(min_length=1, max_length=10_000)


class Questions(SettingsModel):
    """A file of questions."""

    question: list[Question] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a question came to. `state` and `exit_code` are the run's; `cost` in US dollars, None where unknown."""

    id: str
    question: str
    state: str
    exit_code: int
    answer: str = ""
    cited: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    session: str = ""
    cost: float | None = 0.0


def read_questions(file: Path) -> Sequence[Question]:
    """Raises SettingsError where the file is not there, is no TOML, or holds an id twice."""
    if not file.is_file():
        raise SettingsError(f"There is no file {file}.", 'It holds [[question]] with id = "..." and ask = "...".')
    found = checked(Questions, read_toml(file), str(file)).question
    ids = [one.id for one in found]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise SettingsError(f"{file}: the id {twice[0]!r} is there twice.", "Give each question an id of its own.")
    return found


async def ask_all(app: App, questions: Sequence[Question], *, built_in: bool) -> AsyncGenerator[Answered]:
    """Ask each; one that fails keeps no other from being asked."""
    for one in questions:
        yield await _asked(app, one, built_in=built_in)


async def _asked(app: App, one: Question, *, built_in: bool) -> Answered:
    session = app.asking_session(built_in=built_in)
    answer, findings, state, code, cost = None, {}, "failed", 1, None if app.uses_model(built_in=built_in) else 0.0
    try:
        async with aclosing(session.ask(one.ask)) as events:
            async for event in events:
                if isinstance(event, ToolEnded) and event.finding is not None:
                    findings[event.finding["id"]] = event.finding
                elif isinstance(event, AnswerMade):
                    answer = event
                elif isinstance(event, UsageReported):
                    cost = event.cost
                elif isinstance(event, RunEnded):
                    state, code = event.state, event.exit_code
        name = session.id
    finally:
        await session.close()
    if answer is None:
        return Answered(one.id, one.ask, state, code or 7, session=name, cost=cost)
    cited = tuple(findings[handle] for handle in answer.cited if handle in findings)
    return Answered(one.id, one.ask, state, code, answer.text, answer.cited, cited, name, cost)
