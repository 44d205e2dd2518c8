"""The Claude team as a fake server plays it: a sound answer for each role, of which a test changes some."""

import json
from collections.abc import Callable
from typing import Any

from tests.fakes.messages import Message, Reply, text, thinking, tool_use


def role(body: dict[str, Any]) -> str:
    """Which role is asking, by its system prompt."""
    system = body["system"][0]["text"]
    for name, opening in {
        "lead": "You lead an investigation",
        "investigator": "You investigate how",
        "auditor": "You audit",
        "writer": "You write the answer",
        "namer": "You name groups",
    }.items():
        if system.startswith(opening):
            return name
    raise AssertionError("unknown prompt")


_LOOKS = {"two": "surface", "three": "flagged", "gap": "concern"}


def _facet(said: str) -> str:
    """What a task counts by: each its own, because the same look is taken once."""
    return next((facet for name, facet in _LOOKS.items() if name in said), "language")


def plan(*objectives: str, clarification: str | None = None) -> Message:
    tasks = [
        {
            "specialist": "usage",
            "focus": "breakdown",
            "objective": objective,
            "scope": {"language": None, "concern_at_least": None, "flagged": None, "surface": None, "since": None,
                      "until": None, "near": None, "cluster": None},
            "facet": _facet(objective),
            "disconfirmer": "none",
        }
        for objective in objectives
    ]  # fmt: skip
    return Message([text(json.dumps({"tasks": tasks, "assumptions": ["x"], "clarification": clarification}))])


def last_result(body: dict[str, Any]) -> dict[str, Any] | None:
    last = body["messages"][-1]["content"]
    if isinstance(last, list) and last and last[0].get("type") == "tool_result":
        found: dict[str, Any] = last[0]
        return found
    return None


def investigate(body: dict[str, Any]) -> Message:
    result = last_result(body)
    if result is None:
        blocks = [
            thinking("let me count", "sig-1"),
            tool_use("count_by", {"by": _facet(str(body["messages"][0]["content"]))}),
        ]
        return Message(blocks, stop_reason="tool_use")
    finding = json.loads(result["content"])
    claim = f"There are {finding['totals'][0]:,} conversations [{finding['id']}]."
    return Message([tool_use("report", {"claims": [claim]})], stop_reason="tool_use")


AUDITED = Message([text(json.dumps({"verdicts": [], "gaps": []}))])


def write(body: dict[str, Any]) -> Message:
    user = body["messages"][0]["content"]
    claims = user.split("<claims>")[1].split("</claims>")[0].strip().splitlines()
    return Message([text(" ".join(claim.split(". ", 1)[1] for claim in claims if ". " in claim))])


def team(**changed: Callable[[dict[str, Any], int], Reply]) -> Callable[[dict[str, Any], int], Reply]:
    usual: dict[str, Callable[[dict[str, Any], int], Reply]] = {
        "lead": lambda body, _: plan("count one", "count two", "count three"),
        "investigator": lambda body, _: investigate(body),
        "auditor": lambda body, _: AUDITED,
        "writer": lambda body, _: write(body),
    }
    usual.update(changed)
    return lambda body, number: usual[role(body)](body, number)
