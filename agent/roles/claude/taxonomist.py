"""The Claude form of the taxonomist (R11): the paper's hierarchy (Clio, G.7), one level.

Names of clusters are embedded and cut into neighbourhoods of about forty by k-means; for each, parents are proposed
beside the nearest clusters outside it; what says the same across neighbourhoods is merged; every cluster is given a
parent, the list shuffled so that its order decides nothing; parents are named anew from their actual children. It sees
names alone, has no tools, answers in a fixed form, and what it says is attested as every name is. It may never end a
run: where it fails the built-in taxonomist groups, and the snapshot says so.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from agent.core.errors import BudgetSpent, ModelFault
from agent.core.settings import Settings
from agent.llm.client import Model
from agent.roles.claude.structured import ask_structured
from index.geometry.clustering import Labels, partition_clusters
from index.publish.taxonomy import Groups, Taxonomist, Theme
from index.stores.vectors import Vectors
from prompts import Prompt, render

_NEIGHBOURHOOD = 40
"""Clusters a neighbourhood, on average (G.7)."""

_LEAST, _MOST = 0.5, 1.5
"""How far the number of parents may be from its target (G.7)."""

_OUTSIDE = 15
_AT_A_TIME = 60
_SMALLEST = 6
"""Below so many clusters each is a top-level group itself, as in the built-in form."""

Embed = Callable[[Sequence[str]], Vectors]


class CategoriesForm(BaseModel):
    """Names of categories."""

    categories: list[str]


class Placing(BaseModel):
    """The category that a group was given, both by number."""

    group: int
    category: int


class PlacingsForm(BaseModel):
    """Every group's category."""

    placings: list[Placing]


class Renaming(BaseModel):
    """A category's new name, by its number."""

    category: int
    name: str


class RenamingsForm(BaseModel):
    """Every category's new name."""

    names: list[Renaming]


@dataclass(frozen=True, slots=True)
class _Range:
    """How many parents are wanted."""

    target: int

    @property
    def least(self) -> int:
        return max(1, round(_LEAST * self.target))

    @property
    def most(self) -> int:
        return max(2, round(_MOST * self.target))

    def holds(self, names: Sequence[str]) -> bool:
        return self.least <= len(_distinct(names)) <= self.most


