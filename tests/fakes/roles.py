"""Role sources and models for tests: other roles in a source, a model bound to a run of its own, the data behind a session."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.core.budget import Budget
from agent.core.events import Event
from agent.core.run import RunContext
from agent.engine.role_source import RoleSource
from agent.llm.client import Credentials, MessagesClient, RunModel
from agent.redteam.lab import data_behind
from agent.roles.protocols import RoleSet
from agent.wiring import App

__all__ = ["close", "data_behind", "model_at", "run_of", "with_built_in_readers", "with_roles"]


def with_roles(source: RoleSource, change: Callable[[RoleSet], RoleSet] | None = None, **roles: Any) -> RoleSource:
    """The source with other roles in every run's set."""

    def made(run: RunContext) -> RoleSet:
        found = replace(source.roles(run), **roles)
        return change(found) if change is not None else found

    return replace(source, roles=made)


def with_built_in_readers(source: RoleSource) -> RoleSource:
    """The source with readers that ask no model, so that a script of replies has the talking roles alone."""
    return replace(source, auditor=App.start("none").built_in_roles().auditor)


def model_at(url: str | None, run: RunContext | None = None) -> RunModel:
    """A model at a fake endpoint, for one run."""
    return MessagesClient(Credentials("key", None, url)).for_run(run or run_of())


async def close(model: RunModel) -> None:
    """Close the client behind a model."""
    await model._client.close()


def run_of(budget: Budget | None = None, emit: Callable[[Event], None] = lambda _: None) -> RunContext:
    """A run with this budget and event sink."""
    run = RunContext.unlimited("r-test", "tester", emit)
    return run if budget is None else replace(run, budget=budget)
