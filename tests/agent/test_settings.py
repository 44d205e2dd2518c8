"""Settings from files and the environment: every field can be set, and a wrong value is named with what it must be."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.core.settings import ENVIRONMENT, FILE, Price, Settings, Sink, load_settings
from index.core.errors import IndexFault, SettingsError
from index.handle import IndexSettings, Retention, VectorPlace, read_settings
from index.privacy.proper_nouns import ProperNouns
from tests.fakes.policy import SHARP
from tools.core.policy import PrivacyPolicy, load_policy
from tui.state.preferences import Preferences, load, save

LINES: dict[str, tuple[str, Any]] = {
    "analyst": ('"ana"', "ana"),
    "index": ('"weekly"', "weekly"),
    "encoder": ('"another"', "another"),
    "lead_model": ('"lead"', "lead"),
    "worker_model": ('"worker"', "worker"),
    "reader_model": ('"reader"', "reader"),
    "profile": ('"local"', "local"),
    "service": ('"vertex"', "vertex"),
    "effort": ('"high"', "high"),
    "worker_effort": ('""', ""),
    "thinking": ("false", False),
    "max_tool_calls": ("3", 3),
    "max_run_seconds": ("30", 30.0),
    "max_run_cost": ("0.5", 0.5),
    "max_run_tokens": ("1000", 1000),
    "approve_over_cost": ("2", 2.0),
    "approve_text_under": ("100", 100),
    "approve_all": ("true", True),
    "agents": ("1", 1),
    "prices": ('{"claude-x" = {input = 3, output = 15.0}}', {"claude-x": Price(input=3, output=15)}),
    "sinks": ('{"t" = {kind = "slack", url = "https://h"}}', {"t": Sink(kind="slack", url="https://h")}),
    "policy": ("{min_conversations = 50}", {"min_conversations": 50}),
}
"""Each setting of the file, as it is written and as it is read."""

WRONG: dict[str, tuple[str, str]] = {
    "analyst": ('""', "at least 1 character"),
    "thinking": ('"no"', "true or false"),
    "approve_all": ("1", "true or false"),
    "max_tool_calls": ("true", "whole number"),
    "agents": ("0", "greater than or equal to 1"),
    "max_run_seconds": ("nan", "finite"),
    "max_run_cost": ("-1", "greater than or equal to 0"),
    "effort": ('"much"', "'low'"),
    "index": ("3", "text in quotes"),
    "prices": ('{"m" = {input = "3", output = 1}}', "prices.m.input must be a number"),
    "policy": ("3", "table"),
}


def test_every_setting_of_the_file_is_tested_here() -> None:
    assert set(LINES) == set(Settings.model_fields) - set(ENVIRONMENT)


@pytest.mark.parametrize("name", LINES)
def test_each_setting_is_read_from_the_file(name: str, tmp_path: Path) -> None:
    written, value = LINES[name]
    (tmp_path / FILE).write_text(f"{name} = {written}\n")
    assert getattr(load_settings(tmp_path), name) == value


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_file_and_what_it_must_be(name: str, tmp_path: Path) -> None:
    written, must = WRONG[name]
    (tmp_path / FILE).write_text(f"{name} = {written}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert str(tmp_path / FILE) in caught.value.message
    assert name in caught.value.message
    assert must in caught.value.message
    assert caught.value.hint


def test_an_unknown_setting_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("max_tool_cals = 3\n")
    with pytest.raises(SettingsError, match="max_tool_cals") as caught:
        load_settings(tmp_path)
    assert "max_tool_calls" in caught.value.hint


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_credentials_and_the_endpoint_come_from_the_environment_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT[name], "given")
    found = load_settings(tmp_path)
    assert getattr(found, name) == "given"
    assert found.has_model
    assert name == "base_url" or "given" not in repr(found)
    (tmp_path / FILE).write_text(f'{name} = "written"\n')
    with pytest.raises(SettingsError, match="environment") as caught:
        load_settings(tmp_path)
    assert ENVIRONMENT[name] in caught.value.hint
    assert "written" not in caught.value.message


def test_without_a_file_and_without_variables_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    assert not Settings().has_model


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("this is no TOML")
    with pytest.raises(SettingsError, match="TOML"):
        load_settings(tmp_path)


INDEX_LINES: dict[str, tuple[str, Any]] = {
    "id": ("", "abc"),
    "landmarks": ("[landmarks]\nLaunch = 2026-08-03", {"launch": date(2026, 8, 3)}),
    "policy": ("[policy]\nmin_conversations = 20", {"min_conversations": 20}),
    "vectors": ('[vectors]\nurl = "https://chroma.example:8000"', VectorPlace(url="https://chroma.example:8000")),
    "retention": ("[retention]\ndays = 365", Retention(days=365)),
    "proper_nouns": ("[proper_nouns]\naccounts = 80", ProperNouns(accounts=80)),
}


def test_every_setting_of_an_index_is_tested_here() -> None:
    assert set(INDEX_LINES) == set(IndexSettings.model_fields) - {"facets", "labels"}


@pytest.mark.parametrize("name", INDEX_LINES)
def test_each_setting_of_an_index_is_read_from_its_file(name: str, tmp_path: Path) -> None:
    written, value = INDEX_LINES[name]
    (tmp_path / "index.toml").write_text(f'id = "abc"\n{written}\n')
    assert getattr(read_settings(tmp_path), name) == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "id = 3",
        'id = "a"\nlandmarks = 3',
        'id = "a"\n[landmarks]\nlaunch = "2026-08-03"',
        'id = "a"\n[retention]\ndays = 0',
        'id = "a"\n[retention]\ndays = true',
        'id = "a"\n[retenion]\ndays = 3',
        'id = "a"\npolicy = "strict"',
    ],
)
def test_a_wrong_setting_of_an_index_is_named_with_its_file(written: str, tmp_path: Path) -> None:
    (tmp_path / "index.toml").write_text(written)
    with pytest.raises(IndexFault, match=r"index\.toml") as caught:
        read_settings(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("name", PrivacyPolicy.model_fields)
def test_each_value_of_the_policy_is_read_and_a_truth_value_is_none(name: str) -> None:
    default = getattr(SHARP, name)
    assert getattr(load_policy({name: default}), name) == default
    with pytest.raises(SettingsError, match=name):
        load_policy({name: True})


def test_every_setting_has_a_sentence() -> None:
    for model in (Settings, IndexSettings, Retention, PrivacyPolicy, Preferences):
        assert all(field.description for field in model.model_fields.values()), model


def test_a_settings_value_cannot_be_changed_in_place_and_a_copy_is_checked() -> None:
    values: tuple[Any, ...] = (Settings(), SHARP, Preferences())
    for value in values:
        with pytest.raises(ValidationError):
            setattr(value, next(iter(type(value).model_fields)), "x")
    with pytest.raises(ValidationError):
        Settings().with_values(agents=0)


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ('theme = "nord"', "theme", "nord"),
        ('signs = "ascii"', "signs", "ascii"),
        ("motion = false", "motion", False),
        ('[keys]\nledger = "f9"', "keys", {"ledger": "f9"}),
    ],
)
def test_each_preference_is_read_and_written(tmp_path: Path, written: str, field: str, value: Any) -> None:
    (tmp_path / "screen.toml").write_text(written)
    found = load(tmp_path, frozenset({"nord", "textual-dark"}), frozenset({"ledger"}))
    assert (getattr(found, field), found.problems) == (value, ())
    save(tmp_path / "again", found)
    assert field in tomllib.loads((tmp_path / "again" / "screen.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    "written", ["theme = 3", 'signs = "loud"', "motion = 1", "keys = 3", "colour = 1", "][", "problems = 1"]
)
def test_a_wrong_preference_is_said_and_left_out(tmp_path: Path, written: str) -> None:
    (tmp_path / "screen.toml").write_text(written)
    found = load(tmp_path, frozenset({"textual-dark"}), frozenset())
    assert found.with_values(problems=()) == Preferences()
    assert len(found.problems) == 1
