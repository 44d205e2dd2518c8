"""Time expressions of a question: "since March", "the last two weeks", "between May and July", "in Q2", "before the launch".

Days count back from the index's newest day, not from today, because an index may be old. A year that is not said is the
latest in which the expression lies at or before that day. It must never guess: what it cannot read stays unread.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import regex

_MONTHS = "january february march april may june july august september october november december".split()
_NAMES = {name[:length]: place for place, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_MONTH = "|".join(sorted(_NAMES, key=len, reverse=True))
NUMBERS = {word: value for value, word in enumerate(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(), 1
)}  # fmt: skip
_COUNTS = NUMBERS | {"a": 1, "an": 1, "couple of": 2, "few": 3}
_COUNT = rf"\d{{1,3}}|(?:a )?couple of|(?:a )?few|{'|'.join(word for word in _COUNTS if ' ' not in word)}"
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_UNIT = r"(?P<unit>day|week|month|quarter|year)"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()

_WEEK_OF = r"(?P<week_of>week (?:of|beginning|starting|commencing)(?: on)? (?:the |mon(?:day)?,? )?)?"
"""Before a day: the week that the day lies in."""

_PATTERNS = (
    rf"{_WEEK_OF}(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})",
    r"(?P<iso_month>\d{4}-\d{2})(?![\d-])",
    rf"{_WEEK_OF}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<day_month>{_MONTH})\b\.?(?:,? (?P<day_year>\d{{4}}))?",
    rf"{_WEEK_OF}(?P<month_day>{_MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<day_year2>\d{{4}}))?",
    rf"(?P<month>{_MONTH})\b\.?(?: (?:of )?(?P<month_year>\d{{4}}))?",
    r"(?:the )?(?P<half>first|second|1st|2nd) half of (?:(?:the|this) year|(?P<half_year>\d{4}))",
    r"q(?P<q>[1-4])\b(?:[ /](?:of )?(?P<q_year>\d{4}))?",
    rf"(?:the )?(?P<q_word>{'|'.join(_ORDINALS)}) quarter(?: of (?P<q_year2>\d{{4}}))?",
    rf"(?P<back>(?:the )?(?:last|past|previous|latest) (?P<count>{_COUNT}) {_UNIT}s?)\b",
    rf"(?P<past>(?:the )?past {_UNIT.replace('unit', 'unit2')})\b",
    rf"(?P<ago>(?P<count2>{_COUNT}) {_UNIT.replace('unit', 'unit3')}s? ago)\b",
    rf"(?P<calendar>(?P<which>this|last|previous|current) {_UNIT.replace('unit', 'unit4')})\b",
    rf"(?:last )?(?P<weekday>{'|'.join(_WEEKDAYS)})\b",
    r"(?P<near>yesterday|today)\b",
    r"(?P<year>20\d\d)\b",
)
_BEFORE = (
    (r"before and after|after and before|either side of", "pivot"),
    (r"since|starting(?: in| on| from)?|from|beginning(?: in| on)?|as of", "since"),
    (r"after|following", "after"),
    (r"until|till|through|thru|up to|to|by(?: the end of)?|-|–", "until"),
    (r"before|prior to|ahead of|leading up to|earlier than", "before"),
    (r"between", "between"),
    (r"and", "and"),
    (
        r"in|during|on|for|over|within|of|throughout|from within|versus|vs\.?|against|compared (?:to|with)|with|than|compare|differ(?:s|ed|ent)? from",
        "in",
    ),
)
_PREPOSITION = regex.compile(
    r"(?:^|(?<=[\s,(]))(?:" + "|".join(f"(?P<{name}>{words})" for words, name in _BEFORE) + r")\s+(?:the\s+|end of\s+|early\s+|late\s+|mid-?\s*)*$"
)  # fmt: skip
_EVENT_ON = regex.compile(
    r"\b((?:since|before|after|until|before and after)\s+)(?:(?:the|our)\s+)?(?:\p{L}+\s+){1,3}(?:on|of|in)\s+(?=\d{4}-\d{2}|\d{1,2}\s+\p{L}|(?:"
    + _MONTH
    + r")\s+\d)"
)
"""An event with its date ("before the launch on 2024-10-22"): the date says it."""
_NUMERIC = regex.compile(r"(?<![\d./-])(\d{1,2})([./])(\d{1,2})\2(20\d\d)(?![\d./-])")
_TWO_QUARTERS = regex.compile(
    r"\b(first|second|third|fourth|1st|2nd|3rd|4th) (and|to|vs\.?|versus|or) (?:the )?(first|second|third|fourth|1st|2nd|3rd|4th) quarters?\b"
)
"""The word is said once for both."""
_SPAN = r"(?: ?[-–] ?| to | and | until )"
_DAYS_OF = regex.compile(
    rf"(?<![\d./-]|(?:{_MONTH}) )\b(\d{{1,2}})(?:st|nd|rd|th)?{_SPAN}(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})\b"
)
_OF_DAYS = regex.compile(
    rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?{_SPAN}(\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d-]| (?:of )?(?:{_MONTH}))"
)
"""Two days of one month: the month is said once."""
_DAY_OF_MONTH = rf"\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})|(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?"
_BRIEF = 80
"""Characters of a question that asks for one thing."""
_FAR = 100
"""Years from the calendar's end in which nothing is counted on: a span of 999 months still ends before it."""
_NEEDS_WORD = frozenset({"may", "mar", "dec", "jan", "sun", "sat", "second quarter"})


