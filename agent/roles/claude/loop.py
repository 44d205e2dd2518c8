"""The investigator's tool loop: our own, because every refusal, cap and event matters here.

Results go back in the order of the calls, one for each call, always. A refusal is a result the model reads; a bug is
not turned into text for a model. The loop is bounded in turns and in tool calls. Whatever a weak model gets wrong (a
malformed call, prose, silence, an unknown tool, the same call again) is put right once; the second time ends the task.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from agent.core.errors import BudgetSpent, Endless, Malformed, Unusable
from agent.grounding.verify import handles
from agent.llm.client import Ask, Model, Reply
from agent.roles.claude.structured import parsed
from agent.roles.claude.tool_definitions import REPORT, tool_definitions
from agent.roles.protocols import Claim, Specialist, ToolCaller
from tools.core.errors import ToolRefusal
from tools.registry import TOOLS

MAX_TURNS = 12
_EMPTY = [{"type": "text", "text": "(empty)"}]


class Report(BaseModel):
    """The claims of a finished task."""

    model_config = ConfigDict(extra="ignore")

    claims: list[str]


class WrittenCall(BaseModel):
    """A tool call that a model wrote as JSON into its prose."""

    model_config = ConfigDict(extra="ignore")

    name: str
    arguments: dict[str, Any] = Field(validation_alias=AliasChoices("arguments", "input", "parameters"))


@dataclass(slots=True)
class _Loop:
    """What one task's loop remembers: the conversation, the calls made, and what was already put right."""

    tools: ToolCaller
    messages: list[Mapping[str, Any]]
    seen: set[str] = field(default_factory=set)
    mistakes: set[str] = field(default_factory=set)
    must_report: bool = False

    def once(self, mistake: str) -> None:
        """Let a kind of mistake pass once. Raises Unusable the second time."""
        if mistake in self.mistakes:
            raise Unusable(f"investigator's reply ({mistake}, twice)")
        self.mistakes.add(mistake)

    def say(self, wording: list[dict[str, Any]], answer: str | list[dict[str, Any]]) -> None:
        """Lengthen the conversation by the model's turn and ours; what was sent before stays as it was."""
        turns = [{"role": "assistant", "content": wording or _EMPTY}, {"role": "user", "content": answer}]
        self.messages = [*self.messages, *turns]


async def run_loop(
    model: Model,
    name: str,
    system: str,
    user: str,
    tools: ToolCaller,
    *,
    trade: Specialist = "usage",
    effort: str | None = None,
    thinking: bool = False,
) -> Sequence[Claim]:
    """Let the model call tools until it reports. Raises a ModelFault or BudgetSpent; Unusable when it cannot do it."""
    loop = _Loop(tools, [{"role": "user", "content": user}])
    definitions = tool_definitions(trade)
    for turn in range(MAX_TURNS):
        forced = REPORT if loop.must_report or turn == MAX_TURNS - 1 else None
        ask = Ask(name, system, loop.messages, tools=definitions, effort=effort, thinking=thinking, tool=forced)
        try:
            reply = await model.reply(ask)
        except Malformed:
            loop.once("a malformed tool call")
            loop.say(
                _EMPTY, "Your last tool call was not valid JSON. Call one tool, with its arguments as one JSON object."
            )
            continue
        except Endless:
            loop.once("a reply without end")
            loop.say(_EMPTY, "Your last reply repeated itself and was closed. Call one tool, or report, and be brief.")
            continue
        if reply.stop == "pause_turn":
            loop.messages = [*loop.messages, {"role": "assistant", "content": reply.content or _EMPTY}]
            continue
        claims = _reported(reply)
        if claims is not None:
            return claims
        if forced:
            model.ignores("tool_choice")
        if reply.tool_calls:
            loop.say(reply.content, await _results(reply, loop))
        else:
            await _prose(reply, loop)
    raise Unusable(f"work, which did not end in {MAX_TURNS} turns,")


def _reported(reply: Reply) -> list[Claim] | None:
    """The claims of a report, called as a tool or written as JSON into prose; None when there is none."""
    for call in reply.tool_calls:
        if call["name"] == REPORT:
            try:
                return _claims(Report.model_validate(call["input"]))
            except ValidationError:
                return None
    written = None if reply.tool_calls else parsed(reply.text, Report)
    return _claims(written) if written is not None else None


def _claims(report: Report) -> list[Claim]:
    return [Claim(text=text, findings=tuple(handles(text))) for text in report.claims if text.strip()]


async def _prose(reply: Reply, loop: _Loop) -> None:
    """A turn without a call: make the call that it writes about, or ask for one."""
    written = parsed(reply.text, WrittenCall)
    if written is None or written.name not in TOOLS:
        loop.once("no tool call" if reply.text.strip() else "an empty reply")
        loop.say(reply.content, "Call a tool, or call report with your claims.")
        return
    loop.once("a tool call written as text")
    (result,) = await _answered([{"id": "", "name": written.name, "input": written.arguments}], loop)
    loop.say(reply.content, f"Result of {written.name}:\n{result['content']}\n\nCall tools as tool calls, not as text.")


async def _results(reply: Reply, loop: _Loop) -> list[dict[str, Any]]:
    """The results of a turn's calls, in their order."""
    if any(call["name"] not in TOOLS and call["name"] != REPORT for call in reply.tool_calls):
        loop.once("an unknown tool")
    if any(call["name"] == REPORT for call in reply.tool_calls):
        loop.once("a report without claims")
    return await _answered(reply.tool_calls, loop)


async def _answered(calls: Sequence[dict[str, Any]], loop: _Loop) -> list[dict[str, Any]]:
    """All calls at the same time, results in their order. The first bug cancels the others. A call that was made before
    is not made again: its answer would be the same, and the ledger would grow."""
    keys = [json.dumps([call["name"], call["input"]], sort_keys=True) for call in calls]
    repeats = [key in loop.seen or key in keys[:place] for place, key in enumerate(keys)]
    if any(repeats):
        loop.once("the same call again")
        loop.must_report = True
    loop.seen.update(keys)
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(_result(call, loop, is_repeat=is_repeat))
            for call, is_repeat in zip(calls, repeats, strict=True)
        ]
    return [task.result() for task in running]


async def _result(call: dict[str, Any], loop: _Loop, *, is_repeat: bool) -> dict[str, Any]:
    try:
        if is_repeat:
            raise ToolRefusal("You made this call before and have its result. Call report with your claims.")
        if call["name"] == REPORT:
            raise ToolRefusal('report takes {"claims": ["..."]}.')
        if not isinstance(call["input"], dict):
            raise ToolRefusal("The arguments are not a JSON object.")
        finding = await loop.tools.call(call["name"], call["input"])
    except (ToolRefusal, BudgetSpent) as refusal:
        loop.must_report |= isinstance(refusal, BudgetSpent)
        text = refusal.message if isinstance(refusal, BudgetSpent) else str(refusal)
        return {"type": "tool_result", "tool_use_id": call["id"], "is_error": True, "content": text}
    content = json.dumps(finding.as_dict(), ensure_ascii=False)
    return {"type": "tool_result", "tool_use_id": call["id"], "content": content}
