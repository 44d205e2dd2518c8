"""The answer as a typed value, and its one form in Markdown.

An analyst lifts parts of an answer into a report, so every part has its own field: built-in and Claude writers fill the
same one. Nothing here decides what is true: `agent.grounding.verify` checks every part before it is rendered. A lead card names
themes, sizes and bands; it must never hold an account or a conversation.
"""

from typing import Literal

import regex
from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["none", "low", "moderate", "high"]
"""How much weight the evidence bears, in the three words of ICD 203 (2015); none where nothing could be released."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LeadCard(_Value):
    """What an abuse analyst hands on: a claim with its grounds and its doubts, and what to ask authorised people for.
    Every sentence with a number or a group carries its [F] handle."""

    claim: str
    clusters: tuple[str, ...] = Field((), description="The themes it is about, with rounded counts")
    signals: tuple[str, ...] = Field((), description="What points to it, in bands or shares")
    benign: tuple[str, ...] = Field(
        (), description="Benign explanations that were considered, and what speaks for them"
    )
    unknown: tuple[str, ...] = Field((), description="What the findings cannot say")
    purpose: str = Field("", description="What an authorised review would be for")
    scope: str = Field("", description="What it would look at: themes and periods, never accounts")
    necessity: str = Field("", description="Why aggregates do not settle it, or that no review is called for")


class Draft(_Value):
    """An answer in parts, each sentence with the handles it rests on."""

    answer: str = Field(description="Two or three sentences that answer the question")
    findings: tuple[str, ...] = Field((), description="What supports it, one sentence or two each")
    confidence: Confidence = "low"
    reason: str = Field("", description="Why this confidence and no other")
    would_change: tuple[str, ...] = Field((), description="What finding would change the answer")
    left_out: tuple[str, ...] = Field((), description="What was suppressed, is unclustered, or was not done")
    leads: tuple[LeadCard, ...] = Field((), description="Lead cards, for abuse only")
    suggestions: tuple[str, ...] = Field((), description="Questions that could follow")
    byline: str = ""
    """Who wrote it, where that is no model."""
    headings: tuple[str, str] = ("", "")
    """The confidence in words, and the heading of what was left out, where they are not English."""


class Mention(_Value):
    """A group that an answer named, in the order of naming: what "the second one" stands for. `id` opens it; `within`: what its
    finding counted, so that "it" is the group that was counted and no larger one of that name."""

    label: str
    id: str | None = None
    finding: str
    within: str = ""


def render(draft: Draft) -> str:
    """The answer in Markdown, short: details of a lead and of a finding are in the parts and in the findings. Parts without
    content leave no heading; suggestions are in the event, beside the text."""
    blocks = [draft.answer.strip(), findings_markdown(draft)]
    blocks += [f"**Lead {number}.** {_paragraph(lead)}" for number, lead in enumerate(draft.leads, start=1)]
    blocks += [_confidence(draft), method_markdown(draft)]
    return "\n\n".join(block for block in blocks if block)


def first_paragraph(draft: Draft) -> str:
    """What a reader needs at once, in Markdown: the answer, and how far to trust it."""
    return "\n\n".join(block for block in (draft.answer.strip(), _confidence(draft)) if block)


def _confidence(draft: Draft) -> str:
    if not (draft.reason or draft.headings[0]):
        return ""
    return f"**{draft.headings[0] or f'Confidence: {draft.confidence}.'}** {draft.reason.strip()}".rstrip()


def findings_markdown(draft: Draft) -> str:
    """What supports the answer, as a list."""
    return "\n".join(f"- {line.strip()}" for line in draft.findings)


def method_markdown(draft: Draft) -> str:
    """What limits the answer, and who wrote it."""
    blocks = _section("What would change this", draft.would_change)
    blocks += _section(draft.headings[1] or "Suppressed and not covered", draft.left_out)
    if draft.byline:
        blocks.append(f"*{draft.byline}*")
    return "\n\n".join(blocks)


def lead_markdown(lead: LeadCard) -> str:
    """A lead card, whole: its claim, then each field that is filled."""
    fields = (
        ("Themes", lead.clusters), ("Signals", lead.signals), ("Benign readings", lead.benign), ("Unknown", lead.unknown),
        ("Purpose of a review", (lead.purpose,)), ("Scope of a review", (lead.scope,)), ("Necessity", (lead.necessity,)),
    )  # fmt: skip
    blocks = [lead.claim.strip()]
    for title, lines in fields:
        blocks += _section(title, tuple(line for line in lines if line.strip()))
    return "\n\n".join(blocks)


def _section(title: str, lines: tuple[str, ...]) -> list[str]:
    if len(lines) < 2:
        return [f"**{title}.** {line.strip()}" for line in lines]
    return [f"**{title}**", "\n".join(f"- {line.strip()}" for line in lines)]


_SIGNALS = 2
"""Signals of a lead that are shown; all of them are in its card."""


def _paragraph(lead: LeadCard) -> str:
    """A lead as one paragraph: its claim, themes with counts, the strongest signals, one benign reading, and the next step."""
    parts = [lead.claim, *lead.clusters, *lead.signals[:_SIGNALS]]
    parts += [f"Benign reading: {line}" for line in lead.benign[:1]]
    parts += [f"Next step: {line}" for line in (lead.scope or lead.necessity,) if line]
    return " ".join(part.strip() for part in parts)


_HEADING = regex.compile(
    r"^\s*(?:[#>*_\s]|\d+\.\s)*(?P<name>answer|findings|lead(?: card)? ?\d*|confidence|what would change (?:this|it)|suppressed(?: and not covered)?|not covered"
    r"|(?:suggested )?next questions)\b(?P<rest>.*)$",
    regex.IGNORECASE,
)
_LEVEL = regex.compile(r"^[\W_]*(low|moderate|high)(?![a-z])[\W_]*", regex.IGNORECASE)
_FIELDS = {
    "claim": "claim", "themes": "clusters", "clusters": "clusters", "signals": "signals", "benign readings considered": "benign",
    "benign readings": "benign", "unknown": "unknown", "escalation, purpose": "purpose", "escalation, scope": "scope",
    "escalation, necessity": "necessity", "purpose": "purpose", "scope": "scope", "necessity": "necessity",
}  # fmt: skip
_FIELD = regex.compile(
    rf"^\W*(?P<name>{'|'.join(sorted(_FIELDS, key=len, reverse=True))})\W*:\W*?\s*(?P<rest>.*)$", regex.IGNORECASE
)
_BULLET = regex.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_LISTS = ("clusters", "signals", "benign", "unknown")


def parse(text: str) -> Draft:
    """A writer's Markdown as a draft: the form that `render` gives, read with patience. What stands before the first
    heading is the answer; a text without headings is an answer and nothing else."""
    parts: dict[str, list[str]] = {}
    leads: list[list[str]] = []
    here = parts.setdefault("answer", [])
    for line in text.splitlines():
        match = _HEADING.match(line)
        if match is None or not _is_heading(line, match.group("rest")):
            here.append(line)
            continue
        name = match.group("name").casefold()
        if name.startswith("lead"):
            leads.append([])
            here = leads[-1]
        else:
            here = parts.setdefault(name.split()[0], [])
        here.append(match.group("rest").lstrip(" *_:.#").rstrip(" *_:#"))
    level, reason = _level(" ".join(_joined(parts.get("confidence", []))))
    first = next((place for place, line in enumerate(parts["answer"]) if _BULLET.match(line)), len(parts["answer"]))
    return Draft(
        answer=" ".join(_joined(parts["answer"][:first])),
        findings=tuple(_joined([*parts["answer"][first:], *parts.get("findings", [])])),
        confidence=level,
        reason=reason,
        would_change=tuple(_joined(parts.get("what", []))),
        left_out=tuple(_joined([*parts.get("suppressed", []), *parts.get("not", [])])),
        leads=tuple(lead for lines in leads if (lead := _lead_of(lines)).claim),
        suggestions=tuple(_joined([*parts.get("next", []), *parts.get("suggested", [])])),
    )


def _is_heading(line: str, rest: str) -> bool:
    """Whether a line that begins like a heading is one: marked as such, or nothing but it."""
    return line.lstrip().startswith(("#", "**", "__")) or not rest.strip(" *_:.#")


def _joined(lines: list[str]) -> list[str]:
    """The bullets and paragraphs of a part, each on one line."""
    found: list[str] = []
    is_open = False
    for line in lines:
        bare = _BULLET.sub("", line).strip()
        if not bare:
            is_open = False
        elif is_open and _BULLET.match(line) is None:
            found[-1] = f"{found[-1]} {bare}"
        else:
            found.append(bare)
            is_open = True
    return found


def _level(text: str) -> tuple[Confidence, str]:
    match = _LEVEL.match(text)
    if match is None:
        return "low", text
    levels: dict[str, Confidence] = {"low": "low", "moderate": "moderate", "high": "high"}
    return levels[match.group(1).casefold()], text[match.end() :].strip()


def _lead_of(lines: list[str]) -> LeadCard:
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in lines:
        if (match := _FIELD.match(line)) is not None:
            here = found.setdefault(_FIELDS[match.group("name").casefold()], [])
            here.append(match.group("rest").strip("* "))
        else:
            here.append(line)
    many = {name: tuple(_joined(found.get(name, []))) for name in _LISTS}
    one = {name: " ".join(_joined(found.get(name, []))) for name in ("claim", "purpose", "scope", "necessity")}
    return LeadCard.model_validate({**many, **one})