@dataclass(frozen=True, slots=True)
class Moment:
    """An expression and its first and last day, inclusive. `role` is what its preposition makes of it."""

    first: date
    last: date
    role: str
    words: str
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """What a question says about time. `pivot` is the first day after which things are set against before. `parts`
    are periods named side by side ("May against July"), `ends` those that a range runs between ("between May and July").
    `rest` is the question without its time expressions."""

    since: date | None
    until: date | None
    pivot: date | None
    parts: tuple[tuple[date, date], ...]
    ends: tuple[tuple[date, date], ...]
    assumed: tuple[str, ...]
    rest: str

    @property
    def is_empty(self) -> bool:
        return self.since is None and self.until is None and self.pivot is None


def read_period(question: str, newest: date | None, landmarks: Mapping[str, date]) -> Period:
    """The period of a question in lower case. Without a newest day only full dates and landmarks are read."""
    moments: list[Moment] = []
    question, read_as = _dated(_EVENT_ON.sub(r"\g<1>", question))
    question = _TWO_QUARTERS.sub(r"\1 quarter \2 \3 quarter", question)
    question = rest = _first_of(question, newest, landmarks)
    for moment, start, end in _moments(question, newest, landmarks):
        moments.append(moment)
        rest = rest[:start] + " " * (end - start) + rest[end:]
    moments = _each_once(_one_behind_the_other(moments))
    since, until, pivot = _bounds(moments)
    assumed = [*read_as, *(f"{item.words} = {_stated(item)}" for item in moments if not item.words[0].isdigit())]
    plain = [item for item in moments if item.role in ("in", "and")]
    parts = tuple((item.first, item.last) for item in plain) if len(plain) == len(moments) == 2 else ()
    if parts:
        since = until = None
    elif len(plain) == len(moments) > 2:
        # A list of periods ("June, July and August") is all of them.
        since, until = min(item.first for item in plain), max(item.last for item in plain)
    if since and until and since > until:
        since = until = None
    spans = tuple((item.first, item.last) for item in moments if item.first < item.last)
    ends = spans if since and until and not parts and len(spans) == len(moments) == 2 else ()
    return Period(since, until, pivot, parts, ends, tuple(assumed), rest)


def _each_once(moments: list[Moment]) -> list[Moment]:
    """A period that is named twice ("I meant June: how many in June?") is one."""
    named = {(item.first, item.last): item for item in reversed(moments) if item.role in ("in", "and")}
    return [item for item in moments if named.get((item.first, item.last), item) is item]


def _one_behind_the_other(moments: list[Moment]) -> list[Moment]:
    """ "The last two weeks against the previous two": the second span ends where the first begins."""
    if len(moments) != 2 or moments[0].first != moments[1].first or "previous" not in moments[1].words:
        return moments
    near, far = moments
    first, last = near.first - (near.last - near.first) - timedelta(days=1), near.first - timedelta(days=1)
    return [replace(near, role="in"), replace(far, first=first, last=last, role="in")]


def _dated(question: str) -> tuple[str, list[str]]:
    """The question with days in figures as ISO dates, and days of one month each with the month; and how a date was read
    that can be read in two ways."""
    assumed = []

    def iso(match: "regex.Match[str]") -> str:
        first, second, year = int(match[1]), int(match[3]), match[4]
        day, month = (second, first) if second > 12 else (first, second)
        written = f"{year}-{month:02d}-{day:02d}"
        if _one(written) is None:
            return str(match[0])
        if first != second and max(first, second) <= 12:
            assumed.append(f"{match[0]} = {written}, the day first")
        return written

    question = _NUMERIC.sub(iso, question)
    question = _DAYS_OF.sub(r"\1 \3 to \2 \3", question)
    return _OF_DAYS.sub(r"\2 \1 to \3 \1", question), assumed


