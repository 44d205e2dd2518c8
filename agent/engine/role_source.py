"""Where a session gets its roles from: made anew for each run, so that what a role spends is charged to that run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.core.run import RunContext
from agent.roles.protocols import RoleSet
from index.privacy.judgement import NameAuditor


@dataclass(frozen=True, slots=True)
class RoleSource:
    """One implementation of every role. `name` is shown: "built-in", or the models' names. `close` lets its connections go,
    when no run needs them any more. `auditor` judges names before they are released."""

    name: str
    uses_model: bool
    roles: Callable[[RunContext], RoleSet]
    auditor: Callable[[RunContext], NameAuditor | None]
    close: Callable[[], Awaitable[None]]
