"""The Claude taxonomist on the true wire: the paper's steps, and what becomes of replies that do not fit."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from agent.core.settings import Settings
from agent.roles.claude.taxonomist import ClaudeTaxonomist, target_of
from index.publish.taxonomy import FieldTaxonomist, Groups, Theme
from index.stores.vectors import Vectors
from tests.fakes.corpus import FakeEncoder
from tests.fakes.messages import Error, Message, Reply, text
from tests.fakes.messages_server import MessagesServer
from tests.fakes.roles import close, model_at

SUBJECTS = ("bread", "taxes", "poems")
THEMES = [Theme(f"{subject} {number}", 30 + number) for subject in SUBJECTS for number in range(40)]
SMALL = [Theme(f"{subject} {number}", 30 + number) for subject in SUBJECTS for number in range(4)]
STEPS = {"propose": "You build the upper", "dedupe": "You see categories", "assign": "You place", "rename": "You name"}


def step_of(body: dict[str, Any]) -> str:
    system = body["system"][0]["text"]
    return next(step for step, opening in STEPS.items() if system.startswith(opening))


def between(body: dict[str, Any], tag: str) -> Any:
    """What stands in a tag of the user's message."""
    return json.loads(body["messages"][0]["content"].split(f"<{tag}>")[1].split(f"</{tag}>")[0])


def said(value: object) -> Message:
    return Message([text(json.dumps(value))])


def categories(body: dict[str, Any]) -> list[str]:
    """The subjects, and enough others that the number asked for is kept."""
    least = max(int(between(body, "least")), len(SUBJECTS))
    return [*(f"All {subject}" for subject in SUBJECTS), *(f"Other {place}" for place in range(least - len(SUBJECTS)))]


def proposed(body: dict[str, Any]) -> list[str]:
    found = {name["name"].split()[0] for name in between(body, "groups")}
    extra = max(0, int(between(body, "least")) - len(found))
    named = [f"All {subject}" for subject in sorted(found)] + [f"Other {place}" for place in range(extra)]
    return named[: int(between(body, "most"))]


def placings(body: dict[str, Any]) -> list[dict[str, int]]:
    numbers = {item["name"]: item["no"] for item in between(body, "categories")}
    return [
        {"group": item["no"], "category": numbers[f"All {item['name'].split()[0]}"]} for item in between(body, "groups")
    ]


def renamed(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"category": item["category"], "name": f"{item['groups'][0].split()[0]} anew"}
        for item in between(body, "categories")
    ]


def good(body: dict[str, Any], _: int) -> Reply:
    match step_of(body):
        case "propose":
            return said({"categories": proposed(body)})
        case "dedupe":
            return said({"categories": categories(body)})
        case "assign":
            return said({"placings": placings(body)})
        case _:
            return said({"names": renamed(body)})


def instead(step: str, change: Callable[[dict[str, Any]], Reply]) -> Callable[[dict[str, Any], int], Reply]:
    """A server that answers one step otherwise."""
    return lambda body, number: change(body) if step_of(body) == step else good(body, number)


def centres(themes: Sequence[Theme]) -> Vectors:
    return FakeEncoder().encode([theme.name or "bread" for theme in themes])


async def grouped(
    decide: Callable[[dict[str, Any], int], Reply], themes: Sequence[Theme] = SMALL
) -> tuple[Groups, list[dict[str, Any]]]:
    with MessagesServer(decide) as server:
        model = model_at(server.url)
        taxonomist = ClaudeTaxonomist(model, Settings(), FakeEncoder().encode, FieldTaxonomist())
        found = await taxonomist.groups(themes, centres(themes))
        await close(model)
        return found, server.requests


def subjects(found: Groups, themes: Sequence[Theme]) -> dict[int, set[str]]:
    """Subjects in each group."""
    inside: dict[int, set[str]] = {}
    for label, theme in zip(found.labels.tolist(), themes, strict=True):
        inside.setdefault(label, set()).add((theme.name or "").split()[0])
    return inside


async def test_the_papers_steps_lead_from_names_to_named_parents() -> None:
    found, asked = await grouped(good, THEMES)
    steps = [step_of(body) for body in asked]
    assert steps == ["propose"] * 3 + ["dedupe"] + ["assign"] * 2 + ["rename"]
    assert sorted(map(str, found.names)) == sorted(f"{subject} anew" for subject in SUBJECTS)
    assert {frozenset(inside) for inside in subjects(found, THEMES).values()} == {frozenset({s}) for s in SUBJECTS}
    for label, inside in subjects(found, THEMES).items():
        assert found.names[label] == f"{inside.pop()} anew"
    assert found.made_by == Settings().reader_model


