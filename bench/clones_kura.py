"""Kura's side of bench/clones.py: runs in Kura's own environment, so it must import nothing of Shoal."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import instructor

os.environ.setdefault("OPENAI_API_KEY", "unused: its default client is made at import")
_SAID: dict[str, str] = {}
"""The stub's sentence for each conversation."""


async def _answer(*, response_model: Any, context: dict[str, Any] | None = None, **_: Any) -> Any:
    """What a model would answer, at once."""
    context = context or {}
    name = response_model.__name__
    if name == "GeneratedSummary":
        said = _SAID[context["conversation"].chat_id]
        return response_model(
            summary=said,
            request=said,
            topic="general assistance",
            task=said.replace("The user's overall request for the assistant", "The task"),
            languages=["english"],
            concerning_score=1,
            user_frustration=1,
            assistant_errors=["Responses were too long and verbose"],
        )
    if name == "CandidateClusters":
        shown = context["clusters"][: context["desired_number"]]
        return response_model(candidate_cluster_names=[f"{cluster.name} and more" for cluster in shown])
    if name == "ClusterLabel":
        return response_model.model_construct(higher_level_cluster=context["candidate_clusters"][0])
    of = context.get("positive_examples") or context["clusters"]
    first = getattr(of[0], "summary", None) or of[0].name
    return response_model(name=first[:60], summary=first, slug="a_b_c")


_STUB = SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=_answer)))
instructor.from_provider = lambda *_, **__: _STUB

from kura import cluster, dimensionality, embedding, k_means, meta_cluster, summarisation  # noqa: E402
from kura.types import Conversation, Message  # noqa: E402


async def main(log: str, weights: str) -> None:
    with open(log, encoding="utf-8") as file:
        records = json.load(file)
    _SAID.update((record["id"], record["summary"]) for record in records)
    now = datetime.now(UTC)
    conversations = [
        Conversation(
            chat_id=record["id"],
            created_at=now,
            metadata={},
            messages=[
                Message(created_at=now, role="user" if turn["from"] == "human" else "assistant", content=turn["value"])
                for turn in record["conversations"]
            ],
        )
        for record in records
    ]
    embed = embedding.SentenceTransformerEmbeddingModel(weights)
    summaries = await summarisation.summarise_conversations(conversations, model=summarisation.SummaryModel())
    base = await cluster.generate_base_clusters_from_conversation_summaries(
        summaries, embed, k_means.KmeansClusteringMethod(), cluster.ClusterDescriptionModel()
    )
    model = meta_cluster.MetaClusterModel(embedding_model=embed, clustering_model=k_means.KmeansClusteringMethod(12))
    found = await meta_cluster.reduce_clusters_from_base_clusters(base, model=model)
    drawn = await dimensionality.reduce_dimensionality_from_clusters(found, model=dimensionality.HDBUMAP(embed))
    print(f"{len(summaries)} summaries, {len(base)} base clusters, {len(drawn)} in the hierarchy and on the map")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
