"""What one endpoint of the Messages API takes, and the body of a request to it.

Gateways and local model servers know a part of the API: some reject an option by name, some take it and ignore it. Either
way the option is switched off and its purpose is served by words. The stable part of a body comes first and is the same
bytes from call to call, so that it caches.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.core.errors import Option

_NAMES: dict[Option, tuple[str, ...]] = {
    "caching": ("cache_control",),
    "thinking": ("thinking",),
    "effort": ("effort",),
    "format": ("output_config.format", "output_format", "json_schema", "response_format"),
    "tool_choice": ("tool_choice",),
}
_BOTH = "output_config"
"""Holds effort and format; an error that names neither of the two means both."""
_CACHED = {"type": "ephemeral"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. `system` is the stable part (cached); `messages` are the Messages API's own dicts."""

    model: str
    system: str
    messages: Sequence[Mapping[str, Any]] = field(repr=False)
    tools: Sequence[Mapping[str, Any]] = ()
    schema: Mapping[str, Any] | None = None
    """JSON schema of the reply's text, when it must be structured."""
    effort: str | None = None
    max_tokens: int = 8_000
    thinking: bool = False
    """Whether the model is asked to think first, as much as it sees fit."""
    tool: str | None = None
    """The one tool that must be called."""


def named_options(wording: str) -> frozenset[Option]:
    """The options that an endpoint's error names. Its text goes no further."""
    folded = wording.casefold()
    found: set[Option] = {option for option, names in _NAMES.items() if any(name in folded for name in names)}
    if _BOTH in folded and not found & {"effort", "format"}:
        found |= {"effort", "format"}
    return frozenset(found)


@dataclass(slots=True)
class Endpoint:
    """The options that are switched off."""

    off: set[Option] = field(default_factory=set)

    def switch_off(self, options: frozenset[Option], why: str) -> list[str]:
        """Switch options off; a sentence for a person for each that was not off yet."""
        fresh = sorted(options - self.off)
        self.off.update(fresh)
        return [f"The model endpoint {why} {option.replace('_', ' ')}; Shoal goes on without." for option in fresh]

    def uses(self, ask: Ask) -> frozenset[Option]:
        """The options that a request for `ask` would use."""
        wanted: dict[Option, bool] = {
            "caching": True,
            "thinking": ask.thinking and ask.tool is None,
            "effort": bool(ask.effort),
            "format": ask.schema is not None,
            "tool_choice": ask.tool is not None,
        }
        return frozenset(option for option, is_wanted in wanted.items() if is_wanted and option not in self.off)

    def body(self, ask: Ask) -> dict[str, Any]:
        """The body, in the order that caches: tools, system, messages."""
        uses = self.uses(ask)
        system: dict[str, Any] = {"type": "text", "text": ask.system}
        if "caching" in uses:
            system["cache_control"] = _CACHED
        messages = list(ask.messages)
        if ask.schema is not None and "format" not in uses:
            messages[0] = _with_schema(messages[0], ask.schema)
        body: dict[str, Any] = {
            "model": ask.model,
            "max_tokens": ask.max_tokens,
            "system": [system],
            "messages": messages,
        }
        if ask.tools:
            forced = ask.tool if "tool_choice" not in uses else None
            body["tools"] = [tool for tool in ask.tools if forced is None or tool["name"] == forced]
            if "caching" in uses:
                body["cache_control"] = _CACHED  # moves with the conversation
        if "tool_choice" in uses:
            body["tool_choice"] = {"type": "tool", "name": ask.tool}
        if "thinking" in uses:
            body["thinking"] = {"type": "adaptive"}
        if config := _output_config(ask, uses):
            body["output_config"] = config
        return body


def _output_config(ask: Ask, uses: frozenset[Option]) -> dict[str, Any]:
    config: dict[str, Any] = {"effort": ask.effort} if "effort" in uses else {}
    if "format" in uses:
        config["format"] = {"type": "json_schema", "schema": ask.schema}
    return config


def _with_schema(message: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The message with its form in words, for an endpoint that does not hold a reply to a schema."""
    asked = f"Reply with one JSON object and nothing else. It must fit this JSON schema:\n{json.dumps(schema)}"
    return {**message, "content": f"{message['content']}\n\n{asked}"}
