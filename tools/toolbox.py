"""What the talk plane holds of an index: tools by name, facts that the gate released, and what its settings say (R2).

There is no way from here to a row, a vector, a facet's values or the gate: a call gives a finding or a refusal.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from index.core.errors import SettingsError
from index.core.untrusted import safe
from index.handle import LABELS
from index.labels import MOST, OwnLabel, load_labels, write_labels
from index.naming.given import GivenName, names_in_turn, read_names, write_names
from index.privacy.judgement import NameAuditor
from index.vocabulary import public_part
from tools.context import ToolContext
from tools.core.finding import Finding
from tools.core.handles import Handles
from tools.core.ledger import Release
from tools.index_facts import IndexFacts, released_facts
from tools.registry import call

_LISTED = "T"
"""Of the handle of a list of themes, which no answer cites."""


@dataclass(frozen=True, slots=True)
class IndexCard:
    """What is known of an index without looking at any conversation: where it is, which snapshot is open, what its own
    settings define, and the policy in force."""

    path: Path
    snapshot: int
    landmarks: Mapping[str, date]
    own_facets: tuple[str, ...]
    policy: str
    min_conversations: int
    min_accounts: int
    published: str = ""
    """When the snapshot was published, as ISO has it; empty where an older Shoal did not say."""


class LedgerReading(NamedTuple):
    """A ledger as a person reads it: releases, newest first, and the first broken entry, if any."""

    releases: list[Release]
    broken: int | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "LedgerReading":
        """The reading of its plain values, as a gate elsewhere sends them."""
        return cls([Release(**entry) for entry in values["releases"]], values["broken"])


@dataclass(frozen=True, slots=True)
class RunTools:
    """The tools as one run calls them: its releases bear its id in the ledger, and the same call is made once."""

    _context: ToolContext = field(repr=False)
    _made: dict[str, Finding] = field(default_factory=dict, repr=False)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict, repr=False)

    async def call(self, name: str, arguments: dict[str, Any]) -> Finding:
        """Run a tool by name. A call that was made before in this run gives the same finding, under its handle. Raises
        ToolRefusal."""
        key = json.dumps([name, arguments], sort_keys=True, default=str)
        async with self._turns.setdefault(key, asyncio.Lock()):
            if key not in self._made:
                self._made[key] = await call(name, arguments, self._context)
            return self._made[key]

    async def facts(self, *, with_themes: bool = False) -> IndexFacts:
        """What the talk plane may know before it asks: released once for each snapshot and policy."""
        return await released_facts(self._context, with_themes=with_themes)

    async def themes(self) -> Finding:
        """All themes of the taxonomy with their sizes, released as the tool `overview` releases them."""
        return await call("overview", {}, replace(self._context, handles=Handles(_LISTED)))

    async def themes_since(self, day: str) -> Finding:
        """The sizes of all themes since a day, released as the tool `count_by` releases them."""
        scope = {"since": day}
        return await call("count_by", {"by": "theme", "scope": scope}, replace(self._context, handles=Handles(_LISTED)))

    def restore(self, stored: dict[str, Any]) -> Finding:
        """A finding from its stored form. Raises ToolRefusal when the ledger never saw it."""
        return self._context.gate.restore(stored)


class Toolbox:
    """The tools of one session over one snapshot. Close when done; `is_shared`: others use the same gate, and its ledger
    stays open."""

    def __init__(self, context: ToolContext, *, is_shared: bool = False) -> None:
        self._context = context
        self._is_shared = is_shared
        settings = context.index.settings
        self.card = IndexCard(
            context.index.path,
            context.index.snapshot.number,
            settings.landmarks,
            tuple(facet.name for facet in context.index.snapshot.own_facets),
            context.gate.policy.describe(),
            context.gate.policy.min_conversations,
            context.gate.policy.min_accounts,
            context.index.snapshot.meta.get("published", ""),
        )

    def for_run(self, run: str, auditor: NameAuditor | None = None) -> RunTools:
        """The tools for one run, with the auditor of names that is charged to it; without one the gate's rules judge alone."""
        return RunTools(replace(self._context, run=run, auditor=auditor))

    def rename(self, cluster: str, text: str, by: str) -> str:
        """Give a theme a name of the analyst's, kept with the index; an empty text takes it back. Returns what is kept. Raises
        SettingsError where the name may not be shown."""
        index = self._context.index
        text = " ".join(text.split())
        with names_in_turn(index.path):
            names = read_names(index.path)
            before = names.pop(cluster, None)
            if text:
                problem = self._context.gate.problem_with_name(text, cluster)
                if problem is not None:
                    raise SettingsError(
                        f"“{safe(text)}” cannot be the name of {cluster}: {problem}", "Choose general words."
                    )
                names[cluster] = GivenName(text, by, datetime.now(UTC).date().isoformat())
            elif before is None:
                raise SettingsError(f"{cluster} has no name that an analyst gave.", "List the themes: shoal themes")
            if before is None or before.text != text:
                self.note("rename theme", {"cluster": cluster, "name": text})
                write_names(index.path, names)
        return text

    def add_label(self, text: str, phrasings: Sequence[str]) -> None:
        """Keep a label of the index's own, from which the next publishing may name themes; one of the same text takes its
        place. Raises SettingsError where it may not be a name."""
        index, text = self._context.index, " ".join(text.split())
        phrasings = tuple(" ".join(phrasing.split()) for phrasing in phrasings)
        if public_part(text)[0]:
            raise SettingsError(f"“{safe(text)}” is a label of the public vocabulary already.", "It needs no adding.")
        for said in (text, *phrasings):
            if (problem := self._context.gate.problem_with_name(said)) is not None:
                what = "a label" if said == text else "a phrasing"
                raise SettingsError(f"“{safe(said)}” cannot be {what}: {problem}", "Choose general words.")
        with names_in_turn(index.path):
            kept = [label for label in load_labels(index.path / LABELS) if label.text != text]
            if len(kept) == MOST:
                raise SettingsError(f"An index has at most {MOST} labels of its own.", "Remove one first.")
            self.note("add label", {"label": text, "phrasings": list(phrasings)})
            write_labels(index.path / LABELS, [*kept, OwnLabel(text, phrasings)])

    def remove_label(self, text: str) -> None:
        """Take a label of the index's own away. Raises SettingsError where there is none of that text."""
        path = self._context.index.path
        with names_in_turn(path):
            labels = load_labels(path / LABELS)
            kept = [label for label in labels if label.text != text]
            if len(kept) == len(labels):
                raise SettingsError(f"The index has no label “{safe(text)}”.", "List them: shoal themes labels")
            self.note("remove label", {"label": text})
            write_labels(path / LABELS, kept)

    def note(self, what: str, arguments: dict[str, Any]) -> None:
        """Write into the ledger what became of earlier findings."""
        self._context.gate.note(what, arguments)

    def start_at(self, number: int) -> None:
        """Give the next finding the handle F`number` (a resumed session)."""
        self._context.handles.start_at(number)

    def read_ledger(self) -> LedgerReading:
        """Verify the ledger's chain and list its releases."""
        ledger = self._context.gate.ledger
        return LedgerReading(ledger.releases(), ledger.verify())

    def warm(self) -> None:
        """Load what questions will need: the embedding model, the columns tools read, the taxonomy's names; where a scope
        may be large, what clusters it too."""
        self._context.warm()

    def close(self) -> None:
        """Close the ledger, where nobody else uses it."""
        if not self._is_shared:
            self._context.gate.ledger.close()
