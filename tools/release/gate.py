"""The release gate: the only door out of the data plane, and the only builder of findings (R2).

Tools ask it three questions: `admit` (a scope, or a part of one), `is_releasable` (a group) and `release` (a candidate table).
It must never take a number or a label on trust: everything that leaves is computed from the members
(`tools.release.pipeline`), and written to the ledger once, at the end, under one lock.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from index.handle import Index
from index.privacy.judgement import NameAuditor
from index.snapshots.snapshot import Rows
from tools.core.candidate import CandidateTable
from tools.core.counting import complement_of
from tools.core.errors import PHRASES_SPENT, PrivacyViolation, Reason, ToolRefusal
from tools.core.finding import _GATE_PASS, Finding, Row, is_intact, with_present_names
from tools.core.handles import Handles
from tools.core.ledger import NOTED, REFUSED, Ledger
from tools.core.phrases import Phrases
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Resolved, Scope, resolve
from tools.dp.noisy_release import release_with_noise
from tools.history.release_history import ReleaseHistory
from tools.naming.labels import Labels
from tools.release.ledger_entry import entry_of, outcome_of, sets_of
from tools.release.pipeline import decided
from tools.release.remembered import Decision, Remembered
from tools.release.rows import RenderedTable, rendered, source_notes
from tools.suppression.disclosure_audit import DisclosureAudit
from tools.suppression.public_period import PublicPeriod, public_period
from tools.suppression.recoding import recoded
from tools.suppression.small_cells import small_cells
from tools.suppression.thresholds import Thresholds

Purpose = Literal["count", "readings", "side"]
"""What a group would be released for: its count; more than its count, such as bands; as one side of a comparison."""


@dataclass(frozen=True)
class Gate:
    """The gate of one session: one policy over one snapshot, recoded under that policy (`tools.suppression.recoding`).
    Another policy is another gate, so that nothing computed under one can be used under another."""

    index: Index
    policy: PrivacyPolicy
    ledger: Ledger
    to_model: bool = False
    """Whether findings go to a model endpoint; written in the ledger."""
    analyst: str = ""
    """For whom it releases, for the record; empty: the one whom the ledger was opened for."""
    most_epsilon: float | None = None
    """ε that this analyst may spend of the index's; None: all of it."""
    _thresholds: Thresholds = field(init=False, repr=False)
    _history: ReleaseHistory = field(init=False, repr=False)
    _audit: DisclosureAudit = field(init=False, repr=False)
    _labels: Labels = field(init=False, repr=False)
    _phrases: Phrases = field(init=False, repr=False)
    _remembered: Remembered = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", recoded(self.index, self.policy))
        thresholds, snapshot = Thresholds(self.index, self.policy), self.index.snapshot
        history = ReleaseHistory(
            snapshot,
            thresholds.most_near,
            self.ledger,
            lambda rows: thresholds.counted(rows).accounts,
            thresholds.is_near,
            self.policy.min_accounts,
        )
        parts = {
            "_thresholds": thresholds,
            "_history": history,
            "_audit": DisclosureAudit(snapshot, self.ledger, self._small_cells, history.signature),
            "_labels": Labels(thresholds),
            "_phrases": Phrases(self.ledger),
            "_remembered": Remembered(thresholds.key_of),
        }
        for name, part in parts.items():
            object.__setattr__(self, name, part)

    @cached_property
    def public_period(self) -> PublicPeriod | None:
        """The period of the index that may be stated; None where there is none."""
        return public_period(self._thresholds)

    def with_policy(self, policy: PrivacyPolicy) -> "Gate":
        """A gate under another policy, over the same index and ledger."""
        return Gate(self.index, policy, self.ledger, self.to_model, self.analyst)

    def on_behalf_of(self, analyst: str, most_epsilon: float | None = None) -> "Gate":
        """The same gate with its one history, whose entries name another analyst."""
        theirs = copy(self)
        object.__setattr__(theirs, "analyst", analyst)
        object.__setattr__(theirs, "most_epsilon", most_epsilon)
        return theirs

    def is_releasable(self, rows: Rows, purpose: Purpose = "count") -> bool:
        """Whether a tool may use this group: it meets the thresholds (R3), and as a side, whose size is released with it, it
        is not suppressed to protect another (R4)."""
        if purpose == "readings":
            return self._thresholds.meets_reading(rows)
        if not self._thresholds.meets(rows):
            return False
        if purpose == "count":
            return True
        with self.ledger.exclusive():
            self._history.catch_up()
            return not self._history.is_suppressed(rows)

    def is_of_size(self, rows: Rows, smallest: int) -> bool:
        """Whether a group that a tool found by its size may be used: it meets the thresholds, and is so large with its soft edge."""
        return self._thresholds.meets(rows) and self._thresholds.is_of_size(rows, smallest)

    def leads(self, ahead: int, rows: Rows) -> bool:
        """Whether a tool may say which value most accounts of a group have, where it is so many accounts ahead."""
        return self._thresholds.leads(ahead, rows)

    def rounded(self, rows: Rows) -> int:
        """How many these are as it would leave: by what a tool chooses the largest, so that a choice tells no more."""
        return self._thresholds.rounded(len(rows), rows)

    def admit(self, scope: Scope, *, fixed_domain: bool = False) -> Resolved:
        """The rows of a scope, or those of an earlier, nearly identical one (R5). Raises ToolRefusal when the scope or its
        complement is too small to ask about (R3) or is suppressed to protect another (R4). `fixed_domain`: only counts over a
        fixed domain will be released of it; where noise is added to those, a refusal by exact sizes would tell what the
        noise hides."""
        resolved = resolve(self.index, scope)
        if fixed_domain and self.policy.adds_noise:
            return replace(resolved, is_unchecked=True)
        everything = len(self.index.snapshot)
        meets = self._thresholds.meets(resolved.rows)
        rest = everything - len(resolved.rows)
        # A phrase and a period inside the one that may be stated are no part of the domain: whether they leave out few or
        # nobody must not show.
        is_part = rest > 0 or scope.near is not None or self._cuts_period(scope)
        if meets and is_part and not self._thresholds.meets(complement_of(resolved.rows, np.arange(everything))):
            raise ToolRefusal(
                "Nearly all conversations match, so the rest would be below the threshold. Ask without the restriction.",
                "nearly everything",
            )
        with self.ledger.exclusive():
            self._require_phrase(scope)
            self._history.catch_up()
            # One sentence for both, so that it does not tell which of them holds.
            if not meets or (rest and self._history.is_suppressed(resolved.rows)):
                raise ToolRefusal(
                    f"This group is below the privacy threshold, or releasing it would disclose one that is ({self.policy.describe()}). "
                    "Widen the scope or the period, or ask count_by which values a facet has.",
                    "too few or too close",
                )
            return Resolved(scope, self._matched(resolved.rows))

    def _require_phrase(self, scope: Scope) -> None:
        """Raises ToolRefusal for a new phrase where the index has been asked near as many this month as its policy allows."""
        if scope.near is None:
            return
        known = self._phrases.known()
        if scope.near.casefold() not in known and len(known) >= self.policy.phrases_per_month:
            raise ToolRefusal(
                f"This index was asked near {len(known):,} distinct phrases this month, which is all that its policy allows "
                "(phrases_per_month). Use a phrase that was asked before, a theme, or wait for next month.",
                PHRASES_SPENT,
            )

    def _cuts_period(self, scope: Scope) -> bool:
        period = self.public_period
        if period is None:
            return scope.since is not None or scope.until is not None
        since, until = scope.since or period.first, scope.until or period.last
        return since > period.first or until < period.last

    def admit_part(self, rows: Rows) -> Rows:
        """The members that a cell of these would be answered with: those of an earlier, nearly identical set (R5)."""
        with self.ledger.exclusive():
            self._history.catch_up()
            return self._matched(rows)

    def _matched(self, rows: Rows) -> Rows:
        earlier = self._history.match(rows)
        return rows if earlier is None else self._history.rows_of(earlier)

    async def consult(self, candidate: CandidateTable, auditor: NameAuditor) -> None:
        """Let a model judge names before they are released (R11)."""
        await self._labels.consult(candidate, self._thresholds, auditor)

    def release(self, candidate: CandidateTable, handles: Handles | None = None, run: str = "") -> Finding:
        """Decide, build the finding with the next of `handles` and write the ledger's entry of `run`, as one step. Raises
        ToolRefusal."""
        self._check(candidate)
        if candidate.has_fixed_domain and self.policy.adds_noise:
            return self._release_noisy(candidate, handles, run)
        if candidate.resolved.is_unchecked:
            raise PrivacyViolation("A scope of any size was used for more than noisy counts.", "A bug; report it.")
        labels = self._labels.of(candidate, self._thresholds)
        with self.ledger.exclusive():
            self._history.catch_up()
            self._protect_small_cells()
            made = self._decision(candidate, labels)
            named = self._labels.notes({row.id: row.label for row in made.shown.rows})
            shown = replace(made.shown, notes=(*made.shown.notes, *named))
            finding = self._finding(candidate, shown, handles)
            asked = len(finding.rows) + finding.suppressed.groups
            outcome = outcome_of(finding, asked=asked, smallest=made.smallest)
            self.ledger.append(
                {**self._entry(finding, candidate.arguments, run), **outcome}, made.sets, None, self.analyst
            )
        return finding

    def _decision(self, candidate: CandidateTable, labels: Sequence[str]) -> Decision:
        def decide() -> Decision:
            table = decided(candidate, self._thresholds, self._history, self._audit)
            shown = rendered(table, labels, self._thresholds)
            return Decision.of(table, shown, sets_of(table, self._thresholds, self._history))

        if self.policy.rounds_too_little:
            return decide()  # the disclosure audit looks at more than the history tells
        return self._remembered.decision(candidate, labels, self._history.version, decide)

    def _check(self, candidate: CandidateTable) -> None:
        crossed = candidate.resolved.scope.facets() | candidate.facets
        if len(crossed) > self.policy.max_facets:
            raise ToolRefusal(
                f"That crosses {len(crossed)} facets ({', '.join(sorted(crossed))}); at most {self.policy.max_facets}. "
                "Leave one out.",
                "too many facets",
            )

    def _protect_small_cells(self) -> None:
        """Keep two released numbers from giving a small cell of closed facets as their difference (R3). With so little
        rounding that more of them would, the disclosure audit protects the same cells."""
        if not self.policy.rounds_too_little:
            self._history.protect_once(self._small_cells)

    def _small_cells(self) -> list[Rows]:
        return small_cells(self.index.snapshot, self._thresholds.meets, self._thresholds.always_met_from)

    def _release_noisy(self, candidate: CandidateTable, handles: Handles | None, run: str) -> Finding:
        """Closed counts with noise (differential privacy). No set is kept: what was released tells no exact one."""
        with self.ledger.exclusive():
            noisy = release_with_noise(self.index.snapshot, self.policy, self.ledger, candidate, self._epsilon_left())
            table = RenderedTable(noisy.rows, noisy.totals, noisy.suppressed, None, noisy.notes)
            finding = self._finding(candidate, table, handles)
            outcome = outcome_of(finding, asked=len(candidate.groups), smallest=noisy.smallest)
            self.ledger.append(
                {**self._entry(finding, candidate.arguments, run), **outcome}, [], noisy.spending, self.analyst
            )
        return finding

    def _epsilon_left(self) -> float:
        left = self.policy.epsilon_total - self.ledger.spent()
        return left if self.most_epsilon is None else min(left, self.most_epsilon - self.ledger.spent(self.analyst))

    def _finding(self, candidate: CandidateTable, table: RenderedTable, handles: Handles | None) -> Finding:
        """The finding of a rendered table, with the next handle and its digest."""
        snapshot, scope = self.index.snapshot, candidate.resolved.scope
        fields: dict[str, Any] = {
            "tool": candidate.tool,
            "title": candidate.title,
            "shape": candidate.shape,
            "scope": scope.describe(),
            "period": self.public_period.of(scope) if self.public_period else "dates suppressed or unknown",
            "columns": candidate.columns,
            "rows": table.rows,
            "totals": table.totals,
            "suppressed": table.suppressed,
            "outside": table.outside,
            "method": candidate.method,
            "notes": (*table.notes, *source_notes(snapshot, scope.facets() | candidate.facets)),
            "policy": self.policy.describe(),
            "snapshot": snapshot.number,
        }
        handle = next(handles or Handles())
        draft = Finding(id=handle, digest="", gate_pass=_GATE_PASS, **fields)
        return Finding(id=handle, digest=draft.computed_digest(), gate_pass=_GATE_PASS, **fields)

    def _entry(self, finding: Finding, arguments: dict[str, Any], run: str) -> dict[str, Any]:
        number = self.index.snapshot.number
        return entry_of(finding.tool, finding.scope, arguments, run, self.policy, number, to_model=self.to_model)

    def refuse(self, tool: str, arguments: dict[str, Any], reason: Reason, run: str = "") -> None:
        """Write the ledger's entry of a question that was refused: what was asked, and why in a word; no set."""
        number = self.index.snapshot.number
        entry = entry_of(tool, reason, arguments, run, self.policy, number, to_model=self.to_model)
        nothing = {"asked": 0, "shown": 0, "withheld": 0, "smallest": None, "bytes": 0, "digest": REFUSED}
        with self.ledger.exclusive():
            self.ledger.append({**entry, **nothing}, [], None, self.analyst)

    def note(self, tool: str, arguments: dict[str, Any], run: str = "") -> None:
        """Write the ledger's entry of what became of earlier findings: that they were exported, or shown to another analyst."""
        number = self.index.snapshot.number
        entry = entry_of(tool, NOTED, arguments, run, self.policy, number, to_model=False)
        nothing = {"asked": 0, "shown": 0, "withheld": 0, "smallest": None, "bytes": 0, "digest": NOTED}
        with self.ledger.exclusive():
            self.ledger.append({**entry, **nothing}, [], None, self.analyst)

    def restate(
        self,
        finding: Finding,
        tool: str,
        title: str,
        rows: Sequence[Row],
        handles: Handles | None = None,
        run: str = "",
    ) -> Finding:
        """A finding made of rows of one that was just released, with verdicts on them. It says no more than that one."""
        released = {(row.label, row.values) for row in finding.rows}
        if not all((row.label, row.values) in released or not any(value.count for value in row.values) for row in rows):
            raise PrivacyViolation("A restated row was never released.", "This is a bug in Shoal; report it.")
        draft = replace(
            finding,
            id=next(handles or Handles()),
            digest="",
            tool=tool,
            title=title,
            shape="table",
            rows=tuple(rows),
            notes=(f"recomputed as {finding.id}",),
            gate_pass=_GATE_PASS,
        )
        restated = replace(draft, digest=draft.computed_digest(), gate_pass=_GATE_PASS)
        entry = self._entry(restated, {"restates": finding.id}, run)
        with self.ledger.exclusive():
            self.ledger.append(
                {**entry, **outcome_of(restated, asked=len(rows), smallest=None)}, [], None, self.analyst
            )
        return restated

    def restore(self, stored: dict[str, Any]) -> Finding:
        """Rebuild a finding that this ledger released (a resumed session). Raises ToolRefusal when the ledger never saw it."""
        try:
            finding = Finding.from_dict(with_present_names(stored), _GATE_PASS)
        except (TypeError, KeyError):
            raise ToolRefusal("A stored finding does not have a finding's form and is left out.") from None
        if not is_intact(stored) or not self.ledger.digest_known(finding.digest):
            raise ToolRefusal("A stored finding does not match the ledger and is left out.")
        return finding

    def problem_with_name(self, text: str, cluster: str = "") -> str | None:
        """Why an analyst cannot give a theme, or without one any theme, this name; None where that is possible."""
        return self._labels.problem_with(text, cluster)

    def warm(self) -> None:
        """Check the taxonomy's names ahead of the first question."""
        self._labels.warm(self._thresholds)
