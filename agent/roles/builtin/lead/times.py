"""When a question is about: its period in whatever language, and the places of its words.

Words of time in other languages are brought to English word by word, and then read by `period`.
"""

from collections.abc import Iterator
from datetime import timedelta

import regex

from agent.roles.builtin.lead.known import Known
from agent.roles.builtin.lead.material import slots
from agent.roles.builtin.lead.period import Period, read_period
from agent.roles.builtin.lead.spelling import expanded
from index.core.language import code_of


def period_of(text: str, spoken: str, known: Known) -> tuple[Period, list[tuple[int, int]]]:
    """The period, and the places of its words. Other languages are brought to English word by word first."""
    if (halves := _halves(text, known)) is not None:
        return halves
    english, places = (expanded(text), []) if spoken == "English" else _in_english(text, spoken)
    english = _ends_of(english, known)
    if len(regex.findall(rf"\b(?:{_MONTHS})\b", english)) > 1:
        # A correction: "June, not July" is June.
        english = regex.sub(rf",? *\b(?:and not|not|instead of|rather than) (?:in )?(?:{_MONTHS})\b", "", english)
    for name in known.landmarks:
        # "The August launch" is the launch.
        english = regex.sub(rf"(?:\bin )?\b(?:{_MONTHS}) *の? *(?={regex.escape(name.casefold())}\b)", "", english)
        english = regex.sub(rf"(?<=\b{regex.escape(name.casefold())}) (?:in|of|from) (?:{_MONTHS})\b", "", english)
    period = read_period(english, known.newest, {name.casefold(): day for name, day in known.landmarks.items()})
    if spoken != "English":
        return period, places if not period.is_empty or period.parts else []
    return period, list(_gone(text, period.rest))


_HALVES = regex.compile(
    r"\b(?:the )?(?:first|1st) half\b(?! of (?:the year|20))[^?.]{0,30}?\b(?:second|2nd|last) half\b(?: of (?:the )?(?:period|data|time|corpus|index))?"
    r"|\berste\w* hälfte\b[^?.]{0,30}?\bzweite\w* hälfte\b|\bpremière moitié\b[^?.]{0,30}?\b(?:deuxième|seconde) moitié\b"
    r"|\bprimera mitad\b[^?.]{0,30}?\bsegunda mitad\b|前半[^?？。]{0,12}?[後后]半",
    regex.IGNORECASE,
)


def _halves(text: str, known: Known) -> tuple[Period, list[tuple[int, int]]] | None:
    """The two halves of all that the index holds, the second first, where a question sets them against each other."""
    match = _HALVES.search(text)
    if match is None or known.oldest is None or known.newest is None:
        return None
    middle = known.oldest + (known.newest - known.oldest) // 2
    parts = ((middle + timedelta(days=1), known.newest), (known.oldest, middle))
    rest = text[: match.start()] + text[match.end() :]
    assumed = (f"the second half is from {parts[0][0]} to {parts[0][1]}, the first until {middle}",)
    return Period(None, None, None, parts, (), assumed, rest), [match.span()]


def _gone(text: str, rest: str) -> Iterator[tuple[int, int]]:
    """Places of the words of a text that are not in what is left of it, in order."""
    left = regex.findall(r"[\p{L}\p{N}-]+", rest)
    for match in regex.finditer(r"[\p{L}\p{N}-]+", expanded(text)):
        if left and left[0] == match[0]:
            left.pop(0)
        elif len(expanded(text)) == len(text):
            yield match.span()


def _ends_of(text: str, known: Known) -> str:
    """ "The first and last month" of the index as two months."""
    if known.oldest is None or known.newest is None:
        return text
    text = regex.sub(
        r"\b(since|after|before|until|in) (?:last |this |the )?(spring|summer|autumn|fall|winter)\b",
        lambda match: f"{match[1]} {_SEASONS[match[2]]}",
        text,
    )
    text = regex.sub(
        r"\b(between|from) (spring|summer|autumn|fall|winter) (and|to) (spring|summer|autumn|fall|winter)\b",
        lambda match: f"between {_SEASONS[match[2]]} and {_SEASONS[match[4]]}",
        text,
    )
    first, last = (f"{day:%B %Y}".lower() for day in (known.oldest, known.newest))
    return str(
        regex.sub(
            r"\b(?:the )?first (?:month )?(?:and|to|with|versus|vs) (?:the )?last month\b", f"{first} and {last}", text
        )
    )


def _in_english(text: str, spoken: str) -> tuple[str, list[tuple[int, int]]]:
    """The text with its words of time in English, and their places."""
    # "The launch of August" names the launch alone.
    text = regex.sub(r"\d{1,2}月の?(?=ローンチ|リリース|公開|发布|上线|推出)", lambda match: " " * len(match[0]), text)
    table: dict[str, str] = {**_months(spoken), **slots("time").get(spoken, {})}
    if not table:
        return text.casefold(), []
    words = sorted(table, key=len, reverse=True)
    is_spaced = spoken not in ("Japanese", "Chinese", "Thai")
    edge = r"(?<![\p{L}])", r"(?![\p{L}])"
    pattern = "|".join(f"{edge[0]}{regex.escape(word)}{edge[1]}" if is_spaced else regex.escape(word) for word in words)
    matches = list(regex.finditer(pattern, text, regex.IGNORECASE))
    english = regex.sub(
        pattern, lambda match: table.get(match[0].casefold(), table.get(match[0], "")), text, flags=regex.IGNORECASE
    )
    english = regex.sub(r"(20\d\d)年", r" \1 ", english)
    # "The launch of 3 August" is the launch.
    english = regex.sub(
        rf"\blaunch (?:am|vom|le|du|el|del|do|em) \d{{1,2}}\.? ?(?:de )?(?:{_MONTHS})\b",
        "launch",
        english,
        flags=regex.IGNORECASE,
    )
    if not is_spaced:
        # A month with nothing before it stands for "in" it.
        english = regex.sub(rf"(?<![a-z] )(?<![a-z])({_MONTHS})\b(?! (?:since|before|until|after))", r"in \1", english)
    english = regex.sub(r"(?<=\d)\. (?=\p{L})| de (?=20\d\d|\p{L}+ 20)", " ", english.casefold())
    # Behind in Japanese and Chinese, before in English.
    english = (
        regex.sub(
            r"(\d+ ?\p{L}+(?: \d{4})?|launch|\p{L}+ \d{4}|\p{L}+) +(since|before|until|after)\b", r" \2 \1 ", english
        )
        if not is_spaced
        else english
    )
    return regex.sub(r"\s+", " ", english), [match.span() for match in matches]


def _months(spoken: str) -> dict[str, str]:
    """The names of months in a language, by CLDR, to English ones."""
    from babel import Locale

    of = (Locale(code).months["format"]["wide"] for code in (code_of(spoken) or "en", "en"))
    theirs, english = of
    if spoken in ("Japanese", "Chinese"):
        # Written with figures; the longer ones first, so that 12月 is not read as 2月.
        order = range(12, 0, -1)
        written = {
            theirs[month]: f" {english[month].lower()} " for month in sorted(order, key=lambda item: -len(theirs[item]))
        }
        return written | {f"{month}月": f" {english[month].lower()} " for month in order}
    return {theirs[month].casefold(): english[month].lower() for month in range(1, 13)}


_SEASONS = {"spring": "march", "summer": "june", "autumn": "september", "fall": "september", "winter": "december"}
"""The months that seasons begin with, in the northern half of the world."""
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
