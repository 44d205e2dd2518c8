"""Dates as sentences write them, compared with the dates that findings state.

"2026-08-03", "3 August 2026", "August 3rd", "August 2026", "Q3 2026" and "2026" are all read; a date is known when a
finding states it or a finer one within it. A month without a year is known when any year of it is.
"""

import regex

_MONTHS = "january february march april may june july august september october november december".split()
_NAMES = {name[:length]: place for place, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_MONTH = "|".join(sorted(_NAMES, key=len, reverse=True))
_ISO = regex.compile(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b")
_WRITTEN = regex.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month2>{_MONTH})\b\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*%)(?:,?\s+(?P<year2>\d{{4}})\b)?"
    rf"|\b(?P<month3>{_MONTH})\b\.?\s+(?P<year3>\d{{4}})\b|\bQ(?P<quarter>[1-4])(?:\s+(?P<year4>\d{{4}}))?\b"
    rf"|\b(?P<month5>{'|'.join(name for name in _MONTHS if name != 'may')})\b"
    r"|\b(?:in|since|of|until|before|after|during|from|by)\s+(?:(?P<may>may)\b|(?P<year5>(?:19|20)\d\d)\b(?![,.]?\d))",
    regex.IGNORECASE,
)
_ALSO = regex.compile(r"\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")


def without_dates(text: str) -> str:
    """The text with every date replaced by as many spaces."""
    for pattern in (_ISO, _ALSO, _WRITTEN):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text


def unknown_date(text: str, words: str) -> str | None:
    """The first date of a text that `words` (a finding's) do not state, or None."""
    known = {match.groups() for match in _ISO.finditer(words)}
    for match in _ISO.finditer(text):
        if not any(_within(match.groups(), date) for date in known):
            return match.group()
    rest = _ISO.sub(lambda match: " " * len(match.group()), text)
    if ambiguous := _ALSO.search(rest):
        return f"{ambiguous.group()} (write YYYY-MM-DD)"
    for match in _WRITTEN.finditer(rest):
        if not any(_names(match, date) for date in known):
            return match.group().strip()
    return None


def _within(stated: tuple[str | None, ...], known: tuple[str | None, ...]) -> bool:
    return all(part is None or part == other for part, other in zip(stated, known, strict=True))


def _names(match: "regex.Match[str]", known: tuple[str | None, ...]) -> bool:
    found = match.groupdict()
    year = next((found[name] for name in ("year", "year2", "year3", "year4", "year5") if found[name]), None)
    if year is not None and year != known[0]:
        return False
    if found["quarter"]:
        return (int(known[1] or 1) - 1) // 3 + 1 == int(found["quarter"])
    month = next((found[name] for name in ("month", "month2", "month3", "month5", "may") if found[name]), None)
    if month is not None and _NAMES[month.casefold()] != int(known[1] or 0):
        return False
    day = found["day"] or found["day2"]
    return day is None or (known[2] is not None and int(day) == int(known[2]))
