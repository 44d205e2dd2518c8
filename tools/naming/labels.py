"""The labels that a table's groups may bear: closed values as they are, proposed names where they have the right (R6).

A name needs a group large enough for text and members who vouch for it (`tools.suppression.thresholds`), and must pass the check of
names (`tools.naming.name_check`). A theme that an analyst named bears that name, where it is large enough for one. Data
plane: it sees members and answers words or nothing.
"""

from collections.abc import Mapping

from index.naming.given import GivenName, read_names
from index.privacy.judgement import NameAuditor
from index.snapshots.snapshot import Rows
from index.vocabulary import public_part
from tools.core.candidate import CandidateTable, Group
from tools.core.wording import UNNAMED
from tools.naming.name_check import NameCheck, ProposedName
from tools.suppression.thresholds import Thresholds


class Labels:
    """Labels over one snapshot; verdicts on names are remembered."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._snapshot = thresholds.snapshot
        self._folder = thresholds.index.path
        self._names = NameCheck(thresholds.snapshot, thresholds.text_accounts, thresholds.distinct_voices)

    async def consult(self, candidate: CandidateTable, thresholds: Thresholds, auditor: NameAuditor) -> None:
        """Let a model judge the names of groups large enough to be named, before they are released (R11)."""
        asked = [
            ProposedName(
                name, _established(candidate, group, thresholds), thresholds.rounded(len(group.members), group.members)
            )
            for group in candidate.groups
            if (name := _name_asked(candidate, group, thresholds))
        ]
        await self._names.consult(auditor, asked, candidate.about)

    def of(self, candidate: CandidateTable, thresholds: Thresholds) -> list[str]:
        """For each group the label that may be shown."""
        asked = [_name_asked(candidate, group, thresholds) for group in candidate.groups]
        names = [
            (name, _established(candidate, group, thresholds))
            for name, group in zip(asked, candidate.groups, strict=True)
            if name
        ]
        shown = iter(self._names.shown(names, candidate.about))
        labels = []
        for group, name in zip(candidate.groups, asked, strict=True):
            label = next(shown) if name else (None if group.is_text else group.label or "")
            labels.append(UNNAMED if label is None else label)
        return _apart(self._as_given(labels, candidate, thresholds), candidate)

    def _as_given(self, labels: list[str], candidate: CandidateTable, thresholds: Thresholds) -> list[str]:
        given = self.given()
        return [
            name.text
            if group.is_text
            and (name := given.get(group.id or "")) is not None
            and thresholds.meets_text(group.members, candidate.resolved.scope.since)
            else label
            for label, group in zip(labels, candidate.groups, strict=True)
        ]

    def given(self) -> dict[str, GivenName]:
        """The names that analysts gave to themes, by cluster, as they are now."""
        return read_names(self._folder)

    def notes(self, shown: Mapping[str | None, str]) -> tuple[str, ...]:
        """Who named the clusters whose labels are shown, where an analyst did."""
        names = [
            (cluster, name) for cluster, name in self.given().items() if shown.get(cluster, "").startswith(name.text)
        ]
        parts = [f"{cluster} “{name.text}” ({name.by}, {name.on})" for cluster, name in names]
        return (f"Named by analysts: {', '.join(parts)}.",) if parts else ()

    def problem_with(self, text: str, cluster: str = "") -> str | None:
        """Why an analyst cannot give this name to a cluster, or, without one, to any; None where that is possible."""
        if not cluster:
            return self._names.problem_with(text, "")
        found = next((item for item in self._snapshot.clusters if item.id == cluster), None)
        if found is None:
            return f"There is no theme {cluster} in this snapshot."
        return self._names.problem_with(text, found.name or "")

    def warm(self, thresholds: Thresholds) -> None:
        """Check the taxonomy's names ahead of the first question."""
        self._names.shown(
            [
                (cluster.name, thresholds.established(rows, None))
                for cluster, rows in zip(self._snapshot.base_clusters, self._snapshot.base_members, strict=True)
                if cluster.name
            ]
        )


def _apart(labels: list[str], candidate: CandidateTable) -> list[str]:
    """Names that lost what told them apart get the group's id, all but the first."""
    seen: set[str] = set()
    for place, (label, group) in enumerate(zip(labels, candidate.groups, strict=True)):
        if group.is_text and group.id and label != UNNAMED and label in seen:
            labels[place] = f"{label} · {group.id}"
        seen.add(label)
    return labels


def _name_asked(candidate: CandidateTable, group: Group, thresholds: Thresholds) -> str | None:
    """The name proposed for a group, if the group is large enough for text; a label of the public vocabulary is none."""
    if not group.is_text or not group.label:
        return None
    if thresholds.meets_text(group.members, candidate.resolved.scope.since):
        return group.label
    return public_part(group.label, thresholds.snapshot.own_labels)[0] or None


def _established(candidate: CandidateTable, group: Group, thresholds: Thresholds) -> Rows:
    return thresholds.established(group.members, candidate.resolved.scope.since)
