"""Answers that need no tool: what Shoal is and does, what is not recorded, and the last answer in another shape.

They hold no number of the data but those of the last answer, which was verified when it was given.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

import regex

from agent.grounding.unrecorded import unstored
from agent.grounding.verify import HANDLE, handles, sentences_of
from agent.roles.protocols import Brief, Exchange, Plan

_CONFIDENCE = regex.compile(
    r"\*\*((?:Confidence|Zuverlässigkeit|Confiance|Confianza|Confiança|確信度|可信度) ?[:：][^*\n]{1,30}[.。])\*\*(.*)"
)
_SHORT = 3
"""Sentences of the last answer in its short form, where no number is asked for."""


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("agent.roles.builtin.lead") / "replies.toml").read_text("utf-8"))


def text_of(key: str, spoken: str) -> str:
    """A fixed text in a language, in English where there is none in it."""
    return _texts()[key].get(spoken) or _texts()[key]["English"]


def replied(intent: str, brief: Brief, spoken: str, last: Exchange | None, shown: int | None) -> Plan | None:
    """The plan that holds the answer; None where it would be about an earlier answer and there is none."""
    if intent in LATER:
        return LATER[intent](spoken, last, shown) if last is not None else None
    text = text_of(intent, spoken)
    if intent == "not_recorded":
        known = unstored(brief.question, brief.own_facets)
        own = f", {', '.join(brief.own_facets)}" if brief.own_facets else ""
        text = text.format(what=text_of("this", spoken), own=own)
        if known and spoken == "English":
            text = " ".join([*known, text.split(". ", 1)[1]])
    return Plan(reply=text)


def _handles(last: Exchange) -> str:
    return ", ".join(dict.fromkeys(handles(last.answer))) or "–"


def _how_found(spoken: str, last: Exchange, _: int | None) -> Plan:
    tasks = "; ".join(regex.sub(r"[“”]", "", task.objective) for task in last.tasks)
    return Plan(reply=text_of("how_found", spoken).format(tasks=tasks, handles=_handles(last)))


def _how_sure(spoken: str, last: Exchange, _: int | None) -> Plan:
    match = _CONFIDENCE.search(last.answer)
    reason = (
        f"{match[1][:1].lower()}{match[1][1:]} {match[2].strip()}".strip() if match else "no confidence was stated."
    )
    return Plan(reply=text_of("how_sure", spoken).format(reason=reason, handles=_handles(last)))


def _export(spoken: str, _last: Exchange, _: int | None) -> Plan:
    return Plan(reply=text_of("export", spoken))


def _shorter(_spoken: str, last: Exchange, shown: int | None) -> Plan:
    """The first sentences of the last answer, each as a point."""
    prose = [block for block in last.answer.split("\n\n") if block and not block.startswith(("**", "*"))]
    points = [
        sentence.lstrip("- ") for block in prose for line in block.splitlines() for sentence in sentences_of(line)
    ]
    kept = [point for point in points if HANDLE.search(point)][: shown or _SHORT] or points[: shown or _SHORT]
    if shown == 1:
        return Plan(reply=kept[0] if kept else last.answer)
    return Plan(reply="\n".join(f"- {point}" for point in kept))


LATER: Mapping[str, Callable[[str, Exchange, int | None], Plan]] = {
    "how_found": _how_found, "how_sure": _how_sure, "export": _export, "shorter": _shorter,
}  # fmt: skip
"""Replies about the last answer."""

ASIDE = frozenset(("how_works", "who", "examples", "not_recorded", "forecast", "limits", "terms"))
"""Replies that stand alone; `can_do`, `small_talk` and `off_topic` propose questions with them."""

OFFERING = frozenset(("can_do", "small_talk", "off_topic"))
