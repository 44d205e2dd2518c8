"""audit_claim: recompute a claim's numbers from the index and say whether they hold."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding, Measure, Row, Value

Outcome = Literal["suppressed", "holds", "does not hold"]


class Number(BaseModel):
    """One number of a claim."""

    model_config = ConfigDict(extra="forbid")

    row: str = Field(max_length=200, description="Label of the row it is about, as the finding shows it")
    column: int = Field(0, ge=0, description="Place of the column, from 0")
    kind: Literal["count", "share", "accounts"] = "share"
    stated: float = Field(description="What the claim says; shares in percent")


class Args(BaseModel):
    """The tool and arguments that the claim rests on, and its numbers."""

    model_config = ConfigDict(extra="forbid")

    tool: str = Field(description="The tool whose finding the claim cites")
    arguments: dict[str, Any] = Field(default_factory=dict, description="The same arguments again")
    numbers: list[Number] = Field(min_length=1, max_length=20)


async def run(args: Args, ctx: ToolContext) -> Finding:
    """Compute a finding anew and hold a claim's numbers against it: holds, does not hold, or suppressed.

    Give the tool and the arguments of the finding that the claim cites, and each number with its row and column.
    A count holds within the rounding, a share within 0.1. Limits: it checks numbers, not what they are taken to mean.
    """
    if args.tool == "audit_claim" or ctx.call_tool is None:
        raise ToolRefusal("Name the tool whose finding the claim cites.")
    finding = await ctx.call_tool(args.tool, args.arguments)
    rows = [_verdict(number, finding, ctx.gate.policy.round_to) for number in args.numbers]
    return await ctx.restate(finding, "audit_claim", f"Claim recomputed: {finding.title}", rows)


def _verdict(number: Number, finding: Finding, step: int) -> Row:
    """The recomputed row with a verdict. A row that is not in the finding is named in fixed words, never as given."""
    nothing = tuple(Value(None, None) for _ in finding.columns)
    found = finding.row(number.row) or Row("a row that the finding does not have", nothing)
    if number.column >= len(finding.columns):
        raise ToolRefusal(f"That finding has {len(finding.columns)} columns, counted from 0.")
    value = found.values[number.column]
    actual = {"count": value.count, "share": value.share, "accounts": found.accounts}[number.kind]
    outcome: Outcome = "suppressed"
    if actual is not None:
        room = 0.1 + 1e-9 if number.kind == "share" else step
        outcome = "holds" if abs(actual - number.stated) <= room else "does not hold"
    # Only the outcome: a number that somebody states must not become citable by being checked (R8).
    stated = Measure(f"stated {number.kind}, {finding.columns[number.column]}", verdict=outcome)
    return replace(found, measures=(stated,))
