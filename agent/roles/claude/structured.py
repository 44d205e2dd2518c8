"""One structured reply: ask with a schema, look at the stop reason first, validate second, ask once more if needed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import regex
from pydantic import BaseModel, ValidationError

from agent.core.errors import Endless, Unusable
from agent.llm.client import Ask, Model
from prompts import Prompt, load

T = TypeVar("T", bound=BaseModel)

_FENCED = regex.compile(r"```(?:json)?\s*(\{.*\})\s*```|(\{.*\})", regex.DOTALL)
_UNSUPPORTED = ("minLength", "maxLength", "minimum", "maximum", "default", "title", "format", "minItems", "maxItems")


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON schema as structured output takes it: closed objects, no numeric or length limits (those are
    checked when the reply is validated)."""
    closed: dict[str, Any] = _closed(deepcopy(model.model_json_schema()))
    return closed


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    named = node.get("properties")
    kept = {key: value for key, value in node.items() if key not in _UNSUPPORTED or key == "properties"}
    kept = {key: value if key == "properties" else _closed(value) for key, value in kept.items()}
    if named is not None:
        kept["properties"] = {name: _closed(value) for name, value in named.items()}
        kept["required"] = list(named)
        kept["additionalProperties"] = False
    return kept


async def ask_structured(
    model: Model,
    prompt: Prompt,
    user: str,
    form: type[T],
    *,
    name: str,
    effort: str | None = None,
    fits: Callable[[T], bool] = lambda _: True,
) -> T:
    """A reply of `form`. An unfit reply is asked for again once, then raises Unusable."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": user}]
    for _ in range(2):
        ask = Ask(name, load(prompt).system, messages, schema=strict_schema(form), effort=effort)
        try:
            reply = await model.reply(ask)
        except Endless:
            messages = [{"role": "user", "content": f"{user}\n\nBe brief."}]
            continue
        found = parsed(reply.text, form)
        if not reply.text.lstrip().startswith("{"):
            model.ignores("format")
        if found is not None and fits(found):
            return found
        messages = [
            *messages,
            {"role": "assistant", "content": reply.content or [{"type": "text", "text": "(empty)"}]},
            {"role": "user", "content": "That did not have the asked form. Reply with the JSON object alone."},
        ]
    raise Unusable(f"{prompt.value} reply")


def parsed(text: str, form: type[T]) -> T | None:
    """The first JSON object of a reply that validates; prose around it is allowed, because weak models write some."""
    candidates = [text.strip(), *(group for match in _FENCED.finditer(text) for group in match.groups() if group)]
    for candidate in candidates:
        try:
            return form.model_validate_json(candidate)
        except ValidationError:
            continue
    return None
