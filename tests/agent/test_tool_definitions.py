"""What every request of a specialist carries: small enough for a model with a context of 8,000 tokens."""

import json

import pytest

from agent.roles.claude.tool_definitions import tool_definitions
from agent.roles.protocols import Specialist
from prompts import Prompt, load
from tools.registry import TOOLS

CHARS_A_TOKEN = 3.9
"""The full definitions of all tools are 43,000 characters and about 10,900 tokens."""
TRADES: tuple[Specialist, ...] = ("usage", "watch", "abuse")


@pytest.mark.parametrize("trade", TRADES)
def test_the_tools_of_a_trade_are_few_tokens(trade: Specialist) -> None:
    tools = len(json.dumps(tool_definitions(trade))) / CHARS_A_TOKEN
    assert tools <= 3_000
    assert tools + len(load(Prompt.INVESTIGATOR).system) / CHARS_A_TOKEN <= 4_500


@pytest.mark.parametrize("trade", TRADES)
def test_a_definition_takes_what_the_tool_takes(trade: Specialist) -> None:
    *tools, report = tool_definitions(trade)
    assert report["name"] == "report"
    for tool in tools:
        schema = TOOLS[tool["name"]].schema()
        assert tool["input_schema"]["properties"].keys() == schema.get("properties", {}).keys()
        assert tool["input_schema"].get("required", []) == schema.get("required", [])


def test_together_the_trades_have_every_tool_that_answers_a_question() -> None:
    offered = {tool["name"] for trade in TRADES for tool in tool_definitions(trade)}
    assert TOOLS.keys() - offered == {"audit_claim", "topic_map"}
