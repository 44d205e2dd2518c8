"""An independent count of what a finding says, straight from the index and not by the gate's code (R3, R4, R6, R7).

It knows the thresholds from the policy and counts plainly. What it cannot recount (clusters made on demand) it holds to
what must be true of any group: shown counts over the threshold and rounded, words of names used by enough accounts.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import regex

from index.core.records import as_day
from index.core.words import is_function_word, stem
from index.handle import Index
from index.snapshots.snapshot import Rows
from index.vocabulary import public_part
from tools.core.policy import PrivacyPolicy

_FACETS = ("language", "surface", "harm", "outcome")
_WORD = regex.compile(r"\p{L}{3,}")


class Recount:
    """Recounts findings over one index. `broken` says in words what a finding breaks; empty: it holds the rules."""

    def __init__(self, index: Index, policy: PrivacyPolicy) -> None:
        self._index = index
        self._policy = policy
        self._users: dict[str, set[int]] = {}
        snapshot = index.snapshot
        rows = np.arange(len(snapshot), dtype=np.int64)
        # A name may say the language of its group; who speaks it is counted by the closed facet.
        languages = self._values("language").tolist()
        texts = zip(snapshot.texts(rows), snapshot.texts(rows, "task"), languages, strict=True)
        for output, account in zip(texts, snapshot.accounts.tolist(), strict=True):
            for word in _WORD.findall(" ".join(output).casefold()):
                self._users.setdefault(stem(word), set()).add(account)

    def broken(self, tool: str, arguments: Mapping[str, Any], finding: Mapping[str, Any]) -> list[str]:
        """What the finding breaks."""
        found = [problem for row in finding["rows"] for problem in self._row(row)]
        if tool == "count_by" and "across" not in arguments:
            found += self._counted(arguments, finding)
        for name in ("scope", "first", "second"):
            if arguments.get(name):
                found += self._scope(arguments[name], finding)
        return found

    def _row(self, row: Mapping[str, Any]) -> list[str]:
        policy = self._policy
        counts = [value["count"] for value in row["values"] if value["count"] is not None]
        found = [
            f"a count of {count}" for count in counts if count % policy.round_to or count < policy.min_conversations
        ]
        output = row.get("accounts")
        if output is not None and (output % policy.round_to or output < policy.min_accounts):
            found.append(f"{output} accounts")
        if row.get("id") and row["label"] != "unnamed group":
            needed = policy.text_min_accounts
            # A label of the public vocabulary is nobody's; what stands behind it is of the group.
            for word in _WORD.findall(public_part(row["label"])[1].casefold()):
                if not is_function_word(word) and len(self._users.get(stem(word), ())) < needed:
                    found.append(f"a name with a word that was used by {len(self._users.get(stem(word), ()))} accounts")
        return found

    def _counted(self, arguments: Mapping[str, Any], finding: Mapping[str, Any]) -> list[str]:
        by = arguments["by"]
        if by not in (*_FACETS, "flagged", "concern"):
            return []
        rows = self.rows(arguments.get("scope") or {})
        values = self._values(by)
        shown = {row["label"]: row for row in finding["rows"] if row["values"][0]["count"] is not None}
        return [
            f"{label!r} of {by} is shown"
            for label in shown
            if label in set(values[rows].tolist()) and not self.is_enough(rows[values[rows] == label])
        ]

    def _scope(self, scope: Mapping[str, Any], finding: Mapping[str, Any]) -> list[str]:
        if not finding["rows"] or self.is_enough(self.rows(scope)):
            return []
        return ["a scope that is too small is answered"]

    def rows(self, scope: Mapping[str, Any]) -> Rows:
        """Rows of a scope, filtered plainly."""
        snapshot = self._index.snapshot
        kept = np.ones(len(snapshot), dtype=bool)
        for facet in _FACETS:
            if scope.get(facet):
                kept &= np.char.lower(self._values(facet).astype(str)) == str(scope[facet]).casefold()
        if scope.get("flagged"):
            kept &= self._values("flagged") == ("flagged" if scope["flagged"] == "yes" else "not flagged")
        if scope.get("concern_at_least"):
            grades = np.array([int(value) if value.isdigit() else 0 for value in self._values("concern").tolist()])
            kept &= grades >= int(scope["concern_at_least"])
        for name, sign in (("since", 1), ("until", -1)):
            if scope.get(name):
                kept &= sign * (snapshot.days - as_day(date.fromisoformat(str(scope[name])))) >= 0
        if scope.get("cluster"):
            kept &= np.isin(snapshot.base_labels, self._places(str(scope["cluster"])))
        rows = np.flatnonzero(kept).astype(np.int64)
        return np.intersect1d(rows, self._index.near(str(scope["near"]))[0]) if scope.get("near") else rows

    def _places(self, wanted: str) -> list[int]:
        clusters = self._index.snapshot.base_clusters
        return [place for place, cluster in enumerate(clusters) if wanted in (cluster.id, cluster.parent)]

    def _values(self, facet: str) -> np.ndarray[Any, np.dtype[Any]]:
        codes = self._index.snapshot.facet(facet)
        names = {"true": "flagged", "false": "not flagged"} if facet == "flagged" else {}
        return np.array([names.get(value, value) for value in codes.values], dtype=object)[codes.codes]

    def is_enough(self, rows: Rows) -> bool:
        """The thresholds of R3 and R7, counted plainly."""
        each = Counter(self._index.snapshot.accounts[rows].tolist())
        bounded = sum(min(count, self._policy.max_per_account) for count in each.values())
        return (
            bounded >= self._policy.min_conversations
            and len(each) >= self._policy.min_accounts
            and max(each.values(), default=0) <= self._policy.max_dominance * len(rows)
        )
