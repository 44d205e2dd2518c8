"""Publishing a snapshot with the readers that the composition root chose, its stages told as progress."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from index.handle import Writer
    from index.ingest.pipeline import Progress
    from index.naming.samples import Namer
    from index.publish.taxonomy import Taxonomist
    from index.snapshots.history import Published

ATTEST_ACCOUNTS = 5
"""Accounts that must use a word before it is stored in clear: the policy's `min_accounts` default (R6)."""


async def publish_from(
    writer: "Writer", namer: "Namer", taxonomist: "Taxonomist", report: "Callable[[Progress], None]"
) -> "Published":
    from index.publish.publisher import publish

    return await publish(
        writer.facts,
        writer.vectors,
        writer.snapshots,
        namer,
        taxonomist,
        writer.settings.facets,
        ATTEST_ACCOUNTS,
        stages_of(report),
    )


def stages_of(report: "Callable[[Progress], None]") -> "Callable[[str, int, int], None]":
    from index.ingest.pipeline import Progress

    return lambda stage, done, total: report(Progress(stage, done, total))
