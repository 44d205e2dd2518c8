"""Undoes what a kill left half done: a batch that is in the facts and not, or not wholly, in the vectors."""

from index.stores.facts import Facts
from index.stores.vectors import VectorStore


def repair(facts: Facts, vectors: VectorStore) -> None:
    """Drop pending batches from both stores. Their drafts are still there and will be summarised again."""
    if pending := facts.pending():
        vectors.delete(pending)
    facts.drop_pending()
