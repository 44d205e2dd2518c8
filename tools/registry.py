"""The tools by name: how roles see and call them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import cleandoc
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from tools.catalog import (
    audit_claim,
    cluster_scope,
    compare,
    coordination,
    count_by,
    coverage,
    drill_down,
    emerging,
    flag_gaps,
    overview,
    precedent,
    search_topics,
    topic_map,
    trend,
)
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding


@dataclass(frozen=True, slots=True)
class Tool:
    """A question the index can answer. `manual` is what a model reads."""

    name: str
    manual: str
    args: type[BaseModel]
    run: Callable[[Any, ToolContext], Awaitable[Finding]]

    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        return self.args.model_json_schema()


def _tool(module: ModuleType) -> Tool:
    return Tool(module.__name__.rsplit(".", 1)[-1], cleandoc(module.run.__doc__ or ""), module.Args, module.run)


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in map(
        _tool,
        (
            overview,
            count_by,
            search_topics,
            cluster_scope,
            drill_down,
            compare,
            trend,
            emerging,
            coordination,
            flag_gaps,
            precedent,
            coverage,
            audit_claim,
            topic_map,
        ),
    )
}


async def _recomputed(ctx: ToolContext, name: str, arguments: dict[str, Any]) -> Finding:
    return await call(name, arguments, ctx)


async def call(name: str, arguments: dict[str, Any], ctx: ToolContext) -> Finding:
    """Run a tool by name. Unknown tools and bad arguments are refusals; the message names fields, never values."""
    tool = TOOLS.get(name)
    if tool is None:
        raise ToolRefusal(f"There is no such tool. Tools: {', '.join(TOOLS)}.")
    try:
        args = tool.args.model_validate(arguments)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise ToolRefusal(f"The arguments do not fit: {problems}.") from None
    try:
        return await tool.run(args, replace(ctx, call_tool=partial(_recomputed, ctx)))
    except ToolRefusal as refusal:
        await asyncio.to_thread(
            ctx.gate.refuse, name, args.model_dump(mode="json", exclude_none=True), refusal.reason, ctx.run
        )
        raise
