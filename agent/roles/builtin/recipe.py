"""What the recipes of the built-in investigators share: stating a finding's rows as sentences that pass R8.

Every number is copied from a row; nothing is computed here. A tool that refuses ends its step and not the recipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import regex

from agent.roles.protocols import Claim, Task, ToolCaller
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Measure, Row
from tools.core.scope import Scope
from tools.core.wording import UNNAMED

CONCERNING = 3
"""Grade from which a conversation counts as concerning."""
SHOWN = 5
HIDDEN = "Hidden"
"""How the claim begins that a scope is hidden by the policy."""
_TOO_FEW = "Too few conversations or accounts match, or the rest would be too few. Try a longer period"
Kind = Literal["answer", "support", "limit"]


@dataclass(slots=True)
class Notes:
    """A task's claims as they come, and the tools that refused."""

    task: Task
    tools: ToolCaller
    claims: list[Claim] = field(default_factory=list)

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> Finding | None:
        """A tool's finding, or None when it refuses; the refusal is noted, so that the answer says what is missing."""
        try:
            return await self.tools.call(tool, dict(arguments))
        except ToolRefusal as refusal:
            text = f"Refused ({tool.replace('_', ' ')}): {_spoken(refusal)}"
            if refusal.reason == "too few or too close":
                text = f"{HIDDEN}: {self.asked}. {_TOO_FEW}."
            self.claims.append(Claim(text=text, findings=(), kind="limit"))
            return None

    @property
    def asked(self) -> str:
        """What the task is about, in the middle of a sentence that cites nothing: so without digits."""
        about = " and ".join(unquoted(scope.describe()) for scope in (self.task.scope, self.task.against) if scope)
        return "the conversations asked about" if any(map(str.isdigit, about)) else about

    @property
    def shown(self) -> int:
        """How many groups a sentence names."""
        return self.task.shown or SHOWN

    def say(self, text: str, *findings: Finding, kind: Kind = "support") -> None:
        """A claim; the handles are put before its last full stop."""
        cited = ", ".join(finding.id for finding in findings)
        stated = f"{text.rstrip('.')} [{cited}]." if findings else text
        self.claims.append(Claim(text=stated, findings=tuple(finding.id for finding in findings), kind=kind))

    def fresh(self, rows: Sequence[Row]) -> list[Row]:
        """Rows that no earlier answer named, where the task asks for what else there is."""
        return [row for row in rows if row.label not in self.task.already_named]


def _spoken(refusal: ToolRefusal) -> str:
    """A refusal's first sentence, which is for a person; what follows tells a model what to call instead. Without
    figures, because a limit of a tool is no number of the data and cites no finding."""
    text = regex.sub(r"\s*\([^)]*\)", "", str(refusal)).split(". ")[0].replace("“", "").replace("”", "").rstrip(".")
    if any(sign.isdigit() for sign in text):
        text = "the request exceeds a limit of this tool"
    return f"{text[:1].lower()}{text[1:]}."


def unquoted(text: str) -> str:
    """A scope's description in the middle of a sentence, where quotes would name a group."""
    return text.replace("“", "").replace("”", "")


def arguments(scope: Scope, **more: Any) -> dict[str, Any]:
    """A tool's arguments with its scope, where it restricts anything."""
    restricted = stated(scope)
    return {**({"scope": restricted} if restricted else {}), **more}


def stated(scope: Scope) -> dict[str, Any]:
    """The scope as an argument: what it restricts, and nothing else."""
    return {name: value for name, value in scope.model_dump(mode="json", exclude_none=True).items() if value != {}}


def named(finding: Finding) -> list[Row]:
    """Rows with a name and a count in the first column, as the finding orders them."""
    return [row for row in finding.rows if row.label != UNNAMED and row.values[0].count is not None]


def by_size(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -(row.values[0].count or 0))


def sized(row: Row) -> str:
    value = row.values[0]
    share = f", {value.share} %" if value.share is not None else ""
    return f"“{row.label}” ({value.count:,}{share})"


def listed(rows: Sequence[Row]) -> str:
    return ", ".join(sized(row) for row in rows)


def mostly(rows: Sequence[Row], finding: Finding) -> str:
    """How these rows stand to the whole: "mostly" where they are half of it and more."""
    counted = sum(row.values[0].count or 0 for row in rows)
    return "mostly" if 2 * counted >= finding.totals[0] else "among others"


def measure(row: Row, name: str) -> Measure | None:
    return next((found for found in row.measures if found.name == name), None)


def odds(row: Row) -> float:
    """The odds ratio of a row that is clearly over or under, else 1."""
    found = measure(row, "odds ratio")
    if found is None or found.value is None or found.verdict in ("", "no clear difference"):
        return 1.0
    return found.value


def odds_stated(row: Row, beside: str) -> str:
    """A row with its share and its odds ratio with the interval: "“x” (3.1 %, 2.4× (1.9 to 3.0) the odds elsewhere)"."""
    found = measure(row, "odds ratio")
    value = row.values[0]
    share = f"{value.share} %, " if value.share is not None else ""
    if found is None or found.value is None:
        return f"“{row.label}” ({share.rstrip(', ')})" if share else f"“{row.label}”"
    bound = ("at most " if found.is_at_most else "at least ") if found.is_bound else ""
    return f"“{row.label}” ({share}{bound}{found.value}× ({found.low} to {found.high}) the odds {beside})"


async def themes_of(notes: Notes, scope: Scope, clustered: Finding) -> tuple[Finding, list[Row]]:
    """The named themes of a scope that was clustered; where it is too small for clusters of its own, those of everything that
    it lies in."""
    if named(clustered):
        return clustered, notes.fresh(named(clustered))
    published = await notes.ask("count_by", arguments(scope, by="theme"))
    if published is None or not named(published):
        return clustered, []
    return published, notes.fresh(by_size(named(published)))


def _series(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def left_out(notes: Notes, finding: Finding) -> None:
    """What a reader must know about what a finding's numbers leave out."""
    parts = []
    if finding.outside and finding.rows:
        parts.append(f"{finding.outside} % are unclustered")
    if finding.suppressed.groups:
        share = f" ({finding.suppressed.share} %)" if finding.suppressed.share else ""
        parts.append(
            f"{finding.suppressed.groups} {'group is' if finding.suppressed.groups == 1 else 'groups are'} suppressed{share}"
        )
    elif finding.suppressed.share and finding.rows:
        parts.append(f"{finding.suppressed.share} % are in groups too small to show")
    if finding.suppressed.unnamed:
        unnamed = finding.suppressed.unnamed
        parts.append(f"{unnamed} {'group is' if unnamed == 1 else 'groups are'} shown without a name")
    if parts:
        notes.say(f"Of {finding.scope}, {_series(parts)}", finding, kind="limit")
