"""The gate over the Model Context Protocol: tools, investigations, findings, resources and prompts, by role.

Handlers know who calls by `caller_of`; every tool checks the role itself, so that hiding a tool protects nothing alone. What
leaves is what the gate released: an error is a sentence of ours, or a number, never an exception's text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ValidationError

from agent.core.errors import fault_of
from agent.core.events import Event, PlanMade, TaskStarted, ToolStarted, dump
from agent.gateway import resources, shapes
from agent.gateway.house import House
from agent.gateway.people import RIGHTS, Caller, Right
from agent.gateway.recipes import RECIPES, words_of
from index.core.untrusted import safe, safe_json
from tools.core.errors import ToolRefusal
from tools.definitions import SCOPE_IN_WORDS, compact
from tools.registry import TOOLS

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

_INSTRUCTIONS = (
    "Shoal answers how people use an AI assistant, or abuse it, with aggregate findings only: rounded counts of groups above "
    "privacy thresholds. No conversation can be read. `ask` runs a whole investigation; where your client has a short limit "
    "of time, use `start_investigation` and `get_investigation`. The other tools answer one question each. "
    + shapes.UNTRUSTED
)
_READS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_WRITES = types.ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
_WAITS_S = 20.0
"""Longest that get_investigation waits for an end: below every client's own limit."""

Context = "ServerRequestContext[Any, Any]"
CallerOf = Callable[["ServerRequestContext[Any, Any]"], Caller]
_Run = Callable[["ServerRequestContext[Any, Any]", Caller, Any], Awaitable[tuple[BaseModel, str]]]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A tool as it is listed and run. It gives its structured result and a text for people."""

    tool: types.Tool
    right: Right
    args: type[BaseModel] | None
    run: _Run


def server(house: House, caller_of: CallerOf) -> "Server[Any]":
    """The server; every transport and both protocol eras run the same one."""
    offers = _Offers(house).all()

    async def list_tools(ctx: Any, _: Any) -> types.ListToolsResult:
        right = RIGHTS[caller_of(ctx).role]
        return types.ListToolsResult(tools=[offer.tool for offer in offers.values() if offer.right == right])

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        caller, offer = caller_of(ctx), offers.get(params.name)
        if offer is None:
            return _failed(f"There is no tool {safe(params.name)[:80]!r}.")
        try:
            caller.require(offer.right)
            args = params.arguments or {}
            given = offer.args.model_validate(args) if offer.args is not None else args
            made, text = await offer.run(ctx, caller, given)
        except ValidationError as error:
            return _failed(_misfit(error))
        except ToolRefusal as refusal:
            return _failed(f"Refused: {refusal}")
        except Exception as error:
            known = fault_of(error)
            return _failed(f"{known.message} {known.hint}".strip())
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=safe(text))],
            structured_content=made.model_dump(mode="json"),
        )

    async def list_resources(ctx: Any, _: Any) -> types.ListResourcesResult:
        caller_of(ctx)
        return types.ListResourcesResult(resources=resources.LISTED)

    async def list_templates(ctx: Any, _: Any) -> types.ListResourceTemplatesResult:
        caller_of(ctx)
        return types.ListResourceTemplatesResult(resource_templates=resources.TEMPLATES)

    async def read_resource(ctx: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        caller, uri = caller_of(ctx), str(params.uri)
        try:
            text, kind = await resources.read(house, caller, uri)
        except Exception as error:
            known = fault_of(error) if not isinstance(error, ToolRefusal) else None
            message = known.message if known is not None else str(error)
            raise MCPError(code=types.INVALID_PARAMS, message=message) from None
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, text=text, mime_type=kind)]
        )

    async def list_prompts(ctx: Any, _: Any) -> types.ListPromptsResult:
        caller_of(ctx)
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=name,
                    title=recipe.title,
                    description=recipe.about,
                    arguments=[
                        types.PromptArgument(name=argument, description=about, required=is_required)
                        for argument, about, is_required in recipe.arguments
                    ],
                )
                for name, recipe in RECIPES.items()
            ]
        )

    async def get_prompt(ctx: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        caller_of(ctx)
        try:
            text = words_of(params.name, dict(params.arguments or {}))
        except KeyError as missing:
            raise MCPError(code=types.INVALID_PARAMS, message=f"There is no prompt or argument {missing}.") from None
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=RECIPES[params.name].about, messages=[message])

    from importlib.metadata import version

    return Server(
        "shoal",
        version=version("shoal"),
        title="Shoal",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def _failed(message: str) -> types.CallToolResult:
    """An error that a model can read and correct. It has no structured content: output schemas are of results."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=safe(message))], is_error=True)


