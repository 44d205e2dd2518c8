"""What the recipes of the built-in investigators share: stating a finding's rows as sentences that pass R8.

Every number is copied from a row; nothing is computed here. A tool that refuses ends its step and not the recipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import regex

from agent.roles.builtin.sentences import SPOKEN, figures, sentence, what, word
from agent.roles.protocols import Claim, Task, ToolCaller
from index.vocabulary import vocabulary
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Measure, Row
from tools.core.scope import Scope
from tools.core.wording import REST, UNCLUSTERED, UNNAMED

CONCERNING = 3
"""Grade from which a conversation counts as concerning."""
SHOWN = 5
Kind = Literal["answer", "support", "limit"]
_LOWERED_BEHIND_A_COLON = ("English", "French", "Spanish", "Portuguese")


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
            is_hidden = refusal.reason == "too few or too close"
            if is_hidden:
                text = sentence("hidden_scope", self.spoken, what=self.asked)
            spoken = self.spoken if is_hidden else "English"
            self.claims.append(Claim(text=text, findings=(), kind="limit", spoken=spoken, is_hidden=is_hidden))
            return None

    @property
    def asked(self) -> str:
        """What the task is about, in the middle of a sentence that cites nothing: so without digits."""
        about = ", ".join(what(scope, self.spoken) for scope in (self.task.scope, self.task.against) if scope)
        if any(map(str.isdigit, about)):
            scopes = (
                scope.model_copy(update={"since": None, "until": None, "cluster": None})
                for scope in (self.task.scope, self.task.against)
                if scope
            )
            about = ", ".join(dict.fromkeys(what(scope, self.spoken, every=False) for scope in scopes))
        plain = "the conversations asked about" if self.spoken == "English" else word("conversations", self.spoken)
        return plain if any(map(str.isdigit, about)) else about

    @property
    def spoken(self) -> str:
        """The language that claims are written in: the question's, where there are sentences in it."""
        return self.task.spoken if self.task.spoken in SPOKEN else "English"

    @property
    def shown(self) -> int:
        """How many groups a sentence names."""
        return self.task.shown or SHOWN

    def say(self, text: str, *findings: Finding, kind: Kind = "support") -> None:
        """A claim; the handles are put before its last full stop."""
        self._add(text, findings, kind, "English")

    def tell(
        self, key: str, *findings: Finding, kind: Kind = "support", verdict: str | None = None, **values: object
    ) -> str:
        """A claim in the language of the question, by the key of its sentence; returns it as it was stated. `verdict`: the key
        of what a yes-or-no question is answered first."""
        said = sentence(key, self.spoken, **values)
        if verdict is not None:
            is_lowered = self.spoken in _LOWERED_BEHIND_A_COLON
            said = sentence(verdict, self.spoken, said=f"{said[:1].lower()}{said[1:]}" if is_lowered else said)
        return self._add(said, findings, kind, self.spoken)

    def _add(self, text: str, findings: Sequence[Finding], kind: Kind, spoken: str) -> str:
        ids = tuple(dict.fromkeys(finding.id for finding in findings))
        cited = ", ".join(ids)
        bare = figures(text, spoken).rstrip(".。")
        stop = "。" if spoken in ("Japanese", "Chinese") and not findings else "."
        stated = f"{bare} [{cited}]{stop}" if findings else f"{bare}{stop}"
        kind = "support" if self.task.supports and kind == "answer" else kind
        stated = f"{stated[:1].upper()}{stated[1:]}"
        self.claims.append(Claim(text=stated, findings=ids, kind=kind, spoken=spoken))
        return stated

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
    """Rows with a name and a count in the first column, as the finding orders them; the rest of all groups has none."""
    return [row for row in finding.rows if row.label not in (UNNAMED, *REST) and row.values[0].count is not None]


def by_size(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -(row.values[0].count or 0))


def sized(row: Row, *, with_id: bool = False) -> str:
    value = row.values[0]
    share = f", {value.share} %" if value.share is not None else ""
    identity = f"{row.id}: " if with_id and row.id else ""
    return f"“{row.label}” ({identity}{value.count:,}{share})"


def listed(rows: Sequence[Row]) -> str:
    """Rows with their sizes; those that share a name are told apart by their ids."""
    labels = [row.label for row in rows]
    return ", ".join(sized(row, with_id=labels.count(row.label) > 1) for row in rows)


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


def has_room(scope: Scope) -> bool:
    """Whether a facet more can stand beside those that a scope restricts by. The default policy lets two cross."""
    return len(scope.facets()) < 2


def beside(row: Row, spoken: str) -> str:
    """A row with its shares in both columns: "“x” (3.1 % against 1.2 %)". Odds and intervals are in the finding."""
    one, other = row.values[0], row.values[-1]
    if len(row.values) < 2 or (one.share is None and other.share is None):
        return f"“{row.label}”"
    hidden = word("a suppressed share", spoken)
    left, right = (f"{value.share} %" if value.share is not None else hidden for value in (one, other))
    return f"“{row.label}” ({left} {word('against', spoken)} {right})"


async def themes_in(notes: Notes, scope: Scope, fewest: int = 1) -> tuple[Finding, list[Row]] | None:
    """The published themes in a scope, the largest first, so that a theme has one number in every answer; where fewer than
    `fewest` can be shown, those of its parts that can, small themes counted together. None: the scope was refused."""
    is_counted = has_room(scope) and not scope.near
    published = await notes.ask("count_by", arguments(scope, by="theme")) if is_counted else None
    shown = _themes(published)
    if published is not None and len(shown) >= fewest:
        return published, notes.fresh(shown)
    clustered = await notes.ask("cluster_scope", arguments(scope))
    if clustered is None or named(clustered):
        return None if clustered is None else (clustered, notes.fresh(named(clustered)))
    # Too small for parts of its own: the few published themes that it lies in.
    published = published if is_counted else await notes.ask("count_by", arguments(scope, by="theme"))
    shown = _themes(published)
    return (published, notes.fresh(shown)) if published is not None and shown else (clustered, [])


def _themes(published: Finding | None) -> list[Row]:
    return by_size([row for row in named(published) if row.label != UNCLUSTERED]) if published is not None else []


def area_named(label: str) -> str | None:
    """The area that a theme's name belongs to, by the vocabulary; None for a name that is no label of it."""
    name = regex.split(r":| · | \(", label, maxsplit=1)[0]
    return next((item.area for item in vocabulary().requests if name in (item.label, item.area)), None)


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
