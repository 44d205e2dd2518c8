"""The suite `answers`: questions about the demo whose truth its generator knows, in seven languages, judged by code.

An answer is right when its first sentences hold the true number to within rounding, name the right group first, or say
that there is nothing to say where nothing is recorded or nobody may see it. No model judges: every question has one true
answer. What was wrong is sorted, because a wrong number is worse than asking back.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import regex
from babel import Locale
from babel.dates import format_skeleton

from agent.core.events import AnswerMade, ClarificationAsked, Event, RunEnded, ToolEnded, UsageReported
from agent.core.quantities import plain_signs, quantities
from agent.engine.asking import AskingSession
from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Result
from index.demo.generate import conversations
from index.demo.model import DemoConversation

NAME = "answers"
WRONG_NUMBER, MISREAD, ASKED_BACK, NOT_ANSWERED, FALSE = (
    "wrong number", "misread", "asked back", "not answered", "sentence removed",
)  # fmt: skip

_ROUNDED, _SHARE = 5.0, 0.25
"""How far a rounded count, and a percentage of rounded counts, may be from the truth."""
_DETECTED = 0.05
"""Part of a count by language that may be missing or too many: languages are detected."""

_CODES = {
    "Spanish": "es", "Japanese": "ja", "German": "de", "Chinese": "zh", "Portuguese": "pt", "French": "fr", "English": "en",
}  # fmt: skip
"""Languages that are asked for: the largest of the demo."""
_SURFACES = {"api": "API", "web": "web", "mobile": "mobile"}
_MONTHS = (date(2026, 4, 1), date(2026, 6, 1), date(2026, 9, 1))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a right answer says. `number`, or a `share` in percent; `within`: how far off it may be. `first`: what one of these
    names stands for comes before all of `others`. `nothing`: it gives no count."""

    number: float | None = None
    share: float | None = None
    within: float = _ROUNDED
    first: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    nothing: bool = False

    def verdict(self, told: str, cited: Sequence[str]) -> str:
        """What is wrong with the first sentences of an answer; empty where nothing is. `cited`: findings it rests on."""
        if self.nothing:
            return MISREAD if cited else ""
        said = [(number.value, number.kind) for number in quantities(_bare(told))]
        if self.share is not None and not any(
            abs(value - self.share) <= self.within for value, kind in said if kind == "share"
        ):
            return WRONG_NUMBER if any(kind == "share" for _, kind in said) else MISREAD
        if self.number is not None and not any(
            abs(value - self.number) <= self.within for value, kind in said if kind != "share"
        ):
            return WRONG_NUMBER if said else MISREAD
        if self.first:
            places = [_first(told, names) for names in (self.first, self.others)]
            return "" if places[0] < places[1] else MISREAD
        return ""


def _bare(told: str) -> str:
    """Without handles and dates, whose digits count nothing."""
    return regex.sub(r"\[F\d+(?:, F\d+)*\]|\d{4}-\d{2}(?:-\d{2})?", " ", plain_signs(told))


def _first(told: str, names: Sequence[str]) -> int:
    found = [place for name in names if (place := told.casefold().find(name.casefold())) >= 0]
    return min(found, default=len(told))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its truth. `language`: the code of the one that asks."""

    kind: str
    language: str
    question: str
    expected: Expected

    @property
    def id(self) -> str:
        return f"{self.kind}: {self.question}"


def questions() -> list[Asked]:
    """All questions with their truth, computed from the demo's generator."""
    templates = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    corpus = list(conversations())
    return [
        Asked(kind, code, regex.sub(" +", " ", text.format(**words)), expected)
        for kind, texts in templates.items()
        for code, text in texts.items()
        for words, expected in _cases(kind, code, corpus)
    ]