class ClaudeTaxonomist:
    """Groups named clusters by what a model says of their names."""

    def __init__(self, model: Model, settings: Settings, embed: Embed, fallback: Taxonomist) -> None:
        self._model = model
        self._embed = embed
        self._fallback = fallback
        self.name = settings.reader_model

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups:
        """The groups of all themes. Clusters without a name go with the named one whose centre is nearest."""
        named = [place for place, theme in enumerate(themes) if theme.name]
        if len(named) < _SMALLEST:
            return await self._fallback.groups(themes, centres)
        names = [themes[place].name or "" for place in named]
        try:
            parents, placed = await self._taxonomy(names)
            labels, kept = _numbered(_with_unnamed(placed, named, centres))
            renamed = await self._renamed([parents[place] for place in kept], themes, labels)
        except (ModelFault, BudgetSpent):
            found = await self._fallback.groups(themes, centres)
            return Groups(found.labels, f"{found.made_by}, because {self.name} failed", found.names)
        return Groups(labels, self.name, tuple(renamed))

    async def _taxonomy(self, names: Sequence[str]) -> tuple[list[str], Labels]:
        """Parents, and the parent of each name."""
        target = _Range(target_of(len(names)))
        vectors = self._embed(names)
        near = partition_clusters(vectors, max(1, round(len(names) / _NEIGHBOURHOOD)))
        proposed: list[str] = []
        for label in range(int(near.max()) + 1):
            proposed += await self._proposed(names, vectors, near == label, len(names), target)
        parents = _distinct(proposed)
        if near.max() > 0:
            parents = await self._merged(parents, target)
        return parents, await self._placed(names, parents, vectors)

    async def _proposed(
        self, names: Sequence[str], vectors: Vectors, inside: NDArray[np.bool_], total: int, target: _Range
    ) -> list[str]:
        """Parents for one neighbourhood, beside the nearest names outside it."""
        part = _Range(max(1, round(target.target * int(inside.sum()) / total)))
        nearness = np.where(inside, -np.inf, vectors @ vectors[inside].mean(axis=0))
        beside = np.argsort(-nearness, kind="stable")[: min(_OUTSIDE, int((~inside).sum()))]
        user = render(
            Prompt.TAXONOMY_PROPOSE,
            **_sizes(part),
            inside=_data([names[place] for place in np.flatnonzero(inside).tolist()]),
            outside=_data([names[place] for place in beside.tolist()]),
        )
        return await self._categories(Prompt.TAXONOMY_PROPOSE, user, part)

    async def _merged(self, parents: Sequence[str], target: _Range) -> list[str]:
        """Parents of all neighbourhoods without those that say the same."""
        user = render(Prompt.TAXONOMY_DEDUPE, **_sizes(target), categories=_data(parents))
        return await self._categories(Prompt.TAXONOMY_DEDUPE, user, target)

    async def _categories(self, prompt: Prompt, user: str, wanted: _Range) -> list[str]:
        form = await ask_structured(
            self._model, prompt, user, CategoriesForm, name=self.name, fits=lambda form: wanted.holds(form.categories)
        )
        return _distinct(form.categories)

    async def _placed(self, names: Sequence[str], parents: Sequence[str], vectors: Vectors) -> Labels:
        """The parent of each name. What the reply leaves out, doubles or gives a parent that is none goes to the parent
        whose name is nearest."""
        nearest: Labels = (vectors @ self._embed(parents).T).argmax(axis=1).astype(np.int32)
        chance = random.Random(7)
        for start in range(0, len(names), _AT_A_TIME):
            part = range(start, min(start + _AT_A_TIME, len(names)))
            order = chance.sample(range(len(parents)), len(parents))
            user = render(
                Prompt.TAXONOMY_ASSIGN,
                categories=_data([parents[place] for place in order]),
                groups=_data([names[place] for place in part]),
            )
            form = await ask_structured(self._model, Prompt.TAXONOMY_ASSIGN, user, PlacingsForm, name=self.name)
            for group, category in _reconciled(form.placings, len(part), len(parents)).items():
                nearest[start + group] = order[category]
        return nearest

    async def _renamed(self, parents: Sequence[str], themes: Sequence[Theme], labels: Labels) -> list[str]:
        """Parents named from the children they were given; one that the reply leaves out keeps its name."""
        shown = [
            {"category": place, "name": name, "groups": _children(themes, labels, place)}
            for place, name in enumerate(parents)
        ]
        user = render(Prompt.TAXONOMY_RENAME, categories=json.dumps(shown, ensure_ascii=False))
        form = await ask_structured(self._model, Prompt.TAXONOMY_RENAME, user, RenamingsForm, name=self.name)
        renamed = list(parents)
        for found in form.names:
            if 0 <= found.category < len(renamed) and found.name.strip() and found.name not in renamed:
                renamed[found.category] = found.name.strip()
        return renamed


def target_of(clusters: int) -> int:
    """Parents wanted for so many clusters: about twelve children each, at least three and at most two dozen."""
    return int(np.clip(round(clusters / 12), 3, 24))


def _sizes(wanted: _Range) -> dict[str, str]:
    return {"target": str(wanted.target), "least": str(wanted.least), "most": str(wanted.most)}


def _data(names: Sequence[str]) -> str:
    return json.dumps([{"no": place, "name": name} for place, name in enumerate(names)], ensure_ascii=False)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that are not empty, each once whatever its case."""
    found: dict[str, str] = {}
    for name in names:
        if cleaned := " ".join(name.split()):
            found.setdefault(cleaned.casefold(), cleaned)
    return list(found.values())


def _reconciled(placings: Sequence[Placing], groups: int, categories: int) -> Mapping[int, int]:
    """Category by group where the reply says one and only one, and both exist."""
    wording: dict[int, set[int]] = {}
    for placing in placings:
        if 0 <= placing.group < groups and 0 <= placing.category < categories:
            wording.setdefault(placing.group, set()).add(placing.category)
    return {group: min(given) for group, given in wording.items() if len(given) == 1}


def _with_unnamed(placed: Labels, named: Sequence[int], centres: Vectors) -> Labels:
    """Labels of all clusters: those without a name follow the named one that is nearest."""
    normed = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    follows = (normed @ normed[list(named)].T).argmax(axis=1)
    follows[list(named)] = np.arange(len(named))
    found: Labels = placed[follows]
    return found


def _numbered(labels: Labels) -> tuple[Labels, list[int]]:
    """Labels without gaps, and the old number of each: a parent that got no child is gone."""
    kept, numbered = np.unique(labels, return_inverse=True)
    return numbered.astype(np.int32), kept.tolist()


def _children(themes: Sequence[Theme], labels: Labels, parent: int) -> list[str]:
    """Names of a parent's clusters, largest first."""
    inside = [themes[place] for place in np.flatnonzero(labels == parent).tolist()]
    return [theme.name for theme in sorted(inside, key=lambda theme: -theme.size) if theme.name]
