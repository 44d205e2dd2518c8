"""A session or case as a STIX 2.1 bundle: a report, a grouping for each lead, a note for each finding, and attack patterns.

Through the `stix2` package, which checks every object. Ids are made of what an object says, so that the same export gives the
same bundle. A TLP marking is on every object. Nothing is in it but what was released.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agent.core.answer import LeadCard, lead_markdown
from agent.exports.techniques import Technique, named_in
from agent.storage.export import MADE_BY, Document, suppressed_of, table_of
from index.core.untrusted import safe

_NAMESPACE = uuid.UUID("8d1f4f0e-5c4e-4c8e-9a53-6c1d0f0a7b11")
TLP = ("clear", "green", "amber", "red")


def as_stix(made: Document, tlp: str = "amber", at: datetime | None = None) -> str:
    """The bundle as JSON, ending with a newline. `at`: when it is made; now unless given."""
    import stix2

    moment = at or datetime.now(UTC)
    marking = {"clear": stix2.TLP_WHITE, "green": stix2.TLP_GREEN, "amber": stix2.TLP_AMBER, "red": stix2.TLP_RED}[tlp]

    def common(kind: str, *said: str) -> dict[str, Any]:
        identity = uuid.uuid5(_NAMESPACE, "\n".join((kind, made.title, *said)))
        return {
            "id": f"{kind}--{identity}", "created": moment, "modified": moment, "object_marking_refs": [marking.id],
            "created_by_ref": author.id,
        }  # fmt: skip

    author = stix2.Identity(
        id=f"identity--{uuid.uuid5(_NAMESPACE, 'shoal')}",
        name="Shoal",
        identity_class="system",
        description=MADE_BY,
        created=moment,
        modified=moment,
        object_marking_refs=[marking.id],
    )
    findings = {finding["digest"]: finding for part in made.parts for finding in part.findings}
    leads = [LeadCard.model_validate(lead) for part in made.parts for lead in part.leads]
    patterns = {technique.id: _pattern(technique, common) for technique in named_in(_texts(findings.values(), leads))}
    groupings, about = [], []
    for number, lead in enumerate(leads, start=1):
        own = [patterns[technique.id] for technique in named_in([lead_markdown(lead)])]
        card = stix2.Note(
            **common("note", f"lead {number}", lead.claim),
            abstract=safe(f"Lead {number}"),
            content=safe(lead_markdown(lead)),
            object_refs=[one.id for one in own] or [author.id],
        )
        groupings.append(
            stix2.Grouping(
                **common("grouping", f"lead {number}", lead.claim),
                name=safe(lead.claim)[:250],
                context="suspicious-activity",
                description=safe(lead.claim),
                object_refs=[card.id, *(one.id for one in own)],
            )
        )
        about.append(card)
    notes = [
        stix2.Note(
            **common("note", finding["id"], finding["digest"]),
            abstract=safe(f"{finding['id']} {finding['title']}"),
            content=_content(finding),
            object_refs=[one.id for one in groupings] or [author.id],
        )
        for finding in findings.values()
    ]
    inside = [*groupings, *about, *notes, *patterns.values()] or [author]
    report = stix2.Report(
        **common("report"),
        name=safe(made.title)[:250] or "Shoal",
        description=safe(f"{made.about}. {MADE_BY}"),
        report_types=["threat-actor" if groupings else "observed-data"],
        published=moment,
        object_refs=[one.id for one in inside],
    )
    bundle = stix2.Bundle(
        id=f"bundle--{uuid.uuid5(_NAMESPACE, made.title + made.about)}",
        objects=[marking, author, report, *inside] if inside != [author] else [marking, author, report],
    )
    return f"{bundle.serialize(pretty=True)}\n"


def _texts(findings: Any, leads: Sequence[LeadCard]) -> list[str]:
    labels = [row["label"] for finding in findings for row in finding["rows"]]
    return [*labels, *(lead_markdown(lead) for lead in leads)]


def _pattern(technique: Technique, common: Any) -> Any:
    import stix2

    source = "mitre-attack" if technique.matrix == "attack" else "mitre-atlas"
    reference = stix2.ExternalReference(source_name=source, external_id=technique.id, url=technique.url)
    return stix2.AttackPattern(
        **common("attack-pattern", technique.id),
        name=technique.name,
        external_references=[reference],
        kill_chain_phases=[stix2.KillChainPhase(kill_chain_name=source, phase_name=technique.tactic)],
    )


def _content(finding: dict[str, Any]) -> str:
    head, rows = table_of(finding)
    lines = [" | ".join(head), *(" | ".join(row) for row in rows)]
    return safe("\n".join([f"{finding['scope']}, {finding['period']}", *lines, suppressed_of(finding)]))
