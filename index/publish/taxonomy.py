"""The taxonomy's top: which base clusters belong together, and how many groups there are.

`index` knows no model: a taxonomist is handed in. The built-in one links clusters by the middle of their members' own
vectors and reads the number of groups off the data. A taxonomist may never drop a cluster or put one in two groups.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from index.geometry.clustering import Labels, group_centres
from index.naming.samples import Phrase
from index.stores.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Theme:
    """A base cluster as a taxonomist sees it: its name where it has one, how many summaries it holds, and the phrases that
    many of its accounts share."""

    name: str | None
    size: int
    phrases: tuple[Phrase, ...] = field(default=(), repr=False)


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
    """The built-in one: no model, no names needed. `subjects` says how much a theme is about each of some subjects, which
    is weighed beside where it lies."""

    name = "built-in"

    def __init__(self, subjects: Callable[[Theme], Sequence[float]] = lambda _: ()) -> None:
        self._subjects = subjects

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups:
        if not len(themes):
            return Groups(np.zeros(0, dtype=np.int32), self.name)
        about = np.array([list(self._subjects(theme)) for theme in themes], dtype=np.float64)
        return Groups(group_centres(centres, about), self.name)
