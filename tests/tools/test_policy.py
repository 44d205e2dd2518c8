"""The policy: stricter by anyone, looser only by the index's own settings, never by a slip."""

from typing import Any

import pytest
from pydantic import ValidationError

from index.core.errors import SettingsError
from tests.fakes.policy import SHARP
from tools.core.policy import PrivacyPolicy, load_policy

STRICTER: dict[str, float] = {
    "min_conversations": 50,
    "min_accounts": 8,
    "text_min_conversations": 60,
    "text_min_accounts": 20,
    "soft_edge": 2.0,
    "round_to": 10,
    "max_facets": 1,
    "coordinated_as_one": 5,
    "max_per_account": 3,
    "max_dominance": 0.25,
    "max_dominance_of_two": 0.5,
    "min_unknown": 0.3,
    "established_days": 3,
    "phrases_per_month": 100,
    "epsilon_total": 3.0,
}
LOOSER: dict[str, float] = {
    "min_conversations": 10,
    "min_accounts": 4,
    "text_min_conversations": 20,
    "text_min_accounts": 9,
    "soft_edge": 0.5,
    "round_to": 1,
    "max_facets": 3,
    "coordinated_as_one": 1,
    "max_per_account": 11,
    "max_dominance": 0.51,
    "max_dominance_of_two": 0.9,
    "min_unknown": 0.1,
    "established_days": 0,
    "phrases_per_month": 5_000,
    "epsilon_total": 11.0,
}
SWITCHED_BY_THE_INDEX = {"epsilon_per_release"}
"""Differential privacy puts noise in the place of exact thresholds, so that on is neither stricter nor looser than off."""


OF_THE_INDEX = {"soft_edge", "round_to", "max_per_account", "max_dominance", "max_dominance_of_two", "min_unknown"}
"""Answers under several values of these together would tell what each of them hides."""


def test_every_value_of_the_policy_has_a_stricter_and_a_looser_case_here() -> None:
    assert set(STRICTER) == set(LOOSER) == set(PrivacyPolicy.model_fields) - SWITCHED_BY_THE_INDEX


@pytest.mark.parametrize("name", sorted(STRICTER.keys() - OF_THE_INDEX))
def test_an_analyst_may_make_a_threshold_stricter(name: str) -> None:
    assert getattr(load_policy({}, {name: STRICTER[name]}), name) == STRICTER[name]


@pytest.mark.parametrize("name", sorted(OF_THE_INDEX))
@pytest.mark.parametrize("values", [STRICTER, LOOSER], ids=["stricter", "looser"])
def test_what_tells_by_being_moved_is_chosen_by_the_index_alone(name: str, values: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="cannot be chosen by an analyst") as caught:
        load_policy({}, {name: values[name]})
    assert "index.toml" in caught.value.hint
    assert getattr(load_policy({name: values[name]}, {name: values[name]}), name) == values[name]


@pytest.mark.parametrize("name", sorted(LOOSER.keys() - OF_THE_INDEX))
def test_an_analyst_may_make_no_value_looser(name: str) -> None:
    with pytest.raises(SettingsError, match="looser") as caught:
        load_policy({}, {name: LOOSER[name]})
    assert "index.toml" in caught.value.hint


@pytest.mark.parametrize("name", LOOSER)
def test_the_index_may_make_any_value_looser(name: str) -> None:
    assert getattr(load_policy({name: LOOSER[name]}), name) == LOOSER[name]


def test_an_analyst_is_held_to_what_the_index_says_and_not_to_the_default() -> None:
    with pytest.raises(SettingsError):
        load_policy({"min_conversations": 100}, {"min_conversations": 50})
    assert load_policy({"min_conversations": 8}, {"min_conversations": 9}).min_conversations == 9


@pytest.mark.parametrize(
    "values", [{"min_people": 3}, {"min_accounts": "5"}, {"min_accounts": True}, {"round_to": None}]
)
def test_an_unknown_name_or_a_value_that_is_no_number_is_a_settings_error(values: dict[str, Any]) -> None:
    for index, analyst in ((values, {}), ({}, values)):
        with pytest.raises(SettingsError) as caught:
            load_policy(index, analyst)
        assert caught.value.hint


@pytest.mark.parametrize(
    "values", [{"min_accounts": 1}, {"min_conversations": 3}, {"round_to": 0}, {"min_accounts": 0}]
)
def test_a_policy_that_protects_nobody_is_refused_even_from_the_index(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        load_policy(values)


@pytest.mark.parametrize("name", STRICTER)
def test_a_value_that_is_not_a_number_at_all_cannot_slip_past_the_comparison(name: str) -> None:
    with pytest.raises(SettingsError):
        load_policy({}, {name: float("nan")})


def test_a_policy_cannot_be_changed_after_it_was_loaded() -> None:
    with pytest.raises(ValidationError):
        SHARP.min_accounts = 2  # type: ignore[misc]


def test_an_analyst_may_spend_less_where_the_index_adds_noise() -> None:
    policy = load_policy({"epsilon_per_release": 1}, {"epsilon_per_release": 0.25, "epsilon_total": 2})
    assert (policy.epsilon_per_release, policy.epsilon_total, policy.adds_noise) == (0.25, 2, True)


@pytest.mark.parametrize(
    "analyst", [{"epsilon_per_release": 0}, {"epsilon_per_release": 1.01}, {"epsilon_total": 10.5}]
)
def test_an_analyst_may_neither_switch_the_noise_off_nor_spend_more(analyst: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=r"looser|switches") as caught:
        load_policy({"epsilon_per_release": 1}, analyst)
    assert "index.toml" in caught.value.hint


@pytest.mark.parametrize("epsilon", [1e-6, 1, 10])
def test_an_analyst_may_not_put_noise_in_the_place_of_the_exact_rules(epsilon: float) -> None:
    with pytest.raises(SettingsError, match="only the index"):
        load_policy({}, {"epsilon_per_release": epsilon})


@pytest.mark.parametrize(
    "values",
    [
        {"epsilon_per_release": -1},
        {"epsilon_per_release": 10.5, "epsilon_total": 20},
        {"epsilon_per_release": 2, "epsilon_total": 1},
        {"epsilon_total": 0},
        {"epsilon_total": -3},
        {"epsilon_per_release": float("inf")},
        {"epsilon_per_release": float("nan")},
        {"epsilon_per_release": True},
        {"epsilon_per_release": "1"},
    ],
)
def test_an_epsilon_that_protects_nobody_is_refused_even_from_the_index(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        load_policy(values)


def test_the_policy_says_its_epsilon_only_where_noise_is_added() -> None:
    assert "ε 0.5 per table" in SHARP.with_values(epsilon_per_release=0.5).describe()
    assert "ε" not in SHARP.describe()
