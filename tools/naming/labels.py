"""The labels that a table's groups may bear: closed values as they are, proposed names where they have the right (R6).

A name needs a group large enough for text and members who vouch for it (`tools.suppression.thresholds`), and must pass the check of
names (`tools.naming.name_check`). Data plane: it sees members and answers words or nothing.
"""

from index.privacy.judgement import NameAuditor
from index.snapshots.snapshot import Rows
from tools.core.candidate import Group, Raw
from tools.naming.name_check import Candidate, NameCheck
from tools.suppression.thresholds import Support

UNNAMED = "unnamed group"


class Labels:
    """Labels over one snapshot; verdicts on names are remembered."""

    def __init__(self, support: Support) -> None:
        self._snapshot = support.snapshot
        self._names = NameCheck(support.snapshot, support.policy.text_min_accounts, support.voices)

    async def consult(self, raw: Raw, support: Support, auditor: NameAuditor) -> None:
        """Let a model judge the names of groups large enough to be named, before they are released (R11)."""
        asked = [
            Candidate(name, _vouching(raw, group, support), support.rounded(len(group.members)))
            for group in raw.groups
            if (name := _name_asked(raw, group, support))
        ]
        await self._names.consult(auditor, asked, raw.about)

    def of(self, raw: Raw, support: Support) -> list[tuple[str, bool]]:
        """For each group the label that may be shown, and whether a name was withheld."""
        asked = [_name_asked(raw, group, support) for group in raw.groups]
        names = [(name, _vouching(raw, group, support)) for name, group in zip(asked, raw.groups, strict=True) if name]
        shown = iter(self._names.shown(names, raw.about))
        labels = []
        for group, name in zip(raw.groups, asked, strict=True):
            label = next(shown) if name else (None if group.is_text else group.label or "")
            labels.append((UNNAMED, True) if label is None else (label, False))
        return labels

    def warm(self, support: Support) -> None:
        """Check the taxonomy's names ahead of the first question."""
        self._names.shown(
            [
                (cluster.name, support.vouching(rows, None))
                for cluster, rows in zip(self._snapshot.base_clusters, self._snapshot.base_members, strict=True)
                if cluster.name
            ]
        )


def _name_asked(raw: Raw, group: Group, support: Support) -> str | None:
    """The name proposed for a group large enough to be named."""
    if not group.is_text or not group.label:
        return None
    return group.label if support.is_enough_for_text(group.members, raw.resolved.scope.since) else None


def _vouching(raw: Raw, group: Group, support: Support) -> Rows:
    return support.vouching(group.members, raw.resolved.scope.since)
