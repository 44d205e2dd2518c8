"""R8 in code: every number, date and group of an answer is in a finding that its sentence cites.

It reads sentences, not intentions: a sentence with a number and no handle fails, whoever wrote it. A sentence that names
groups must give each its own numbers. Ratios and differences are computed anew from the numbers of what the sentence
names. It must never let a number pass because it is plausible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from agent.core.answer import Draft, LeadCard
from agent.core.dates import unknown_date, without_dates
from agent.core.quantities import Quantity, plain_signs, quantities
from agent.grounding.evidence import first_unheld
from agent.grounding.proper_nouns import unreleased_name
from agent.grounding.stated import (
    DATE,
    QUOTED,
    Group,
    StatedNumber,
    folded,
    groups,
    of_method,
    of_row,
    shared,
    words_of,
)
from tools.core.finding import Finding
from tools.core.wording import UNNAMED

HANDLE = regex.compile(r"\[(F\d+(?:\s*,\s*F\d+)*)\]")
_BARE_HANDLE = regex.compile(r"(?<![\w“])F\d+\b")
_ID = regex.compile(r"(?<![\w“])[CTS]\d+\b")
_MARKER = regex.compile(r"^\s*(?:\d+\.|[-*#>]+)\s+")
_SENTENCE_END = regex.compile(r"(?<=[.!?])\s+(?=[\p{Lu}\p{Lo}“*])|(?<=[。！？])\s*(?!\s*\[F)")
_METHOD = regex.compile(
    r"threshold|policy|round|dimension|false discovery|interval|at least .* accounts|method|minimum", regex.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The text with failing sentences removed, and what was removed and why."""

    text: str
    removed: tuple[str, ...]
    problems: tuple[str, ...]
    cited: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft with failing sentences removed from every part, and what was removed and why."""

    draft: Draft
    removed: tuple[str, ...]
    problems: tuple[str, ...]


def handles(text: str) -> list[str]:
    """Handles in order of first mention, once each."""
    found = [handle.strip() for match in HANDLE.finditer(text) for handle in match.group(1).split(",")]
    return list(dict.fromkeys(found))


def check(text: str, findings: Mapping[str, Finding], *, by_model: bool = False) -> Checked:
    """Check a text sentence by sentence. Headings and list markers carry no claim of their own. `by_model`: a model wrote
    it, so that its names are checked too."""
    kept_lines: list[str] = []
    removed: list[str] = []
    problems: list[str] = []
    for line in text.splitlines():
        sentences = sentences_of(line)
        kept = []
        for sentence in sentences:
            problem = _problem(sentence, findings, by_model=by_model)
            if problem is None:
                kept.append(sentence)
            else:
                removed.append(sentence.strip())
                problems.append(f"{problem}: {sentence.strip()}")
        if kept or not sentences:
            kept_lines.append(" ".join(kept) if kept != sentences else line)
    checked = "\n".join(kept_lines).strip()
    return Checked(checked, tuple(removed), tuple(problems), tuple(handles(checked)))


def check_draft(
    draft: Draft, findings: Mapping[str, Finding], *, must_cite: bool = False, by_model: bool = False
) -> CheckedDraft:
    """Check every part of a draft. A lead card whose claim fails is removed whole; a suggestion that names what no
    finding holds is dropped without a word, because it claims nothing. `must_cite`: an answer without any handle, and a
    point of its findings without one, is removed too, as a text that a model wrote out of nothing has no number to fail by."""
    removed: list[str] = []
    problems: list[str] = []

    def kept(text: str) -> str:
        checked = check(text, findings, by_model=by_model)
        removed.extend(checked.removed)
        problems.extend(checked.problems)
        return checked.text

    def lines(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, map(kept, texts)))

    def cited(text: str) -> str:
        if not text or not must_cite or handles(text):
            return text
        removed.append(text)
        problems.append(f"it cites no finding: {text}")
        return ""

    def card(lead: LeadCard) -> LeadCard | None:
        claim = kept(lead.claim)
        if not claim:
            return None
        many = {name: lines(getattr(lead, name)) for name in ("clusters", "signals", "benign", "unknown")}
        one = {name: kept(getattr(lead, name)) for name in ("purpose", "scope", "necessity")}
        return LeadCard.model_validate({"claim": claim, **many, **one})

    checked = draft.model_copy(
        update={
            "answer": cited(kept(draft.answer)),
            "findings": tuple(filter(None, map(cited, lines(draft.findings)))),
            "leads": tuple(filter(None, map(card, draft.leads))),
            "reason": kept(draft.reason),
            "would_change": lines(draft.would_change),
            "left_out": lines(draft.left_out),
            "suggestions": tuple(
                text for text in draft.suggestions if _may_be_asked(text, findings, by_model=by_model)
            ),
            "byline": kept(draft.byline),
        }
    )
    return CheckedDraft(checked, tuple(removed), tuple(problems))


def _may_be_asked(suggestion: str, findings: Mapping[str, Finding], *, by_model: bool) -> bool:
    known = groups(list(findings.values()))
    words = "\n".join(map(words_of, findings.values()))
    is_named = by_model and unreleased_name(_blank(QUOTED, suggestion), words) is not None
    return not is_named and all(folded(name) in known for name in _quoted(suggestion))


def sentences_of(line: str) -> list[str]:
    """The sentences of a line; handles that stand after a full stop belong to the sentence before."""
    line = (
        regex.sub(r"([.!?。])\s*(\[F\d+(?:\s*,\s*F\d+)*\])(?!\w)[.]?", r" \2\1", line) if HANDLE.search(line) else line
    )
    return [part for part in _SENTENCE_END.split(line) if part and part.strip()]


def _quoted(text: str) -> list[str]:
    return [part for match in QUOTED.findall(text) for part in match if part]


def _problem(sentence: str, findings: Mapping[str, Finding], *, by_model: bool) -> str | None:
    cited = handles(sentence)
    if by_model:
        sources = [findings[handle] for handle in cited if handle in findings] or list(findings.values())
        unquoted = _blank(QUOTED, HANDLE.sub(" ", _MARKER.sub("", sentence)))
        if (
            name := unreleased_name(unquoted, "\n".join(f"{words_of(item)}\n{item.method}" for item in sources))
        ) is not None:
            return f"{name} is in no finding that it cites"
    plain = HANDLE.sub(" ", _MARKER.sub("", sentence))
    unknown = [handle for handle in (*cited, *_BARE_HANDLE.findall(plain)) if handle not in findings]
    if unknown:
        return f"cites {', '.join(unknown)}, which does not exist"
    bare = plain_signs(_BARE_HANDLE.sub(" ", plain))
    names = _quoted(bare)
    unquoted = _blank(QUOTED, bare)
    ids = _ID.findall(unquoted)
    dateless = without_dates(_blank(_ID, unquoted))
    stated = list(quantities(dateless))
    if not cited:
        return _uncited(names, ids, stated, unquoted, dateless, findings)
    sources = [findings[handle] for handle in cited]
    where = f"is in none of {', '.join(cited)}"
    words = "\n".join(words_of(source) for source in sources)
    if (date := unknown_date(_blank(_ID, unquoted), words)) is not None:
        return f"the date {date} {where}"
    known = groups(sources)
    for name in names:
        if folded(name) not in known:
            return f"the group {name!r} {where}"
    for name in ids:
        if name not in words.split() and f" {name}" not in words:
            return f"the id {name} {where}"
    unheld = _unheld(stated, _anchors(bare, dateless, unquoted, known), sources, unquoted)
    if unheld is not None:
        return f"the number {unheld} {where}, or not of the group that the sentence names"
    return None


def _unheld(
    stated: Sequence[Quantity], anchors: Sequence[tuple[int, Group]], sources: Sequence[Finding], words: str
) -> str | None:
    whole = [item for source in sources for item in shared(source)]
    if _METHOD.search(words):
        whole += [item for source in sources for item in of_method(source)]
    rows = [item for source in sources for row in source.rows for item in of_row(row)]
    rows += [StatedNumber(float(len(source.rows)), "groups") for source in sources]
    largest = max((len(source.rows) for source in sources), default=0)
    return first_unheld(stated, anchors, whole, rows, largest)


def _uncited(
    names: Sequence[str],
    ids: Sequence[str],
    stated: Sequence[Quantity],
    unquoted: str,
    dateless: str,
    findings: Mapping[str, Finding],
) -> str | None:
    """Without a citation nothing of the data may be said. A few things counted in words ("two readings") are no data."""
    claimed = [item for item in stated if item.kind not in ("tally", "ordinal") or item.value > 12]
    if names or ids or claimed or dateless != unquoted:
        return "states a number, a date or a group without citing a finding"
    spoken = unquoted.casefold()
    for finding in findings.values():
        for row in finding.rows:
            if (
                row.id is not None
                and row.label != UNNAMED
                and " " in row.label
                and len(row.label) > 8
                and row.label.casefold() in spoken
            ):
                return f"names the group {row.label!r} without citing a finding"
    return None


def _anchors(bare: str, dateless: str, unquoted: str, known: Mapping[str, Group]) -> list[tuple[int, Group]]:
    """Where the sentence names which group: in quotes, as a bare label ("Japanese"), or as a date that labels a row."""
    found: dict[int, Group] = {}
    for match in QUOTED.finditer(bare):
        name = next(part for part in match.groups() if part)
        found[match.start()] = known[folded(name)]
    for match in DATE.finditer(unquoted):
        group = known.get(match.group())
        if group is not None and group.is_row:
            found[match.start()] = group
    taken = [False] * len(dateless)
    for group in sorted((item for item in known.values() if item.is_row), key=lambda item: -len(item.name)):
        if len(group.name) < 3 or group.name == UNNAMED or group.name[0].isdigit():
            continue
        for match in regex.finditer(rf"(?<!\w){regex.escape(group.name)}(?!\w)", dateless):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = [True] * len(match.group())
                found[match.start()] = group
    for match in regex.finditer(r"\bgrade (\d+)\b", dateless):
        if (group := known.get(match.group(1))) is not None:
            found[match.start()] = group
    return sorted(found.items(), key=lambda item: item[0])


def _blank(pattern: "regex.Pattern[str]", text: str) -> str:
    """The text with what a pattern finds replaced by as many spaces, so that places stay the same."""
    return pattern.sub(lambda match: " " * len(match.group()), text)


__all__ = ["HANDLE", "Checked", "CheckedDraft", "StatedNumber", "check", "check_draft", "handles", "sentences_of"]
