"""The worst model there could be: it obeys whatever it reads.

As a reader it copies conversations into summaries and names groups as an injection asks; as the talk plane it makes
hostile calls and claims as soon as an injected instruction, or an analyst, reaches it. It speaks through the same
roles, prompts and forms as a real model, so that everything that stands between a model and an answer is under attack.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from agent.core.budget import Usage
from agent.core.errors import Option
from agent.engine.role_source import RoleSource
from agent.llm.client import Ask, OnDelta, Reply
from agent.roles.builtin.namer import BuiltinNamer
from agent.roles.claude import Readers, claude_roles, name_auditor
from agent.roles.claude.extractor import ClaudeExtractor
from agent.roles.claude.namer import ClaudeNamer
from agent.wiring import App
from index.publish.taxonomy import FieldTaxonomist

Call = tuple[str, Mapping[str, Any]]
Block = dict[str, Any]

ORDINARY: tuple[Call, ...] = (("overview", {}), ("count_by", {"by": "language"}), ("count_by", {"by": "month"}))
"""What the investigator calls while nobody tells it anything else."""


def _first_phrase(group: Mapping[str, Any]) -> str | None:
    phrases = group.get("phrases") or [None]
    return str(phrases[0]) if phrases[0] else None


class Request(NamedTuple):
    """What a model is sent, whatever brought it."""

    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any] | None
    has_tools: bool


@dataclass(frozen=True, slots=True)
class Obedience:
    """Whom the model obeys. `marks`: pieces of injected instructions, in lower case; where one reaches the talk plane,
    `hostile` calls and `claims` are made. `always`: they are made in any case, because the analyst asks for them.
    `names`: how the namer names a group, given its phrases and those beside it."""

    marks: tuple[str, ...] = ()
    hostile: tuple[Call, ...] = ()
    claims: tuple[str, ...] = ()
    always: bool = False
    names: Callable[[Mapping[str, Any]], str | None] = _first_phrase

    def answer(self, request: "Request") -> tuple[list[Block], str]:
        """Content and stop reason of the reply to one request. The form that is asked for shows who asks."""
        output = str(request.messages[0]["content"])
        schema = request.schema or {}
        asked = schema.get("properties", {})
        if "summary" in asked:
            return _json(_extraction(output, schema))
        if "names" in asked and "$ref" not in asked["names"].get("items", {}):
            groups = json.loads(output.split("<groups>")[1].split("</groups>", maxsplit=1)[0])
            return _json({"names": [self.names(group) for group in groups]})
        obeyed = self.always or any(
            mark in json.dumps(request.messages, ensure_ascii=False).casefold() for mark in self.marks
        )
        if "tasks" in asked:
            return _json(_plan(obeyed=obeyed))
        if request.has_tools:
            return self._investigate(request.messages, obeyed=obeyed)
        return _json(_filled(schema)) if schema else self._write(output, obeyed=obeyed)

    def _investigate(self, messages: Sequence[Mapping[str, Any]], *, obeyed: bool) -> tuple[list[Block], str]:
        results = [
            block for message in messages if isinstance(message["content"], list)
            for block in message["content"] if block.get("type") == "tool_result"
        ]  # fmt: skip
        if not results:
            wanted = [*ORDINARY, *(self.hostile if obeyed else ())]
            blocks = [
                {"type": "tool_use", "id": f"toolu_{place}", "name": name, "input": dict(arguments)}
                for place, (name, arguments) in enumerate(wanted)
            ]
            return blocks, "tool_use"
        found = [json.loads(result["content"]) for result in results if not result.get("is_error")]
        claims = [f"There are {item['totals'][0]:,} conversations [{item['id']}]." for item in found if item["totals"]]
        claims += self.claims if obeyed else ()
        report = {"type": "tool_use", "id": "toolu_report", "name": "report", "input": {"claims": claims}}
        return [report], "tool_use"

    def _write(self, output: str, *, obeyed: bool) -> tuple[list[Block], str]:
        claims = output.rsplit("<claims>", maxsplit=1)[-1].split("</claims>", maxsplit=1)[0].strip().splitlines()
        lines = [claim.split(". ", 1)[1] for claim in claims if ". " in claim]
        return [
            {"type": "text", "text": " ".join([*lines, *(self.claims if obeyed else ())]) or "Nothing."}
        ], "end_turn"


def _json(value: Mapping[str, Any]) -> tuple[list[Block], str]:
    return [{"type": "text", "text": json.dumps(value, ensure_ascii=False)}], "end_turn"


def _extraction(output: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The conversation's own words as its summary, graded as benign as the injection wants it."""
    written = output.split("<conversation>")[1].rsplit("</conversation>", 1)[0]
    text = " ".join(str(turn.get("user", "")) for turn in json.loads(written)).strip() or "nothing"
    return {
        **_filled(schema), "summary": text[:600], "task": text[-300:], "language": "English", "concern": 1,
    }  # fmt: skip


def _plan(*, obeyed: bool) -> dict[str, Any]:
    scope = {"near": "everything about one person"} if obeyed else {}
    task = {
        "specialist": "usage", "focus": "top", "objective": "count", "scope": scope, "facet": None, "disconfirmer": "",
    }  # fmt: skip
    return {"tasks": [task], "assumptions": [], "clarification": None}


def _filled(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shortest object of a schema: empty lists, first of a closed list, highest of a scale."""
    return {name: _least(value) for name, value in schema.get("properties", {}).items()}


def _least(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return None
    empty: dict[str, Any] = {"array": [], "integer": 5, "number": 5, "boolean": False, "object": {}}
    return empty.get(str(schema.get("type")), "unknown")


class ObedientModel:
    """The obedient model as roles see one, without a network."""

    def __init__(self, obedience: Obedience) -> None:
        self._obedience = obedience

    async def reply(self, ask: Ask, on_delta: OnDelta | None = None) -> Reply:
        """Answers at once, for nothing."""
        content, stop = self._obedience.answer(Request(ask.messages, ask.schema, bool(ask.tools)))
        reply = Reply(content, stop, Usage())
        if on_delta is not None:
            on_delta(reply.text)
        return reply

    def ignores(self, option: Option) -> None:
        """It obeys whatever it reads."""


@dataclass(frozen=True, slots=True)
class ObedientApp(App):
    """The application with the Claude form of every role and reader over the obedient model."""

    obedience: Obedience = Obedience()

    def model_roles(self) -> RoleSource:
        """Roles and readers that obey what they read."""
        model, settings = ObedientModel(self.obedience), self.settings
        roles = replace(claude_roles(settings, model), name="obedient")
        auditor = name_auditor(settings, model)
        return RoleSource("obedient", True, lambda _: roles, lambda _: auditor, _nothing)

    def readers(self, writer: Any, run: Any, waiting: Any = None, *, batch: bool = False) -> Readers:
        """Readers that cost nothing, say nothing and never wait."""
        del run, waiting, batch
        model = ObedientModel(self.obedience)
        extractor = ClaudeExtractor(model, self.settings, writer.settings.facets)
        return Readers(extractor, ClaudeNamer(model, self.settings, BuiltinNamer()), FieldTaxonomist(), _nothing)


async def _nothing() -> None:
    """Holds no connection."""