async def test_neighbourhoods_are_shown_with_what_lies_just_outside_them() -> None:
    _, asked = await grouped(good, THEMES)
    for body in [body for body in asked if step_of(body) == "propose"]:
        inside = {item["name"] for item in between(body, "groups")}
        outside = {item["name"] for item in between(body, "just_outside")}
        assert outside
        assert not inside & outside
        assert int(between(body, "least")) <= int(between(body, "target")) <= int(between(body, "most"))


async def test_the_order_of_parents_is_shuffled_and_the_same_every_time() -> None:
    first, asked = await grouped(good, THEMES)
    orders = [[item["name"] for item in between(body, "categories")] for body in asked if step_of(body) == "assign"]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
    again, asked_again = await grouped(good, THEMES)
    assert [body["messages"] for body in asked] == [body["messages"] for body in asked_again]
    assert np.array_equal(first.labels, again.labels)


async def test_no_step_has_tools_and_every_step_has_a_form() -> None:
    _, asked = await grouped(good, THEMES)
    for body in asked:
        assert "tools" not in body
        assert body["output_config"]["format"]["type"] == "json_schema"


@pytest.mark.parametrize("wrong", ["missing", "doubled", "unknown"])
async def test_a_group_that_is_missing_doubled_or_given_what_is_not_there_goes_to_the_nearest_parent(
    wrong: str,
) -> None:
    def spoiled(body: dict[str, Any]) -> Reply:
        answers = placings(body)
        first = answers[0]
        changed = {
            "missing": answers[1:],
            "doubled": [*answers, {"group": first["group"], "category": first["category"] ^ 1}],
            "unknown": [{"group": first["group"], "category": 99}, {"group": 99, "category": 0}, *answers[1:]],
        }
        return said({"placings": changed[wrong]})

    found, _ = await grouped(instead("assign", spoiled))
    assert found.made_by == Settings().reader_model
    assert {frozenset(inside) for inside in subjects(found, SMALL).values()} == {frozenset({s}) for s in SUBJECTS}


@pytest.mark.parametrize("step", ["propose", "assign", "rename"])
@pytest.mark.parametrize(
    "reply",
    [Message([text("no idea")]), Error(400, "invalid_request_error"), Message([text("{")], stop_reason="max_tokens"),
     Message([], stop_reason="refusal")],
    ids=["prose", "error", "cut short", "refused"],
)  # fmt: skip
async def test_where_the_model_fails_the_built_in_one_groups_and_it_is_said(step: str, reply: Reply) -> None:
    found, _ = await grouped(instead(step, lambda _: reply))
    expected = await FieldTaxonomist().groups(SMALL, centres(SMALL))
    assert np.array_equal(found.labels, expected.labels)
    assert found.names == ()
    assert found.made_by == f"built-in, because {Settings().reader_model} failed"


@pytest.mark.parametrize("count", [1, 30])
async def test_too_few_or_too_many_parents_are_asked_for_again_and_then_refused(count: int) -> None:
    many = said({"categories": [f"Subject {place}" for place in range(count)]})
    found, asked = await grouped(instead("propose", lambda _: many))
    assert [step_of(body) for body in asked] == ["propose", "propose"]
    assert found.made_by.startswith("built-in")


async def test_a_parent_that_got_no_child_is_gone_and_one_that_was_not_renamed_keeps_its_name() -> None:
    found, _ = await grouped(instead("rename", lambda _: said({"names": [{"category": 77, "name": "nobody"}]})))
    assert sorted(map(str, found.names)) == sorted(f"All {subject}" for subject in SUBJECTS)
    assert set(found.labels.tolist()) == set(range(len(found.names)))


async def test_a_cluster_without_a_name_is_not_shown_and_follows_its_nearest_neighbour() -> None:
    themes = [*SMALL, Theme(None, 40)]
    with MessagesServer(good) as server:
        model = model_at(server.url)
        where = np.vstack([centres(SMALL), centres(SMALL)[5]])
        found = await ClaudeTaxonomist(model, Settings(), FakeEncoder().encode, FieldTaxonomist()).groups(themes, where)
        await close(model)
        shown = [between(body, "groups") for body in server.requests if step_of(body) == "assign"]
    assert len(found.labels) == len(themes)
    assert found.labels[-1] == found.labels[5]
    assert [[item["name"] for item in asked] for asked in shown] == [[theme.name for theme in SMALL]]


async def test_few_clusters_need_no_model() -> None:
    found, asked = await grouped(good, SMALL[:5])
    assert asked == []
    assert found.made_by == "built-in"


def test_the_number_of_parents_wanted_grows_with_the_clusters_within_limits() -> None:
    assert [target_of(count) for count in (6, 40, 140, 5_000)] == [3, 3, 12, 24]
