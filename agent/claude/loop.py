"""The investigator's tool loop: our own, because every refusal, cap and event matters here.

Results go back in the order of the calls, one for each call, always. A refusal is a result the model reads; a bug is
not turned into text for a model. The loop is bounded in turns and in tool calls.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.errors import BudgetSpent, Unusable
from agent.llm import Ask, Model, Reply
from agent.roles import Claim, Desk
from agent.verify import handles
from tools.errors import ToolRefusal
from tools.registry import TOOLS

MAX_TURNS = 12
REPORT = "report"


class Report(BaseModel):
    """The claims of a finished task."""

    model_config = ConfigDict(extra="ignore")

    claims: list[str]


def tool_definitions() -> list[dict[str, Any]]:
    """The tools as the Messages API takes them, in a fixed order so that the prefix stays the same."""
    found = [
        {"name": tool.name, "description": tool.manual, "input_schema": tool.schema()}
        for tool in sorted(TOOLS.values(), key=lambda tool: tool.name)
    ]
    report = {
        "name": REPORT,
        "description": "Finish the task with one to six claims, each a sentence with its [F] handles.",
        "input_schema": {
            "type": "object",
            "properties": {"claims": {"type": "array", "items": {"type": "string"}}},
            "required": ["claims"],
            "additionalProperties": False,
        },
    }
    return [*found, report]


async def run_loop(model: Model, name: str, system: str, user: str, desk: Desk) -> Sequence[Claim]:
    """Let the model call tools until it reports. Raises a ModelFault or BudgetSpent; Unusable when it never reports."""
    messages: list[Mapping[str, Any]] = [{"role": "user", "content": user}]
    tools = tool_definitions()
    reminded = False
    for _ in range(MAX_TURNS):
        reply = await model.reply(Ask(name, system, messages, tools=tools))
        if reply.stop == "pause_turn":
            messages = [*messages, {"role": "assistant", "content": reply.content}]
            continue
        claims = _reported(reply)
        if claims is not None:
            return claims
        if not reply.tool_calls:
            if reminded:
                raise Unusable("investigator's reply")
            reminded = True
            said = reply.content or [{"type": "text", "text": "(empty)"}]
            reminder = "Call a tool, or call report with your claims."
            messages = [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": reminder}]
            continue
        results = await _results(reply, desk)
        messages = [*messages, {"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
    raise BudgetSpent("turns a task", MAX_TURNS, MAX_TURNS)


def _reported(reply: Reply) -> list[Claim] | None:
    for call in reply.tool_calls:
        if call["name"] == REPORT:
            try:
                report = Report.model_validate(call["input"])
            except ValidationError:
                return None
            return [Claim(text=text, findings=tuple(handles(text))) for text in report.claims if text.strip()]
    return None


async def _results(reply: Reply, desk: Desk) -> list[dict[str, Any]]:
    """All calls of a turn at the same time, results in their order. The first bug cancels the others."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_result(call, desk)) for call in reply.tool_calls]
    return [task.result() for task in running]


async def _result(call: dict[str, Any], desk: Desk) -> dict[str, Any]:
    arguments = call["input"] if isinstance(call["input"], dict) else {}
    try:
        if call["name"] == REPORT:
            raise ToolRefusal('report takes {"claims": ["..."]}.')
        finding = await desk.call(call["name"], arguments)
    except (ToolRefusal, BudgetSpent) as refusal:
        text = refusal.message if isinstance(refusal, BudgetSpent) else str(refusal)
        return {"type": "tool_result", "tool_use_id": call["id"], "is_error": True, "content": text}
    content = json.dumps(finding.as_dict(), ensure_ascii=False)
    return {"type": "tool_result", "tool_use_id": call["id"], "content": content}
