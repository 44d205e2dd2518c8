"""R8 in code: every number and every quoted group of an answer stands in a finding that its sentence cites.

It reads sentences, not intentions: a sentence with a number and no handle fails, whoever wrote it. It must never let
a number pass because it is plausible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from tools.finding import Finding

HANDLE = regex.compile(r"\[(F\d+(?:\s*,\s*F\d+)*)\]")
_DATE = regex.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")
_NUMBER = regex.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w]|\.\d)")
_QUOTED = regex.compile(r"“([^”]+)”")
_MARKER = regex.compile(r"^\s*(?:\d+\.|[-*#>]+)\s+")
_SENTENCE_END = regex.compile(r"(?<=[.!?])\s+(?=[\p{Lu}\p{Lo}“*\[])")


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer with failing sentences removed, and what was removed and why."""

    text: str
    struck: tuple[str, ...]
    problems: tuple[str, ...]
    cited: tuple[str, ...]


def handles(text: str) -> list[str]:
    """Handles in order of first mention, once each."""
    found = [handle.strip() for match in HANDLE.finditer(text) for handle in match.group(1).split(",")]
    return list(dict.fromkeys(found))


def check(text: str, findings: Mapping[str, Finding]) -> Checked:
    """Check an answer sentence by sentence. Headings and list markers carry no claim of their own."""
    kept_lines: list[str] = []
    struck: list[str] = []
    problems: list[str] = []
    for line in text.splitlines():
        sentences = sentences_of(line)
        kept = []
        for sentence in sentences:
            problem = _problem(sentence, findings)
            if problem is None:
                kept.append(sentence)
            else:
                struck.append(sentence.strip())
                problems.append(f"{problem}: {sentence.strip()}")
        if kept or not sentences:
            kept_lines.append(" ".join(kept) if kept != sentences else line)
    checked = "\n".join(kept_lines).strip()
    return Checked(checked, tuple(struck), tuple(problems), tuple(handles(checked)))


def sentences_of(line: str) -> list[str]:
    return [part for part in _SENTENCE_END.split(line) if part.strip()]


def _problem(sentence: str, findings: Mapping[str, Finding]) -> str | None:
    cited = handles(sentence)
    unknown = [handle for handle in cited if handle not in findings]
    if unknown:
        return f"cites {', '.join(unknown)}, which does not exist"
    bare = HANDLE.sub(" ", _MARKER.sub("", sentence))
    dates = _DATE.findall(bare)
    quoted = _QUOTED.findall(bare)
    numbers = _NUMBER.findall(_DATE.sub(" ", _QUOTED.sub(" ", bare)))
    if not (dates or quoted or numbers):
        return None
    if not cited:
        return "states a number or a group without citing a finding"
    sources = [findings[handle] for handle in cited]
    words = " \n".join(_words(source) for source in sources)
    for date in dates:
        if date not in words:
            return f"the date {date} is in none of {', '.join(cited)}"
    for name in quoted:
        if name.casefold().rstrip(".,") not in words.casefold():
            return f"the group {name!r} is in none of {', '.join(cited)}"
    known = [value for source in sources for value in _numbers(source)]
    for number in numbers:
        if not _is_known(number, known):
            return f"the number {number} is in none of {', '.join(cited)}"
    return None


def _words(finding: Finding) -> str:
    labels = "\n".join(row.label for row in finding.rows)
    return "\n".join([finding.title, finding.scope, finding.period, labels, *finding.columns, *finding.notes])


def _numbers(finding: Finding) -> Iterable[float]:
    """Every number a finding states: values, totals, what was withheld, and those within its own words."""
    yield float(len(finding.rows))
    yield from (float(total) for total in finding.totals)
    withheld = finding.withheld
    yield from (float(withheld.groups), float(withheld.cells), withheld.share, float(withheld.unnamed))
    if finding.outside is not None:
        yield finding.outside
    for row in finding.rows:
        for value in row.values:
            yield from (float(item) for item in (value.count, value.share) if item is not None)
        if row.accounts is not None:
            yield float(row.accounts)
        for measure in row.measures:
            yield from (item for item in (measure.value, measure.low, measure.high) if item is not None)
    stated = f"{_words(finding)} {finding.policy} {finding.method}"
    yield from (float(number.replace(",", "")) for number in _NUMBER.findall(_DATE.sub(" ", stated)))


def _is_known(written: str, known: Sequence[float]) -> bool:
    """Whether a written number is one of the known ones, or one rounded to the digits written."""
    value = float(written.replace(",", ""))
    digits = len(written.split(".")[1]) if "." in written else 0
    return any(abs(round(number, digits) - value) < 1e-9 for number in known)
