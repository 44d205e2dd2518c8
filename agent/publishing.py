"""Publishing a snapshot with the readers that the composition root chose, its stages told as progress."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from index.handle import Writer
    from index.history import Published
    from index.ingest import Progress
    from index.naming import Namer
    from index.taxonomy import Taxonomist

ATTEST_ACCOUNTS = 5
"""Accounts that must use a word before it is stored in clear: the policy's `min_accounts` default (R6)."""


async def publish_from(
    writer: "Writer", namer: "Namer", taxonomist: "Taxonomist", report: "Callable[[Progress], None]"
) -> "Published":
    from index.publish import publish

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
    from index.ingest import Progress

    return lambda stage, done, total: report(Progress(stage, done, total))