def _cases(kind: str, code: str, corpus: Sequence[DemoConversation]) -> Iterator[tuple[dict[str, str], Expected]]:
    """What a template is filled with, and what is true then."""
    languages = Counter(one.language for one in corpus)
    total = len(corpus)
    if kind == "total":
        yield {}, Expected(total)
    elif kind == "accounts":
        yield {}, Expected(len({one.account for one in corpus}))
    elif kind == "flagged":
        yield {}, Expected(sum(bool(one.flagged) for one in corpus))
    elif kind == "most_used_language":
        others = tuple(name for language in _CODES if language != "English" for name in _names(language, code))
        yield {}, Expected(first=_names("English", code), others=others)
    elif kind in ("of_language", "share_of_language", "without_language"):
        asked = ("Spanish", "Japanese", "French") if kind == "of_language" else ("German", "Chinese")
        for language in asked if kind != "without_language" else ("English",):
            words = {"language": _name(language, code)}
            if kind == "of_language":
                yield words, _about(languages[language])
            elif kind == "share_of_language":
                yield words, Expected(share=100 * languages[language] / total, within=_SHARE)
            else:
                yield words, _about(total - languages[language])
    elif kind == "more_of_two_languages":
        for language, other in (("Spanish", "German"), ("French", "Japanese")):
            more, less = sorted((language, other), key=lambda one: -languages[one])
            words = {"language": _name(language, code), "other": _name(other, code)}
            about = _about(languages[more])
            yield words, replace(about, first=_names(more, code), others=_names(less, code))
    elif kind == "of_surface":
        for surface, name in _SURFACES.items():
            yield {"surface": name}, Expected(sum(one.surface == surface for one in corpus))
    elif kind == "of_month":
        for month in _MONTHS[1:]:
            yield {"month": _month(month, code)}, Expected(sum(_is_in(one, month) for one in corpus))
    elif kind == "language_in_month":
        for month in _MONTHS[::2]:
            within = [one for one in corpus if _is_in(one, month)]
            words = {"language": _name("Spanish", code), "month": _month(month, code)}
            yield words, _about(sum(one.language == "Spanish" for one in within))
    else:
        yield {}, Expected(nothing=True)


def _about(count: int) -> Expected:
    """A count of conversations in a language."""
    return Expected(count, within=max(_ROUNDED, _DETECTED * count))


def _name(language: str, code: str) -> str:
    return str(Locale(code).languages[_CODES[language]])


def _names(language: str, code: str) -> tuple[str, ...]:
    """How an answer may call a language: in English, as groups are labelled, or in the asker's words."""
    return language, _name(language, code)


def _month(month: date, code: str) -> str:
    return str(format_skeleton("yMMMM", month, locale=code))


def _is_in(one: DemoConversation, month: date) -> bool:
    return (one.time.year, one.time.month) == (month.year, month.month)


def items(bench: Bench) -> list[Item]:
    """A question each, in a session of its own."""
    chosen = questions()[:: 4 if bench.quick else 1]
    return [
        Item(NAME, asked.id, asked.kind.replace("_", " "), asked.language, asked.question, partial(_ask, bench, asked))
        for asked in chosen
    ]


async def _ask(bench: Bench, asked: Asked) -> Result:
    session = bench.session()
    try:
        events = [event async for event in session.ask(asked.question)]
    finally:
        await _close(session)
    return judged(asked.expected, events)


async def _close(session: AskingSession) -> None:
    session.waiting = ""
    await session.close()


def judged(expected: Expected, events: Sequence[Event]) -> Result:
    """What a run's events come to."""
    answers = [event for event in events if isinstance(event, AnswerMade)]
    ended = next((event for event in events if isinstance(event, RunEnded)), None)
    told = _told(answers[-1]) if answers else ""
    if any(isinstance(event, ClarificationAsked) for event in events):
        verdict = ASKED_BACK
    elif not answers or ended is None or ended.state not in ("done", "partial"):
        verdict = NOT_ANSWERED
    else:
        verdict = expected.verdict(told, answers[-1].cited)
        verdict = verdict or (FALSE if answers[-1].removed else "")
    tools = [event.elapsed_s for event in events if isinstance(event, ToolEnded)]
    figures = {"seconds": ended.elapsed_s if ended else 0.0, "tools_s": sum(tools), "calls": float(len(tools))}
    used = [event for event in events if isinstance(event, UsageReported)]
    if used:
        last = used[-1]
        figures |= {"input_tokens": float(last.input_tokens), "output_tokens": float(last.output_tokens)}
        figures |= {"cost": last.cost} if last.cost is not None else {}
    return Result(int(not verdict), 1, verdict=verdict, detail=told[:300], figures=figures)


def _told(answer: AnswerMade) -> str:
    """The first sentences: those that answer."""
    return answer.parts.answer if answer.parts is not None else answer.text.split("\n\n")[0]
