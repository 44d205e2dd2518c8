"""search_topics: which themes lie near a phrase."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tools.context import ToolContext
from tools.core.candidate import CandidateTable, Group, split
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.grouping.division import unclustered


class Args(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    phrase: str = Field(min_length=2, max_length=200, description="What the conversations would be about, in English")
    scope: Scope = Field(default_factory=Scope, description="Where to look; its own `near` is replaced by the phrase")


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Which themes of the taxonomy lie near a phrase, and how many conversations near it each holds. Never members.

    Use it to find out whether something exists and what it is called here, then use scope.cluster or scope.near.
    Limits: near is a cut on cosine similarity of an embedding that knows English best; wording shifts the size of
    the result somewhat; at most the 5,000 nearest conversations are considered.
    """
    scope = args.scope.but(near=args.phrase)
    resolved = await ctx.admit(scope)
    snapshot = ctx.index.snapshot
    everything = np.arange(len(snapshot), dtype=np.int64)
    parts, wholes = (
        split(rows, snapshot.base_labels[rows], len(snapshot.base_clusters)) for rows in (resolved.rows, everything)
    )
    groups = [
        Group(cluster.name, (part,), is_text=True, id=cluster.id, whole=whole)
        for cluster, part, whole in zip(snapshot.base_clusters, parts, wholes, strict=True)
    ]
    groups.sort(key=lambda group: -len(group.members))
    return await ctx.release(
        CandidateTable(
            tool="search_topics",
            arguments=args.model_dump(mode="json", exclude_none=True),
            title=f"Themes near “{args.phrase}”",
            shape="table",
            resolved=resolved,
            columns=("conversations",),
            groups=tuple(groups),
            outside=unclustered(snapshot, resolved.rows),
            unit="theme",
            method="cosine similarity to the phrase, themes from the published taxonomy",
        )
    )