def _misfit(error: ValidationError) -> str:
    """Which arguments do not fit: names of fields, never values."""
    problems = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )
    return f"The arguments do not fit: {problems}."


class _Offers:
    """The tools, over one house."""

    def __init__(self, house: House) -> None:
        self._house = house

    def all(self) -> Mapping[str, _Offer]:
        catalog = [self._of_catalog(name) for name in TOOLS if name != "topic_map"]
        others = [
            _offer("ask", "Ask a question", self._ask.__doc__, "ask", shapes.Ask, shapes.Answer, self._ask, _WRITES),
            _offer("start_investigation", "Start an investigation", self._start.__doc__, "ask", shapes.Ask, shapes.Answer, self._start, _WRITES),
            _offer("get_investigation", "Get an investigation", self._get.__doc__, "ask", shapes.OfSession, shapes.Answer, self._get, _READS),
            _offer("list_findings", "List findings", self._list.__doc__, "ask", shapes.Page, shapes.FindingList, self._list, _READS),
            _offer("open_finding", "Open a finding", self._open.__doc__, "ask", shapes.OpenFinding, shapes.FindingPage, self._open, _READS),
            _offer("export", "Export a session", self._export.__doc__, "ask", shapes.Export, shapes.Exported, self._export, _WRITES),
            _offer("hand_over", "Hand a session over", self._hand_over.__doc__, "ask", shapes.HandOver, shapes.Done, self._hand_over, _WRITES),
            _offer("read_ledger", "Read the ledger", self._ledger.__doc__, "oversee", shapes.Page, shapes.LedgerPage, self._ledger, _READS),
            _offer("publish", "Publish a snapshot", self._publish.__doc__, "operate", shapes.Nothing, shapes.Done, self._publish, _WRITES),
        ]  # fmt: skip
        return {offer.tool.name: offer for offer in (*catalog, *others)}

    def _of_catalog(self, name: str) -> _Offer:
        tool = TOOLS[name]

        async def run(_: Any, caller: Caller, arguments: dict[str, Any]) -> tuple[BaseModel, str]:
            page = shapes.page_of(await self._house.desk(caller).call(caller, name, arguments), 1)
            return page, shapes.in_words(page)

        listed = types.Tool(
            name=name,
            title=name.replace("_", " ").capitalize(),
            description=tool.manual,
            input_schema=compact(tool.schema(), SCOPE_IN_WORDS),
            output_schema=_result(shapes.FindingPage),
            annotations=_READS,
        )
        return _Offer(listed, "ask", None, run)

    async def _ask(self, ctx: Any, caller: Caller, args: shapes.Ask) -> tuple[BaseModel, str]:
        """Answer a question with a whole investigation: plan, tools, audit, an answer that cites findings.

        Takes seconds with built-in roles, a minute or two with a model; progress is reported. If your client gives up after
        a minute, use start_investigation.
        """
        desk, known = self._house.desk(caller), ""

        def begun(session: str) -> None:
            nonlocal known
            known = session

        done, events = 0, []
        async with aclosing(desk.ask(caller, args.question, args.session, begun)) as asked:
            async for event in asked:
                events.append(dump(event))
                if step := _step(event):
                    done += 1
                    await ctx.session.report_progress(float(done), None, step)
        state = str(events[-1]["state"]) if events and events[-1]["type"] == "run_ended" else "failed"
        made = shapes.answer_of(known, args.question, state, events)
        return made, _in_words(made)

    async def _start(self, _: Any, caller: Caller, args: shapes.Ask) -> tuple[BaseModel, str]:
        """Begin a question and return at once with its session. Then call get_investigation until its state is not running."""
        desk = self._house.desk(caller)
        session = await desk.start(caller, args.question, args.session)
        made = shapes.Answer(session=session, question=args.question, state="running")
        return made, f"Session {session} is running. Call get_investigation."

    async def _get(self, _: Any, caller: Caller, args: shapes.OfSession) -> tuple[BaseModel, str]:
        """Where an investigation stands; waits up to 20 seconds for its end."""
        desk = self._house.desk(caller)
        began = asyncio.get_running_loop().time()
        found = await asyncio.to_thread(desk.investigation, caller, args.session)
        while found.state == "running" and asyncio.get_running_loop().time() - began < _WAITS_S:
            await asyncio.sleep(0.2)
            found = await asyncio.to_thread(desk.investigation, caller, args.session)
        made = shapes.answer_of(found.session, found.question, found.state, found.events)
        return made, _in_words(made)

    async def _list(self, _: Any, caller: Caller, args: shapes.Page) -> tuple[BaseModel, str]:
        """The findings that were released to you, the newest first."""
        found = await asyncio.to_thread(self._house.desk(caller).findings, caller)
        made = shapes.listed(found, args.page)
        return made, "\n".join(
            f"{item['ref']}  {item['title']}" for item in made.findings
        ) or "There are no findings yet."

    async def _open(self, _: Any, caller: Caller, args: shapes.OpenFinding) -> tuple[BaseModel, str]:
        """A finding that was released to you, or that was handed over to you, by its ref; nothing is asked again."""
        page = shapes.page_of(await asyncio.to_thread(self._house.desk(caller).finding, caller, args.ref), args.page)
        return page, shapes.in_words(page)

    async def _export(self, _: Any, caller: Caller, args: shapes.Export) -> tuple[BaseModel, str]:
        """A session as a document: questions, answers and the findings they cite. The export is noted in the ledger."""
        pages = shapes.text_pages(await self._house.desk(caller).export(caller, args.session, args.format))
        page = min(args.page, len(pages))
        made = shapes.Exported(
            session=args.session, format=args.format, text=pages[page - 1], page=page, pages=len(pages)
        )
        return made, f"{args.format}, page {page} of {len(pages)}"

    async def _hand_over(self, _: Any, caller: Caller, args: shapes.HandOver) -> tuple[BaseModel, str]:
        """Let another analyst open the findings of one of your sessions. It is noted in the ledger."""
        await self._house.desk(caller).hand_over(caller, args.session, args.to)
        made = shapes.Done(message=f"{args.to} can open the findings of {args.session}.")
        return made, made.message

    async def _ledger(self, _: Any, caller: Caller, args: shapes.Page) -> tuple[BaseModel, str]:
        """Every release, refusal, export and hand-over of this index, the newest first, by everybody; verified."""
        made = await asyncio.to_thread(self._house.ledger_page, caller, args.page)
        return (
            made,
            f"{'The chain holds.' if made.is_whole else 'The chain is broken.'} Page {made.page} of {made.pages}.",
        )

    async def _publish(self, _: Any, caller: Caller, _args: BaseModel) -> tuple[BaseModel, str]:
        """Publish a snapshot of what is stored, if enough accounts were never seen before."""
        made = shapes.Done(message=await self._house.publish(caller))
        return made, made.message


