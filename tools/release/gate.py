"""The release gate: the only door out of the data plane, and the only builder of findings (R2).

A tool hands over groups of summaries; the gate decides what may be said of them (R3 thresholds and complements, R4
rounding and complementary suppression, R5 earlier releases, R6 attestation of text, R7 contribution and dominance),
says it, counts what it withheld, and writes the ledger. It must never take a number or a label on trust: everything
that leaves is computed here from the members.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from index.handle import Index
from index.privacy.judgement import NameAuditor
from index.snapshots.snapshot import Rows
from tools.core.candidate import Raw
from tools.core.counting import without
from tools.core.errors import PrivacyViolation, Reason, ToolRefusal
from tools.core.finding import _GATE_PASS, Finding, Row, Withheld
from tools.core.ledger import REFUSED, Ledger, ReleasedSet, Spending
from tools.core.policy import PrivacyPolicy
from tools.core.scope import Resolved, Scope, period_of, resolve
from tools.dp.noisy_release import NOT_COVERED, release_with_noise
from tools.history.release_history import Recall
from tools.naming.labels import UNNAMED, Labels
from tools.release.ledger_entry import sets_of
from tools.release.rows import outside_share, row_of, source_notes, statistics_of
from tools.suppression.disclosure_audit import Guarding
from tools.suppression.secondary import Cell
from tools.suppression.small_cells import small_cells
from tools.suppression.table import Withholding
from tools.suppression.thresholds import Support

_SETS = ("scope", "cell")
"""Kinds of sets whose members a question can be about."""


@dataclass(slots=True)
class Gate:
    """One gate per session: policy, ledger and the handles F1, F2, ... of what it released."""

    index: Index
    policy: PrivacyPolicy
    ledger: Ledger
    run: str = ""
    to_model: bool = False
    """Whether findings go to a model endpoint; written in the ledger."""
    _labels: Labels = field(init=False)
    _recall: Recall = field(init=False)
    _guarding: Guarding = field(init=False)
    _known_support: Support = field(init=False)
    _is_guarded: bool = field(init=False, default=False)
    _next: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._recall = Recall(self.index.snapshot, self.policy.min_accounts, self.ledger, self._accounts_of)
        self._guarding = Guarding(self.index.snapshot, self.ledger, self._small_cells, self._recall.signature)
        self._known_support = Support(self.index, self.policy)
        self._labels = Labels(self._known_support)

    @property
    def _support(self) -> Support:
        if self._known_support.policy is not self.policy:
            self._known_support = Support(self.index, self.policy)
        return self._known_support

    def _accounts_of(self, rows: Rows) -> int:
        return self._support.counted(rows)[1]

    def is_enough(self, rows: Rows, *, text: bool = False) -> bool:
        """Whether a tool may say that this group is there at all (R3), or with `text`, more than its size."""
        return self._support.is_enough_to_read(rows) if text else self._support.is_enough(rows)

    def may_be_side(self, rows: Rows) -> bool:
        """Whether a tool may set this group against others. Its size is said with them, so it must be enough (R3) and not
        be withheld for another's sake (R4)."""
        if not self.is_enough(rows):
            return False
        with self.ledger.exclusive():
            self._recall.look_up()
            return not self._recall.is_held(rows)

    def settled(self, rows: Rows) -> Rows:
        """The members that a cell of these would be answered with: those of an earlier, nearly identical set (R5)."""
        with self.ledger.exclusive():
            self._recall.look_up()
            earlier = self._recall.nearest(rows, _SETS)
        return rows if earlier is None else self._recall.rows_of(earlier)

    async def consult(self, raw: Raw, auditor: NameAuditor) -> None:
        """Let a model judge names before they are released (R11)."""
        await self._labels.consult(raw, self._support, auditor)

    def admit(self, scope: Scope, *, closed: bool = False) -> Resolved:
        """The rows of a scope, or a refusal when it or its complement is too small to ask about (R3) or is withheld for
        another's sake (R4), or the rows of an earlier, nearly identical scope (R5). `closed`: only closed counts will be
        said of it; where noise is added to those, a refusal by exact sizes would tell what the noise hides."""
        resolved = resolve(self.index, scope)
        if closed and self.policy.adds_noise:
            return replace(resolved, is_unchecked=True)
        everything = len(self.index.snapshot)
        is_enough = self.is_enough(resolved.rows)
        rest = everything - len(resolved.rows)
        if is_enough and rest and not self.is_enough(without(resolved.rows, np.arange(everything))):
            raise ToolRefusal(
                "All but very few conversations match. Ask without the restriction instead.", "nearly everything"
            )
        with self.ledger.exclusive():
            self._recall.look_up()
            # One sentence for both, so that it does not tell which of them holds.
            if not is_enough or (rest and self._recall.is_held(resolved.rows)):
                raise ToolRefusal(
                    f"Too few conversations or accounts match ({self.policy.describe()}), or so many that a small group "
                    "beside them would show. Widen the scope or the period, or ask count_by which values a facet has.",
                    "too few or too close",
                )
            earlier = self._recall.nearest(resolved.rows, _SETS)
        return Resolved(scope, self._recall.rows_of(earlier)) if earlier is not None else resolved

    def release(self, raw: Raw) -> Finding:
        """Decide, build the finding and write the ledger, as one step."""
        crossed = raw.resolved.scope.facets() | raw.facets
        if len(crossed) > self.policy.max_facets:
            raise ToolRefusal(
                f"That crosses {len(crossed)} facets ({', '.join(sorted(crossed))}); at most {self.policy.max_facets}. "
                "Leave one out.",
                "too many facets",
            )
        if raw.closed and self.policy.adds_noise:
            return self._release_noisy(raw)
        if raw.resolved.is_unchecked:
            raise PrivacyViolation("A scope of any size was used for more than noisy counts.", "A bug; report it.")
        wholes = raw.column_wholes
        labels = self._labels.of(raw, self._support)
        with self.ledger.exclusive():
            self._recall.look_up()
            self._guard_small_cells()
            self._require_sides(raw, wholes)
            self._recall.foresee(
                [rows for group in raw.groups for rows in group.columns if self.is_enough(rows)],
                [group.whole for group in raw.groups if group.whole is not None],
            )
            table = [[self._cell(rows, group.whole) for rows in group.columns] for group in raw.groups]
            outside = self._cell(raw.outside) if raw.outside is not None else None
            told = self._totals(raw, wholes, table, outside)
            while self._suppress(raw, table, outside, told):
                self._recall.withdraw(f"total: {raw.unit}")
                told = self._totals(raw, wholes, table, outside)
            finding = self._build(raw, labels, table, outside, tuple(said for _, said in told))
            self._write(raw, finding, table, outside, told)
        return finding

    def _guard_small_cells(self) -> None:
        """Once: keep two said numbers from giving a small cell of closed facets as their difference (R3). With so little
        rounding that more of them would, `guarding` looks after the same cells."""
        if not self._is_guarded and not self.policy.rounds_too_little:
            self._recall.guard(self._small_cells())
        self._is_guarded = True

    def _small_cells(self) -> list[Rows]:
        return small_cells(self.index.snapshot, self.is_enough, self._support.surely_enough)

    def _release_noisy(self, raw: Raw) -> Finding:
        """Closed counts with noise (differential privacy). No set is noted: what was said tells no exact one."""
        with self.ledger.exclusive():
            told = release_with_noise(self.index.snapshot, self.policy, self.ledger, raw)
            finding = self._finding(raw, told.rows, told.totals, told.withheld, None, told.notes)
            asked = len(raw.groups)
            self._log(finding, raw.arguments, asked=asked, smallest=told.smallest, sets=[], spending=told.spending)
        return finding

    def _suppress(self, raw: Raw, table: list[list[Cell]], outside: Cell | None, told: list[tuple[Rows, int]]) -> bool:
        """Withhold what would give a withheld value back (R3, R4). Whether the totals must be counted anew."""
        held = Withholding(self.index.snapshot, self._support, self._recall, self._guarding)
        return held.apply(raw, table, outside, told)

    def _require_sides(self, raw: Raw, wholes: Sequence[Rows]) -> None:
        """A column's total is a group too (R3), and may be one that is withheld for another's sake (R4)."""
        if len(wholes) < 2 or raw.within:
            return
        if not all(self.is_enough(whole) and not self._recall.is_held(whole) for whole in wholes):
            raise ToolRefusal(
                "One side of the split holds too few conversations or accounts, or so many that a small group beside it "
                "would show. Split elsewhere.",
                "a side too small",
            )

    def _cell(self, rows: Rows, whole: Rows | None = None) -> Cell:
        count, accounts, _ = self._support.counted(rows)
        if not self.is_enough(rows):
            return Cell(rows, count, accounts, None, count < self.policy.min_conversations, is_sensitive=True)
        is_whole = whole is not None and len(rows) < len(whole) and self._is_nearly(rows, whole)
        if is_whole and whole is not None:
            rows = whole
            count, accounts, _ = self._support.counted(rows)
        said: int | None = self._support.rounded(count)
        earlier = self._recall.nearest(rows, _SETS)
        if earlier is not None:
            # What was said then is said again; counting its members anew would miss those that were forgotten since.
            # The cell's own count stays, because sums are judged by what is there.
            rows = self._recall.rows_of(earlier)
            again, accounts, _ = self._support.counted(rows)
            said = self._support.rounded(again) if earlier.count is None else earlier.count
        is_known = earlier is not None or self._recall.is_known(rows)
        if self._recall.is_held(rows) or (not is_known and self._recall.uncovers(rows)):
            said = None
        together = None if is_known or said is None else self._recall.combined(rows)
        if together is not None:
            # As if nobody told it from what earlier sets make of it, so that no answer tells few from none.
            if not self.is_enough(together.rows):
                return Cell(rows, count, accounts, None, count < self.policy.min_conversations, is_sensitive=True)
            rows, (made, accounts) = together.rows, self._support.counted_of(together, [together.rows])
            said = self._support.rounded(made)
        self._recall.note("cell", said, rows)
        return Cell(rows, count, accounts, said, is_known=is_known, is_whole=is_whole)

    def _is_nearly(self, rows: Rows, whole: Rows) -> bool:
        """Whether a row's cell is told as the whole row, whose size other findings say: what the row holds beside it
        is no group, and would be their difference (R3)."""
        return self.is_enough(whole) and not self._support.is_rest_enough(rows, whole)

    def _totals(
        self, raw: Raw, wholes: Sequence[Rows], table: list[list[Cell]], outside: Cell | None
    ) -> list[tuple[Rows, int]]:
        """Each column's total: the sum of its cells, so that shares add up; or what was said of a total of the same
        kind that fewer than `min_accounts` accounts tell apart from it, or what earlier sets make of it (R5). With the
        members that this is the number of: what is held against later sets is what was told."""
        kind = f"total: {raw.unit}"
        told = []
        for place, whole in enumerate(wholes):
            earlier = self._recall.near(whole, (kind,))
            if earlier and earlier[0].count is not None:
                rows, said = self._recall.rows_of(earlier[0]), earlier[0].count
            elif (together := self._recall.combined(whole)) is not None:
                parts = [whole] if raw.wholes is not None else raw.column_parts(place)
                rows, said = together.rows, self._support.rounded(self._support.counted_of(together, parts)[0])
            elif raw.wholes is not None:
                rows, said = whole, self._support.rounded(self._support.counted(whole)[0])
            else:
                top = [cells for cells, group in zip(table, raw.groups, strict=True) if group.parent is None]
                total = sum(cells[place].count for cells in top) + (outside.count if outside and place == 0 else 0)
                rows, said = whole, self._support.rounded(total)
            told.append((rows, said))
            self._recall.note(kind, said, rows)
        return told

    def _build(
        self,
        raw: Raw,
        labels: list[tuple[str, bool]],
        table: list[list[Cell]],
        outside: Cell | None,
        totals: tuple[int, ...],
    ) -> Finding:
        shown = {
            group.id for place, group in enumerate(raw.groups) if any(cell.said is not None for cell in table[place])
        }
        statistics = statistics_of(raw, [label for label, _ in labels], table, totals, self.policy)
        rows: list[Row] = []
        hidden_groups = hidden_count = 0
        for place in statistics.order or range(len(raw.groups)):
            group, cells = raw.groups[place], table[place]
            visible = any(cell.said is not None for cell in cells)
            orphan = group.parent is not None and group.parent not in shown
            if not visible or orphan:
                hidden_groups += any(cell.count for cell in cells)
                hidden_count += sum(cell.count for cell in cells) if group.parent is None else 0
                if raw.shape != "trend":
                    continue
            rows.append(row_of(raw, group, labels[place][0], cells, totals, statistics.rows[place], self._support))
        if not statistics.order and any(group.is_text for group in raw.groups):
            # By what is said, not by exact size: an order can tell what rounding hides.
            rows.sort(key=lambda row: (-(row.values[0].count or 0), row.label, row.id or ""))
        hidden_cells = sum(value.count is None for row in rows for value in row.values)
        unnamed = sum(row.label == UNNAMED for row in rows)
        lost = 0.0
        if raw.wholes is None and any(totals):
            lost = min(100.0, round(100 * self._support.rounded(hidden_count) / sum(totals), 1))
        withheld = Withheld(hidden_groups, hidden_cells, lost, unnamed)
        notes = (*statistics.notes, *raw.notes, *((NOT_COVERED,) if self.policy.adds_noise else ()))
        return self._finding(raw, rows, totals, withheld, outside_share(raw, outside, totals), notes)

    def _finding(
        self,
        raw: Raw,
        rows: Sequence[Row],
        totals: tuple[int, ...],
        withheld: Withheld,
        outside: float | None,
        notes: tuple[str, ...],
    ) -> Finding:
        """The finding of decided rows, with the next handle and its digest."""
        snapshot = self.index.snapshot
        fields: dict[str, Any] = {
            "tool": raw.tool,
            "title": raw.title,
            "shape": raw.shape,
            "scope": raw.resolved.scope.describe(),
            "period": period_of(snapshot, raw.resolved.scope),
            "columns": raw.columns,
            "rows": tuple(rows),
            "totals": totals,
            "withheld": withheld,
            "outside": outside,
            "method": raw.method,
            "notes": (*notes, *source_notes(snapshot, raw.resolved.scope.facets() | raw.facets)),
            "policy": self.policy.describe(),
            "snapshot": snapshot.number,
        }
        handle = f"F{next(self._next)}"
        draft = Finding(id=handle, digest="", gate_pass=_GATE_PASS, **fields)
        return Finding(id=handle, digest=draft.computed_digest(), gate_pass=_GATE_PASS, **fields)

    def _write(
        self, raw: Raw, finding: Finding, table: list[list[Cell]], outside: Cell | None, told: list[tuple[Rows, int]]
    ) -> None:
        """The ledger's entry: what was said, and what was withheld for another's sake and stays withheld."""
        cells = [cell for cells in table for cell in cells] + ([outside] if outside is not None else [])
        sets = sets_of(raw, cells, told, self._support, self._recall)
        said = [cell.said for cells in table for cell in cells if cell.said is not None]
        self._log(finding, raw.arguments, asked=len(raw.groups), smallest=min(said, default=None), sets=sets)

    def _log(
        self,
        finding: Finding,
        arguments: dict[str, Any],
        *,
        asked: int,
        smallest: int | None,
        sets: Sequence[ReleasedSet],
        spending: Spending | None = None,
    ) -> None:
        """Write the ledger's entry of a finding."""
        self._append(
            finding.tool,
            finding.scope,
            arguments,
            sets,
            {
                "asked": asked,
                "shown": len(finding.rows),
                "withheld": finding.withheld.groups,
                "smallest": smallest,
                "bytes": len(json.dumps(finding.as_dict(), ensure_ascii=False).encode()),
                "digest": finding.digest,
            },
            spending,
        )

    def _append(
        self,
        tool: str,
        scope: str,
        arguments: dict[str, Any],
        sets: Sequence[ReleasedSet],
        more: dict[str, Any],
        spending: Spending | None = None,
    ) -> None:
        entry = {
            "run": self.run,
            "tool": tool,
            "scope": scope,
            "arguments": json.dumps(arguments, ensure_ascii=False, default=str),
            "policy": json.dumps(self.policy.as_dict()),
            "snapshot": self.index.snapshot.number,
            "to_model": int(self.to_model),
        }
        self.ledger.append({**entry, **more}, sets, spending)

    def refused(self, tool: str, arguments: dict[str, Any], reason: Reason) -> None:
        """Write the ledger's entry of a question that was refused: what was asked, and why in a word; no set."""
        nothing = {"asked": 0, "shown": 0, "withheld": 0, "smallest": None, "bytes": 0, "digest": REFUSED}
        with self.ledger.exclusive():
            self._append(tool, reason, arguments, [], nothing)

    def restate(self, finding: Finding, tool: str, title: str, rows: Sequence[Row]) -> Finding:
        """A finding made of rows of one that was just released, with verdicts on them. It says no more than that one."""
        said = {(row.label, row.values) for row in finding.rows}
        if not all((row.label, row.values) in said or not any(value.count for value in row.values) for row in rows):
            raise PrivacyViolation("A restated row was never released.", "This is a bug in Shoal; report it.")
        draft = replace(
            finding,
            id=f"F{next(self._next)}",
            digest="",
            tool=tool,
            title=title,
            shape="table",
            rows=tuple(rows),
            notes=(f"recomputed as {finding.id}",),
            gate_pass=_GATE_PASS,
        )
        restated = replace(draft, digest=draft.computed_digest(), gate_pass=_GATE_PASS)
        with self.ledger.exclusive():
            self._log(restated, {"restates": finding.id}, asked=len(rows), smallest=None, sets=[])
        return restated

    def restore(self, stored: dict[str, Any]) -> Finding:
        """Rebuild a finding that this ledger released (a resumed session). Refused when the ledger never saw it."""
        try:
            finding = Finding.from_dict(stored, _GATE_PASS)
        except (TypeError, KeyError):
            raise ToolRefusal("A stored finding does not have a finding's form and is left out.") from None
        if finding.computed_digest() != finding.digest or not self.ledger.digest_known(finding.digest):
            raise ToolRefusal("A stored finding does not match the ledger and is left out.")
        return finding

    def warm(self) -> None:
        """Check the taxonomy's names ahead of the first question."""
        self._labels.warm(self._support)

    def start_at(self, number: int) -> None:
        """Give the next finding the handle F`number` (a resumed session)."""
        self._next = itertools.count(number)
