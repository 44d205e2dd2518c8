"""The taxonomy's top: which base clusters belong together, and how many groups there are.

`index` knows no model: a taxonomist is handed in. The built-in one groups by the fields of the public vocabulary. A
taxonomist may never drop a cluster or put one in two groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.geometry.clustering import Labels, group_centres
from index.stores.vectors import Vectors
from index.vocabulary import UNCLEAR, vocabulary


@dataclass(frozen=True, slots=True)
class Theme:
    """A base cluster as a taxonomist sees it: its name where it has one, and how many summaries it holds."""

    name: str | None
    size: int
    field: str = UNCLEAR
    """Field of the public vocabulary that most of its conversations are of."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of the base clusters. `labels` has one entry a cluster, numbered from 0 without gaps.

    `names` are proposals, one a group, checked as every name is; empty where the taxonomist leaves naming to the namer.
    `made_by` says who grouped, and where another had to step in, that it did.
    """

    labels: Labels
    made_by: str
    names: tuple[str | None, ...] = ()


class Taxonomist(Protocol):
    """Groups base clusters under a top level. `centres` are the clusters' mean vectors, shape (len(themes), d)."""

    name: str

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups: ...


class FieldTaxonomist:
    """The built-in one: no model. Themes of one field of the public vocabulary are one group, so that groups stay what they
    are from snapshot to snapshot and in every language. Themes without a field are grouped by where they lie."""

    name = "built-in"

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups:
        labels = np.full(len(themes), -1, dtype=np.int32)
        fields = [field for field in vocabulary().fields if any(theme.field == field for theme in themes)]
        for number, field in enumerate(fields):
            labels[[theme.field == field for theme in themes]] = number
        rest = np.flatnonzero(labels < 0)
        if len(rest):
            labels[rest] = len(fields) + group_centres(centres[rest])
        count = int(labels.max(initial=-1)) + 1
        names = (*fields, *([None] * (count - len(fields)))) if fields else ()
        return Groups(labels, self.name, names)
