"""A layer for the ATT&CK or ATLAS Navigator: the techniques whose kind of request an export names, by released counts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.exports.techniques import Matrix, Technique, techniques
from agent.storage.export import Document
from index.core.untrusted import safe

_DOMAINS: Mapping[Matrix, str] = {"attack": "enterprise-attack", "atlas": "atlas-atlas"}
_VERSIONS = {"attack": "17", "navigator": "5.1.0", "layer": "4.5"}


def as_layer(made: Document, matrix: Matrix = "attack") -> str:
    """The layer as JSON, ending with a newline. A technique's score is the largest released count of a group with its name; it
    says how much was asked about, and not that anything was done."""
    found = [
        one for one in (_technique(technique, made) for technique in techniques() if technique.matrix == matrix) if one
    ]
    top = max((one["score"] for one in found), default=0)
    layer = {
        "name": safe(made.title) or "Shoal",
        "versions": _VERSIONS,
        "domain": _DOMAINS[matrix],
        "description": safe(f"{made.about}. Requests for help with a technique, by kind of request; no proof of use."),
        "techniques": found,
        "gradient": {"colors": ["#ffffff", "#E69F00"], "minValue": 0, "maxValue": top},
        "hideDisabled": False,
    }
    return json.dumps(layer, indent=2, ensure_ascii=False) + "\n"


def _technique(technique: Technique, made: Document) -> dict[str, Any] | None:
    rows = [
        (finding["id"], row)
        for part in made.parts
        for finding in part.findings
        for row in finding["rows"]
        if technique.label.casefold() in row["label"].casefold()
    ]
    if not rows:
        return None
    counts: Sequence[int] = [row["values"][0]["count"] for _, row in rows if row["values"][0]["count"] is not None]
    comment = "; ".join(dict.fromkeys(f"{handle} “{safe(row['label'])}”" for handle, row in rows))
    return {
        "techniqueID": technique.id, "tactic": technique.tactic, "score": max(counts, default=0), "comment": comment,
        "enabled": True, "links": [{"label": technique.name, "url": technique.url}],
    }  # fmt: skip
