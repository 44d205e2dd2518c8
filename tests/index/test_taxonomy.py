"""The built-in taxonomy: every cluster in one group, as many groups as the data has, the same every time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from index.geometry.clustering import group_centres
from index.publish.taxonomy import FieldTaxonomist, Theme
from index.stores.vectors import Vectors


def bundles(groups: int, each: int, noise: float = 0.15, seed: int = 3) -> Vectors:
    """Centres around `groups` directions, all of them moved the same way, as vectors of one model are."""
    chance = np.random.default_rng(seed)
    middles = np.repeat(chance.standard_normal((groups, 32)), each, axis=0)
    found = middles + noise * chance.standard_normal(middles.shape)
    return (found + 5 * chance.standard_normal(32)).astype(np.float32)


@pytest.mark.parametrize("groups", [3, 5, 8])
def test_the_number_of_groups_is_found_not_given(groups: int) -> None:
    labels = group_centres(bundles(groups, 5))
    assert adjusted_rand_score(np.repeat(np.arange(groups), 5), labels) == 1.0


def test_of_many_groups_the_nearest_two_may_be_read_as_one() -> None:
    labels = group_centres(bundles(12, 5))
    assert adjusted_rand_score(np.repeat(np.arange(12), 5), labels) > 0.85


def test_a_cluster_whose_members_agree_less_is_grouped_by_its_direction() -> None:
    centres = bundles(4, 5)
    middle = centres.mean(axis=0)
    shorter = middle + (centres - middle) * np.tile([1.0, 0.3], 10)[:, None].astype(np.float32)
    assert adjusted_rand_score(np.repeat(np.arange(4), 5), group_centres(shorter)) == 1.0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(0, 5))
def test_every_cluster_is_in_one_group_and_no_number_is_left_out(count: int, seed: int) -> None:
    centres = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    labels = group_centres(centres)
    assert len(labels) == count
    assert set(labels.tolist()) == set(range(int(labels.max(initial=-1)) + 1))
    assert np.array_equal(labels, group_centres(centres))


def test_clusters_that_are_all_the_same_are_one_group() -> None:
    assert len(set(group_centres(np.ones((20, 8), dtype=np.float32)).tolist())) == 1


async def test_few_clusters_are_groups_themselves_and_none_gives_none() -> None:
    built_in = FieldTaxonomist()
    assert (await built_in.groups([Theme("x", 30)] * 4, np.eye(4, dtype=np.float32))).labels.tolist() == [0, 1, 2, 3]
    assert len((await built_in.groups([], np.zeros((0, 8), dtype=np.float32))).labels) == 0


async def test_themes_of_one_field_are_one_group_and_others_are_grouped_by_where_they_lie() -> None:
    centres = np.random.default_rng(5).standard_normal((24, 16)).astype(np.float32)
    fields = ("Food and cooking", "Travel and transport", "unclear")
    themes = [Theme("x", 30, field=fields[place % 3]) for place in range(24)]
    found = await FieldTaxonomist().groups(themes, centres)
    of_field = [
        {label for place, label in enumerate(found.labels.tolist()) if place % 3 == field} for field in range(3)
    ]
    assert [len(labels) for labels in of_field[:2]] == [1, 1]
    assert of_field[0].isdisjoint(of_field[1])
    assert of_field[2].isdisjoint(of_field[0] | of_field[1])
    assert [found.names[next(iter(labels))] for labels in of_field[:2]] == list(fields[:2])
    alone = await FieldTaxonomist().groups([theme for theme in themes if theme.field == "unclear"], centres[2::3])
    assert adjusted_rand_score(alone.labels, found.labels[2::3]) == 1.0
    assert set(found.labels.tolist()) == set(range(len(found.names)))
