"""What a question leaves out: languages, surfaces and subjects behind words such as "except", and a month."""

from collections.abc import Mapping, Sequence
from functools import cache

import regex

from agent.roles.builtin.lead.material import slots
from agent.roles.builtin.lead.period import Period
from index.questions.values import Found
from index.vocabulary import vocabulary

_ALL_BUT = "以外"
"""Behind a name that was read with it."""
_JOINS = regex.compile(r"\s*(?:,|and|or|und|oder|et|ou|y|o|e|和|、|と)?\s*(?:the |in |on |about |en |auf |de )?\s*")
_ARTICLES = r"[\s-]*(?:(?:las|los|celles|ceux|diejenigen|those|the ones) (?:que|qui|die|which|that|written)?\s*(?:están |son |sean |sont |are |sind )?(?:en |auf |in |sur |on |via )?(?:le |la |the |el |dem |der )?|(?:those |die |das |ceux |los |las |the ones )?(?:from |via |über |von |par |por |pela |pelo |à )|the |in |on |about |for |zum |zur |beim |fürs |für |der |die |das |dem |den |la |le |les |el |los |las |l')*"
SUBJECTS = ("field", "area", "request", "hazard", "phrase", "quoted")


@cache
def _before_what_is_left_out(spoken: str, section: str = "except") -> regex.Pattern[str]:
    """Words such as "except" at the end of what stands before a name."""
    words: Mapping[str, list[str]] = slots(section)
    before = sorted(words.get(spoken, words["English"]), key=len, reverse=True)
    either = "|".join(
        (r"(?<!\p{L})" if word.isascii() or word[0].islower() else "") + regex.escape(word) for word in before
    )
    return regex.compile(rf"(?:{either}){_ARTICLES}$", regex.IGNORECASE)


@cache
def _behind() -> regex.Pattern[str]:
    """Words behind what is left out: "leaves coding out" in German, "other than" in Japanese."""
    words = sorted(slots("except_behind")["words"], key=len, reverse=True)
    either = "|".join(
        regex.escape(word) + (r"(?!\p{L})" if word.isascii() or word[0].islower() else "") for word in words
    )
    return regex.compile(rf"[\s,]*(?:{either})", regex.IGNORECASE)


def excluded(text: str, found: Sequence[Found], spoken: str) -> list[Found]:
    """What follows words such as "except", with what is joined to it by "and"."""
    pattern = _before_what_is_left_out(spoken)
    out: list[Found] = []
    for item in found:
        if item.kind not in ("language", "surface", *SUBJECTS):
            continue
        is_next = bool(out) and _JOINS.fullmatch(text[out[-1].end : item.start]) is not None
        if (
            is_next
            or is_passed(text, item, spoken)
            or pattern.search(text[: item.start])
            or _behind().match(text[item.end :])
            or item.words.endswith(_ALL_BUT)
        ):
            out.append(item)
    return out


def is_passed(text: str, item: Found, spoken: str) -> bool:
    """Whether what comes next after a language or a surface is asked for."""
    if item.kind not in ("language", "surface"):
        return False
    behind = text[item.end :].startswith(tuple(slots("after")["behind"]))
    return behind or _before_what_is_left_out(spoken, "after").search(text[: item.start]) is not None


def months_left_out(text: str, period: Period, times: Sequence[tuple[int, int]], spoken: str) -> list[Found]:
    """The month that a question leaves out ("leave out October"): the only period that it names."""
    if len(times) != 1 or period.since is None or period.until is None:
        return []
    start, end = times[0]
    is_month = period.since.day == 1 and (period.since.year, period.since.month) == (
        period.until.year,
        period.until.month,
    )
    if not is_month or not _before_what_is_left_out(spoken).search(text[:start]):
        return []
    return [Found(f"{period.since:%Y-%m}", "period", text[start:end], start, end)]


def in_table(item: Found) -> str:
    """The row of its table that a subject is of: an area's or a request's field."""
    known = (request for request in vocabulary().requests if item.label in (request.area, request.label))
    return next((request.field for request in known), item.label) if item.kind in ("area", "request") else item.label
