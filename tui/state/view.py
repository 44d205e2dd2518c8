"""What the screen shows, as one value. Nothing here draws and nothing in a widget computes.

`tui.state.reduce` makes it from events; the drawing modules turn it into text. It must never hold more than events carry and
the few facts about the index that the composition root knows.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from agent.core.answer import Draft

Phase = Literal[
    "starting", "no index", "ready", "planning", "running", "waiting", "stopping", "stopped", "done", "partial", "failed",
    "viewing",
]  # fmt: skip
"""`viewing`: a session that another process writes; it can be read and forked, not asked."""

TaskState = Literal["planned", "running", "waiting", "stopping", "done", "failed", "stopped"]
Density = Literal["collapsed", "normal", "detailed"]
"""Of the agents' rows. `normal`: they show while a run is on, and fold into one line when it has ended."""

Part = Literal["findings", "lead", "method"]
"""The parts of an answer that are folded under its first paragraph."""

PARTS: tuple[Part, ...] = ("findings", "lead", "method")
UNFINISHED: tuple[TaskState, ...] = ("planned", "running", "waiting", "stopping")


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of an agent, in words. `refusal` and `finding` are empty while it runs."""

    id: str
    text: str
    finding: str = ""
    refusal: str = ""
    elapsed_s: float | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One agent's row of the timeline. `began_s` is the run's second at which it started, None before."""

    id: str
    label: str
    state: TaskState = "planned"
    calls: tuple[Call, ...] = ()
    began_s: float | None = None
    elapsed_s: float | None = None
    failure: str = ""

    @property
    def findings(self) -> tuple[str, ...]:
        """Handles of what its calls released."""
        return tuple(call.finding for call in self.calls if call.finding)


@dataclass(frozen=True, slots=True)
class Wait:
    """A model endpoint that asks to wait. `until_s` is the run's second at which it is asked again, None: not stated."""

    cause: Literal["rate_limited", "overloaded", "unavailable"]
    until_s: float | None
    attempt: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What models took for one question. `cost` in US dollars, None where a price is not known."""

    tokens: int = 0
    calls: int = 0
    cost: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What was typed (a question, or a reply to one) and everything that came of it. `shown` and `suppressed` count rows
    and groups of its findings; `cited` are the handles that its answer rests on; `unfolded` its parts that are open."""

    run: str
    question: str
    assumptions: tuple[str, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    audit: str = ""
    answer: str = ""
    draft: "Draft | None" = None
    """The answer in its fields, once it is checked."""
    cited: tuple[str, ...] = ()
    unfolded: frozenset[Part] = frozenset()
    is_final: bool = False
    removed: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    shown: int = 0
    suppressed: int = 0
    usage: Usage = Usage()
    ended: str = ""
    message: str = ""
    hint: str = ""
    exit_code: int = 0
    elapsed_s: float = 0.0

    @property
    def failed_tasks(self) -> int:
        return sum(row.state == "failed" for row in self.tasks)

    @property
    def is_all_suppressed(self) -> bool:
        """Whether tools answered and the gate let no group through."""
        return bool(self.handles) and self.shown == 0 and self.suppressed > 0

    @property
    def produced_nothing(self) -> bool:
        return not self.handles and not self.answer


@dataclass(frozen=True, slots=True)
class View:
    """The whole screen. `findings` by handle, in order of release; `selected` is the one shown beside the chat, and
    `is_chosen` tells that the reader chose it since the last question. `pinned` stays beside it, to be compared."""

    phase: Phase = "starting"
    index: str = ""
    roles: str = ""
    policy: str = ""
    smallest: str = ""
    """The smallest group that is shown, in words."""
    snapshot: int = 0
    newest: int = 0
    """The newest snapshot published; beyond `snapshot` where another process published it since."""
    holds: str = ""
    """What the index holds, in a line: conversations, period, languages, themes."""
    landmarks: "Mapping[str, date]" = field(default_factory=dict)
    """Named days of the index."""
    is_keyless: bool = False
    """No key and no endpoint is set and built-in roles were not asked for: they answer all the same."""
    age_days: int = 0
    """Days since the newest snapshot was published."""
    turns: tuple[Turn, ...] = ()
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    selected: str | None = None
    is_chosen: bool = False
    pinned: str | None = None
    wait: Wait | None = None
    density: Density = "normal"

    @property
    def is_outdated(self) -> bool:
        """Whether a newer snapshot waits to be taken up."""
        return self.phase != "no index" and self.newest > self.snapshot > 0

    @property
    def turn(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def is_busy(self) -> bool:
        return self.phase in ("planning", "running", "waiting", "stopping")

    @property
    def can_resume(self) -> bool:
        """Whether the last run ended with something left to do."""
        return self.phase in ("stopped", "failed", "partial")

    @property
    def usage(self) -> Usage:
        """What models took in the whole session; the cost is unknown where one question's is."""
        used = [turn.usage for turn in self.turns]
        costs = [item.cost for item in used]
        cost = None if None in costs else sum(cost for cost in costs if cost is not None)
        return Usage(sum(item.tokens for item in used), sum(item.calls for item in used), cost)
