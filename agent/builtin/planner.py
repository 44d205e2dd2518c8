"""The built-in lead: understands the common questions by rules, and says so when it does not.

It reads languages, dates, named dates of the index, and what kind of look is asked for. It knows no answers.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import regex

from agent.builtin.phrases import phrases_for
from agent.roles import Brief, Focus, Plan, Specialist, Task
from index.language import LANGUAGES
from index.words import is_function_word, words
from tools.scope import Scope

_MONTHS = "january february march april may june july august september october november december".split()
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8, "twelve": 12}
_UNITS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}

_CUES: tuple[tuple[Focus, str], ...] = (
    (
        "coordination",
        r"coordinat|\bring\b|\brings\b|\bbots?\b|botnet|same actor|one actor|campaign|spam|operation|sock ?puppet",
    ),
    ("concern", r"abus|misus|harm|concern|danger|malicious|violat|illegal|threat|risk|phish|scam|fraud|malware|stalk"),
    (
        "contrast",
        r"others? (?:do|does|did)(?: not|n't)|that others|differ|typical|unlike|compared? (?:to|with)|versus|\bvs\b|only in|distinct",
    ),
    ("new", r"\bnew\b|novel|appear|emerg|\bsince\b|grow|grew|chang|before and after|after the"),
    ("trend", r"over time|trend|rise|rising|declin|per (?:week|month)|by (?:week|month)|develop"),
    (
        "breakdown",
        r"which languages|by language|by surface|by turns|how many (?:languages|conversations)|languages? (?:are|do)|share of",
    ),
    (
        "top",
        r"\bmost\b|\btop\b|main|common|overview|use (?:the assistant|it|this) for|used for|what do people (?:do|ask|use)|what is in|popular",
    ),
)
_FACETS = {
    "language": "language",
    "surface": "surface",
    "turn": "turns",
    "flag": "flagged",
    "month": "month",
    "concern": "concern",
}
_NOISE = frozenset(
    "assistant ai people person users user anyone someone running doing run conversation conversations ask asks asked "
    "question questions what which who how why when where is are was were do does did has have had been there since "
    "before after launch new show tell me find look much many most top common about their they others other not last "
    "week weeks month months day days year years recently lately today yesterday trend over time changed change "
    "compare compared difference different share number numbers language languages speakers speaker use uses "
    "coordinated coordination abuse abused misuse evidence signs sign any anything going happening happen "
    "january february march april may june july august september october november december".split()
)
CAN_DO = (
    "What do people use the assistant for most?",
    "What is new since 2026-08-03?",
    "Is anyone running coordinated spam?",
    "How has help with code changed over time?",
)


class BuiltinPlanner:
    """Plans by rules. Deterministic: the same brief gives the same plan."""

    async def plan(self, brief: Brief) -> Plan:
        question = brief.question.strip()
        focus = _focus(question)
        language = _language(question, brief)
        period, assumed = _period(question, brief)
        topic = _topic(question, brief)
        if focus is None and language is None and not topic and period == Scope():
            return Plan(
                clarification="I could not tell what to look at. The built-in lead understands questions such as these:",
                suggestions=CAN_DO,
            )
        scope = period.model_copy(update={"language": language})
        tasks = tuple(_tasks(focus, question, scope, topic))
        return Plan(tasks=tasks, assumptions=(*assumed, *_assumptions(focus, topic, language)))


def _focus(question: str) -> Focus | None:
    folded = question.casefold()
    return next((focus for focus, cue in _CUES if regex.search(cue, folded)), None)


def _language(question: str, brief: Brief) -> str | None:
    known = dict.fromkeys((*brief.languages, *LANGUAGES))
    return next((name for name in known if regex.search(rf"\b{name}\b", question, regex.IGNORECASE)), None)


def _topic(question: str, brief: Brief) -> str:
    """The content words of a question that are about neither time, language nor the asking itself."""
    names = {name.casefold() for name in (*LANGUAGES, *brief.landmarks)}
    kept = [
        word
        for word in words(question)
        if word not in _NOISE
        and word not in names
        and not is_function_word(word)
        and len(word) > 2
        and not word[0].isdigit()
    ]
    return " ".join(kept)


def _period(question: str, brief: Brief) -> tuple[Scope, list[str]]:
    """Since and until, from ISO dates, month names, named dates and spans that count back from the newest day."""
    folded = question.casefold()
    assumed: list[str] = []
    for moment, words_ in _moments(folded, brief):
        if moment is None:
            continue
        if words_:
            assumed.append(f"{words_} = {moment.isoformat()}")
        if regex.search(rf"before\W+(?:the\W+)?{regex.escape(words_ or moment.isoformat())}", folded):
            return Scope(until=moment - timedelta(days=1)), assumed
        return Scope(since=moment), assumed
    return Scope(), assumed


def _moments(folded: str, brief: Brief) -> Iterator[tuple[date | None, str]]:
    for name, day in brief.landmarks.items():
        if regex.search(rf"\b{regex.escape(name)}\b", folded):
            yield date.fromisoformat(day), name
    for written in regex.findall(r"\d{4}-\d{2}-\d{2}", folded):
        yield _day(written), ""
    last = date.fromisoformat(brief.last_day) if brief.last_day else None
    if last and (match := regex.search(r"last\s+(\w+\s+)?(day|week|month|quarter|year)s?\b", folded)):
        count = (match.group(1) or "one").strip()
        number = int(count) if count.isdigit() else _NUMBERS.get(count, 1)
        yield last - timedelta(days=number * _UNITS[match.group(2)] - 1), match.group(0)
    if last:
        for number, month in enumerate(_MONTHS, start=1):
            if regex.search(rf"\b(?:since|from|after|in|before)\s+{month}\b", folded):
                year = last.year if number <= last.month else last.year - 1
                yield date(year, number, 1), month


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _tasks(focus: Focus | None, question: str, scope: Scope, topic: str) -> Iterator[Task]:
    if focus in ("coordination", "concern"):
        places = phrases_for(question)
        for number, phrase in enumerate(places, start=1):
            yield _task(number, "abuse", "coordination", f"Look near “{phrase}” for one actor at work",
                        scope.model_copy(update={"near": phrase}), "ordinary size, steady weeks, many accounts")  # fmt: skip
        if focus == "concern":
            yield _task(len(places) + 1, "abuse", "concern", "What is graded as concerning, and is it flagged", scope,
                        "fiction, defence and study explain it")  # fmt: skip
        return
    if focus == "contrast" or (focus is None and scope.language and not topic):
        yield _task(1, "usage", "contrast", f"What sets {scope.language or 'this'} apart from the rest", scope,
                    "the same themes elsewhere in the same share")  # fmt: skip
        return
    if focus == "new" or (focus is None and scope.since and not topic):
        yield _task(
            1, "watch", "new", "Which themes gained share since the day", scope, "the share before was the same"
        )
        return
    if focus == "breakdown":
        facet = next((facet for word, facet in _FACETS.items() if word in question.casefold()), "language")
        yield _task(1, "usage", "breakdown", f"Count by {facet}", scope, "", facet=facet)
        return
    if topic and focus != "top":
        about = scope.model_copy(update={"near": topic})
        yield _task(1, "usage", "topic", f"Which themes lie near “{topic}”", about, "")
        yield _task(2, "watch", "trend", f"How “{topic}” develops", about, "a steady share")
        return
    if focus == "trend":
        yield _task(1, "watch", "trend", "How the whole develops", scope, "")
        return
    yield _task(1, "usage", "top", "The largest themes", scope, "")
    if scope.language is None:
        yield _task(2, "usage", "breakdown", "Count by language", scope, "", facet="language")


def _task(
    number: int,
    specialist: Specialist,
    focus: Focus,
    objective: str,
    scope: Scope,
    disconfirmer: str,
    facet: str | None = None,
) -> Task:
    return Task(
        id=f"t{number}",
        specialist=specialist,
        focus=focus,
        objective=objective,
        scope=scope,
        facet=facet,
        disconfirmer=disconfirmer,
    )


def _assumptions(focus: Focus | None, topic: str, language: str | None) -> list[str]:
    if focus in ("coordination", "concern"):
        return ["abuse is looked for near phrases it is known by"]
    if focus == "contrast" and language is None:
        return ["no language was named, so themes of the whole are shown"]
    if focus is None and topic:
        return [f"topic = “{topic}”"]
    return []