def _result(shape: type[BaseModel]) -> dict[str, Any]:
    """The schema of a result: its fields and their types."""
    return compact(shape.model_json_schema(), "")


def _offer(
    name: str,
    title: str,
    manual: str | None,
    right: Right,
    args: type[BaseModel],
    result: type[BaseModel],
    run: _Run,
    annotations: types.ToolAnnotations,
) -> _Offer:
    from inspect import cleandoc

    listed = types.Tool(
        name=name,
        title=title,
        description=cleandoc(manual or ""),
        input_schema=args.model_json_schema(),
        output_schema=_result(result),
        annotations=annotations,
    )
    return _Offer(listed, right, args, run)


def _step(event: Event) -> str:
    """What an event is as a line of progress; empty for those that are none."""
    match event:
        case PlanMade():
            return f"planned {len(event.tasks)} tasks"
        case TaskStarted():
            return f"working on {event.task}"
        case ToolStarted():
            return f"calling {event.tool}"
        case _:
            return ""


def _in_words(made: shapes.Answer) -> str:
    if made.answer:
        return f"{made.answer}\n\nSession {made.session}, {made.roles}."
    if made.asked_back:
        return "\n".join([made.asked_back, *(f"- {text}" for text in made.suggestions)])
    return (
        made.message
        or f"Session {made.session}: {made.state}. {len(made.findings)} findings so far: {safe_json(made.steps)}"
    )
