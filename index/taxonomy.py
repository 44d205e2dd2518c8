"""The taxonomy's top: which base clusters belong together, and how many groups there are.

`index` knows no model: a taxonomist is handed in. The built-in one links clusters by the middle of their members' own
vectors and reads the number of groups off the data. A taxonomist may never drop a cluster or put one in two groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from index.clustering import Labels, group_centres
from index.stores.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Theme:
    """A base cluster as a taxonomist sees it: its name where it has one, and how many summaries it holds."""

    name: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of the base clusters. `labels` has one entry a cluster, numbered from 0 without gaps.

    `names` are proposals, one a group, checked as every name is; empty where the taxonomist leaves naming to the namer.
    `made_by` says who grouped, and where another had to step in, that it did.
    """

    labels: Labels
    made_by: str
    names: tuple[str | None, ...] = field(default=())


class Taxonomist(Protocol):
    """Groups base clusters under a top level. `centres` are the clusters' mean vectors, shape (len(themes), d)."""

    name: str

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups: ...


class LinkageTaxonomist:
    """The built-in one: no model, no names needed."""

    name = "built-in"

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups:
        return Groups(group_centres(centres) if len(themes) else np.zeros(0, dtype=np.int32), self.name)