def _first_of(question: str, newest: date | None, landmarks: Mapping[str, date]) -> str:
    """The question with "the first two weeks after the launch" and the like as dates."""
    names = {name.casefold(): day for name, day in landmarks.items()}
    named = map(regex.escape, sorted(names, key=len, reverse=True))
    what = "|".join([*named, _DAY_OF_MONTH, _MONTH, r"\d{4}-\d{2}-\d{2}"])
    pattern = (
        rf"\b(?:(?:in|during|within|for|over) )?(?:(?:the )?first |the )(?:(?P<count>{_COUNT}) )?(?P<unit>day|week|month)s? "
        rf"(?P<where>of|after|following|since|in|from) (?:the )?(?P<what>{what})\b(?! \d)"
    )

    def span(match: "regex.Match[str]") -> str:
        wording, count = match["what"], _count(match["count"] or "one")
        exact = _one(wording)
        if exact is None and wording in _NAMES and wording not in names and newest is not None:
            exact = _calendar({"month": wording}, newest)
        elif exact is None and wording not in names and match["where"] not in ("of", "in"):
            # The week of a day is that of the calendar; after a day begins on the next one.
            found = next(_moments(wording, newest, {}), None)
            later = 1 if match["where"] in ("after", "following") else 0
            exact = (found[0].first + timedelta(days=later), found[0].last) if found is not None else None
        first = names.get(wording) or (exact[0] if exact else None)
        if first is None or not count or first.year > date.max.year - _FAR:
            return str(match[0])
        return f"from {first} to {_back(first, match['unit'], -count) - timedelta(days=1)}"

    return str(regex.sub(pattern, span, question))


def _stated(moment: Moment) -> str:
    if moment.is_named or moment.first == moment.last:
        return moment.first.isoformat()
    return f"{moment.first.isoformat()} to {moment.last.isoformat()}"


def _bounds(moments: list[Moment]) -> tuple[date | None, date | None, date | None]:
    since = until = pivot = None
    role_before = ""
    for item in moments:
        role = item.role
        if role == "and" and role_before in ("between", "since"):
            role = "until"
        match role:
            case "pivot":
                pivot = item.first
            case "since" | "between":
                since = item.first
            case "after":
                since = item.first if item.is_named else item.last + timedelta(days=1)
            case "until":
                until = item.last
            case "before":
                until = item.first - timedelta(days=1)
            case _ if item.is_named:
                since = since or item.first
            case _:
                since, until = since or item.first, until or item.last
        role_before = role
    return since, until, pivot


def _moments(text: str, newest: date | None, landmarks: Mapping[str, date]) -> Iterator[tuple[Moment, int, int]]:
    names = "|".join(regex.escape(name.casefold()) for name in sorted(landmarks, key=len, reverse=True))
    patterns = ([rf"(?:the )?(?P<landmark>{names})\b"] if names else []) + list(_PATTERNS)
    whole = regex.compile(r"(?<!\w)(?<!\d-)(?:" + "|".join(patterns) + ")")
    by_name = {name.casefold(): day for name, day in landmarks.items()}
    for match in whole.finditer(text):
        before = _PREPOSITION.search(text[: match.start()])
        role = next((name for name, found in before.groupdict().items() if found), "in") if before else "none"
        if role == "none" and _needs_word(match):
            continue
        if match.group("weekday") and role in ("none", "in") and "last " not in match.group() and len(text) > _BRIEF:
            continue  # in a longer text a weekday is more often when an answer is due
        days = _days(match, newest, by_name)
        if days is None:
            continue
        if match.group("week_of"):
            days = _around("week", days[0])
        named = match.groupdict().get("landmark") is not None
        if match.group("back") or match.group("past"):
            # "Since the last two weeks" and "in the last two weeks" are the same open period.
            role = "since" if role in ("none", "in", "since") else role
        if match.group("ago") and role in ("none", "in"):
            role = "in"
        start = before.start() if before else match.start()
        words = regex.sub(r"^the ", "", match.group().strip())
        yield Moment(days[0], days[1], "in" if role == "none" else role, words, named), start, match.end()


def _needs_word(match: "regex.Match[str]") -> bool:
    """A bare "may", "second" or year is no time unless a preposition says so."""
    month = match.group("month")
    return (month is not None and month in _NEEDS_WORD and not match.group("month_year")) or bool(match.group("year"))


