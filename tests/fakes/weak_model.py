"""What a very small model behind a local server does, as was seen with one of 1.5 billion parameters: a valid tool call in
8 of 12 tries, prose with a JSON block inside, the same call again, and invented figures.

The server behind it ignores `output_config.format` and takes a named `tool_choice` for "any".
"""

import itertools
import json
import threading
from typing import Any

from tests.fakes.messages import Block, Message, Reply, broken_tool_use, text, tool_use

INVENTED = "Requests rose by 9,876 (45.3 %) since 2031-01-01 [F1]."
_CALLS: tuple[dict[str, Any], ...] = ({"by": "language"}, {"by": "surface"}, {"by": "month"})


def _valid(place: int) -> Block:
    return tool_use("count_by", _CALLS[place % len(_CALLS)])


def _tries() -> list[Block]:
    """Twelve turns of an investigator, eight of them a valid call; some of those repeat one made before."""
    return [
        _valid(0),
        text('I will count. ```json\n{"name": "count_by", "arguments": {"by": "surface"}}\n```'),
        _valid(0),
        broken_tool_use("count_by", '{"by": "lang'),
        _valid(1),
        tool_use("search_database", {"query": "users"}),
        _valid(2),
        _valid(2),
        text("Let me think about this step by step."),
        _valid(0),
        _valid(1),
        tool_use("report", {"claims": [INVENTED, "People use it in many languages."]}),
    ]


class WeakModel:
    """Decides each reply of a MessagesServer. Investigators of one run draw from the same twelve turns, round and round."""

    def __init__(self) -> None:
        self._turns = itertools.cycle(_tries())
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, Any], _: int) -> Reply:
        system = body["system"][0]["text"]
        if system.startswith("You lead"):
            return Message([text(f"Sure! Here is my plan:\n```json\n{json.dumps(self._plan())}\n```\nGood luck!")])
        if system.startswith("You audit"):
            return Message([text("All claims look great to me!")])
        if system.startswith("You write"):
            return Message([text(f"{INVENTED} About 12,345 people asked for “Secret plans” [F1].\n\nThis is a lot.")])
        with self._lock:
            block = next(self._turns)
        return Message([block], stop_reason="tool_use" if block["type"] == "tool_use" else "end_turn")

    @staticmethod
    def _plan() -> dict[str, Any]:
        task = {"specialist": "usage", "focus": "breakdown", "scope": {}, "facet": "language", "disconfirmer": "none"}
        return {
            "tasks": [{**task, "objective": f"count {word}"} for word in ("one", "two", "three")],
            "assumptions": [],
            "clarification": None,
        }