def _days(match: "regex.Match[str]", newest: date | None, landmarks: Mapping[str, date]) -> tuple[date, date] | None:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    if "landmark" in found:
        day = landmarks[found["landmark"]]
        return day, day
    if "iso" in found:
        return _one(found["iso"])
    if "iso_month" in found:
        year, month = map(int, found["iso_month"].split("-"))
        return month_days(year, month) if 1 <= month <= 12 and year else None
    if "year" in found:
        return date(int(found["year"]), 1, 1), date(int(found["year"]), 12, 31)
    if newest is None:
        return None
    return _calendar(found, newest) or _relative(found, newest)


def _calendar(found: Mapping[str, str], newest: date) -> tuple[date, date] | None:
    """Days, months and quarters by name."""
    if month := found.get("day_month") or found.get("month_day"):
        number, within = _NAMES[month], int(found.get("day") or found["day2"])
        written = found.get("day_year") or found.get("day_year2")
        for year in [int(written)] if written else [newest.year, newest.year - 1]:
            exact = _one(f"{year:04d}-{number:02d}-{within:02d}")
            if exact is not None and (written or exact[0] <= newest):
                return exact
        return None
    if month := found.get("month"):
        number = _NAMES[month]
        year = int(found["month_year"]) if "month_year" in found else newest.year - (number > newest.month)
        return month_days(year, number) if year else None
    if half := found.get("half"):
        year, first = int(found.get("half_year") or newest.year), 6 * _ORDINALS[half] - 5
        return (date(year, first, 1), month_days(year, first + 5)[1]) if year else None
    if quarter := found.get("q") or found.get("q_word"):
        number = int(quarter) if quarter.isdigit() else _ORDINALS[quarter]
        written = found.get("q_year") or found.get("q_year2")
        if quarter == "last" and not written:
            return _previous("quarter", newest)
        first = 3 * number - 2
        year = int(written) if written else newest.year - (first > newest.month)
        return (date(year, first, 1), month_days(year, first + 2)[1]) if year else None
    return None


def _relative(found: Mapping[str, str], newest: date) -> tuple[date, date] | None:
    """Periods that count back from the newest day."""
    if "back" in found or "past" in found:
        unit, count = found.get("unit") or found["unit2"], _count(found.get("count", "one"))
        return (_back(newest, unit, count) + timedelta(days=1), newest) if count else None
    if "ago" in found:
        unit, count = found["unit3"], _count(found["count2"])
        first = _back(newest, unit, count)
        if unit == "day":
            return first, first
        return _around(unit, first)
    if "calendar" in found:
        unit = found["unit4"]
        if unit == "day":
            return newest, newest
        return _around(unit, newest) if found["which"] in ("this", "current") else _previous(unit, newest)
    if "weekday" in found:
        behind = (newest.weekday() - _WEEKDAYS.index(found["weekday"])) % 7
        day = newest - timedelta(days=behind)
        return day, day
    if "near" in found:
        day = newest - timedelta(days=found["near"] == "yesterday")
        return day, day
    return None


def _one(written: str) -> tuple[date, date] | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day, day


def month_days(year: int, month: int) -> tuple[date, date]:
    """First and last day of a month."""
    following = date(year + month // 12, month % 12 + 1, 1) if year < 9999 or month < 12 else date.max
    return date(year, month, 1), following - timedelta(days=1)


def _count(written: str) -> int:
    return int(written) if written.isdigit() else _COUNTS[written.removeprefix("a ") or "a"]


def _back(day: date, unit: str, count: int) -> date:
    """The day that lies so many units before: calendar months, quarters and years; a day that a month lacks is its last."""
    days = {"day": 1, "week": 7}.get(unit)
    if days is not None:
        return day - timedelta(days=days * count)
    months = day.year * 12 + day.month - 1 - {"month": 1, "quarter": 3, "year": 12}[unit] * count
    year, month = max(months // 12, 1), months % 12 + 1
    return date(year, month, min(day.day, month_days(year, month)[1].day))


def _around(unit: str, day: date) -> tuple[date, date]:
    """The calendar unit that a day lies in; weeks start on Monday."""
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        return first, min(first, date.max - timedelta(days=6)) + timedelta(days=6)
    if unit == "month":
        return month_days(day.year, day.month)
    if unit == "quarter":
        month = 3 * ((day.month - 1) // 3) + 1
        return date(day.year, month, 1), month_days(day.year, month + 2)[1]
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _previous(unit: str, day: date) -> tuple[date, date]:
    return _around(unit, _around(unit, day)[0] - timedelta(days=1))
