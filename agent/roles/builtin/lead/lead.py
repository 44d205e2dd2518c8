"""The built-in lead: reads what a question asks for by examples, what it is about by names, and says so when it does not.

It has no rule for a phrasing: a classifier over the multilingual encoder gives the intent, and slots give the scope. An
intent that the slots cannot fill is no candidate. Where no candidate is likely enough the lead asks back with the nearest
questions it can answer, because a number for a misread question is worse than none.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import regex

from agent.grounding.unrecorded import unstored
from agent.roles.builtin.lead.choice import candidates, chosen
from agent.roles.builtin.lead.follow import (
    FOLLOWS,
    counted_before_and_after,
    followed,
    joined,
    of_each_named,
    refers_back,
    row_named,
    shares_again,
    subject_of,
    without,
)
from agent.roles.builtin.lead.known import Known
from agent.roles.builtin.lead.material import intents
from agent.roles.builtin.lead.parts import ON_PART, background, questions_of
from agent.roles.builtin.lead.plans import PLANNED, tasks_of
from agent.roles.builtin.lead.reading import Reading, reading_of
from agent.roles.builtin.lead.referring import (
    COUNTING,
    FILE,
    SHORT,
    THOSE,
    corrected_question,
    is_again,
    is_beside_last,
    is_of_all_named,
    is_of_each,
    is_of_last,
    is_on,
    is_only_number,
    is_which_of_them,
    is_within_last,
    leaves_out,
    names_something,
    shape_of,
    without_people,
)
from agent.roles.builtin.lead.replies import ASIDE, LATER, OFFERING, replied, text_of
from agent.roles.builtin.lead.slots import Slots, read_slots
from agent.roles.builtin.lead.spelling import expanded, many_in
from agent.roles.builtin.lead.steps import named_step, step_of
from agent.roles.builtin.lead.tasks import size_of
from agent.roles.builtin.sentences import SPOKEN
from agent.roles.protocols import Brief, Exchange, Plan, Task
from index.questions.spoken import language_of
from index.questions.values import QuestionReader

_OFFERED = 3
_SHOWN_OFFERS = 5

_FIRST = ("overview", "size", "trend", "unique", "new", "abuse_kind", "coordination", "flag_gaps", "coverage")
"""Intents that somebody who does not know what to ask is offered, in this order."""


class BuiltinPlanner:
    """Plans by examples and names. Deterministic: the same brief gives the same plan."""

    def __init__(self, reader: QuestionReader) -> None:
        self._reader = reader

    async def plan(self, brief: Brief) -> Plan:
        """In a thread: reading computes, and the first question loads the encoder, while the screen must go on."""
        return await asyncio.to_thread(self._plan, brief)

    def _plan(self, brief: Brief) -> Plan:
        """Several questions in one text give the tasks of all that are understood, each once; a later one may be about what an
        earlier one asked."""
        questions = list(questions_of(brief.question))[:_OFFERED]
        plans = [self._one(brief, questions[0])]
        for question in questions[1:]:
            earlier = [Exchange(question=questions[0], answer="", tasks=plans[0].tasks)] if plans[0].tasks else []
            plans.append(self._one(replace(brief, history=(*brief.history, *earlier)), question, goes_on=bool(earlier)))
        if len(plans) > 1 and all(plan.reply for plan in plans):
            replies = dict.fromkeys(str(plan.reply) for plan in plans)
            return plans[0].model_copy(update={"reply": "\n\n".join(replies)})
        understood = [(question, plan) for question, plan in zip(questions, plans, strict=True) if plan.tasks]
        if len(understood) < 2:
            made = understood[0][1] if understood else plans[0]
        else:
            tasks = [task for _, plan in understood for task in plan.tasks]
            apart = [task for place, task in enumerate(tasks) if not any(_same(task, other) for other in tasks[:place])]
            numbered = (task.model_copy(update={"id": f"t{number}"}) for number, task in enumerate(apart, start=1))
            assumed = tuple(dict.fromkeys(text for _, plan in understood for text in plan.assumptions))
            unread = tuple(dict.fromkeys(text for _, plan in understood for text in plan.unread))
            made = understood[0][1].model_copy(
                update={"tasks": tuple(numbered), "assumptions": assumed, "unread": unread}
            )
        left = [question for question, plan in zip(questions, plans, strict=True) if not plan.tasks and not plan.reply]
        if made.tasks and (only := next((question for question in left if is_only_number(question)), None)):
            # "What is it used for? Just the top five, please."
            shown = (task.model_copy(update={"shown": many_in(only.casefold())}) for task in made.tasks)
            made, left = made.model_copy(update={"tasks": tuple(shown)}), [part for part in left if part != only]
        if made.tasks and left:
            text = text_of("part_unread", made.spoken).format(part="; ".join(map(_plain, left)))
            made = made.model_copy(update={"unread": (*made.unread, text)})
        return made

    def _one(self, brief: Brief, question: str, *, goes_on: bool = False) -> Plan:
        """The plan of one question. `goes_on`: it follows another one in the same text, whose subject it may leave out."""
        last = next((item for item in reversed(brief.history) if item.tasks), None)
        spoken = language_of(question, last.tasks[0].spoken if last is not None else "")
        known = _known(brief)
        if last is not None and (rest := corrected_question(question)) != question:
            question = rest
        if _DEFINED.search(question):
            question = regex.sub(r"[“”\"„«»]", "", question)  # what is to be explained is no subject
        question = _with_quotes(question, brief.history)
        slots = read_slots(question, self._reader, known, spoken)
        is_told_of = False
        if not names_something(slots) and (told := background(brief.question)):
            # "Is there anything to it?", at the end of a letter that says which misuse "it" is.
            subjects = read_slots(told, self._reader, known, language_of(told, spoken)).subjects
            slots = replace(slots, subjects=tuple(item for item in subjects if item.is_abuse))
            is_told_of = bool(slots.subjects)
        if goes_on and last is not None and not names_something(slots) and _OF_LANGUAGE.search(question):
            # "Which language is used most after English, and what do they ask?"
            slots = replace(slots, languages=_largest_language(last, known))
        if goes_on and ON_PART.match(question) and not (slots.marks or slots.subjects or slots.clusters):
            # "How many refusals were there, and on what subjects": the second part is about the first one's.
            earlier = read_slots(next(iter(questions_of(brief.question))), self._reader, known, spoken)
            kept = tuple(facet for facet in earlier.facets if facet == "turns")
            slots = replace(slots, marks=earlier.marks, facets=(*slots.facets, *kept))
        likely = candidates(self._reader.intents_of(slots.masked, slots.marks_of()), slots, last is not None)
        if goes_on:
            likely = _of_data(likely)
        missing = unstored(question, brief.own_facets) if spoken == "English" else ()
        intent = _decided(likely, slots, is_unstored=bool(missing))
        if is_told_of and intent not in COUNTING:
            intent = "abuse_kind"
        is_told = last is not None and last.tasks[0].focus == "sought" and intent in ("size", "accounts")
        if (
            goes_on
            and last is not None
            and not names_something(slots)
            and (is_told or is_of_each(question, slots, intent) or is_which_of_them(question))
        ):
            tasks = tuple(task.model_copy(update={"spoken": spoken}) for task in last.tasks)
            return Plan(tasks=tasks, spoken=spoken)
        if slots.most is not None and intent not in ASIDE | OFFERING | LATER.keys() | FOLLOWS | {"not_recorded"}:
            intent = "rate"
        if missing and intent is None:
            intent = "not_recorded"
        if last is not None and (shaped := shape_of(question, slots)):
            intent, spoken = shaped, last.tasks[0].spoken
            slots = replace(slots, subjects=(), spoken=spoken)
        if last is not None and is_again(question, slots, intent, goes_on=goes_on):
            intent = "again"
        slots = without_people(slots, question, brief.own_facets)
        plan = self._planned(brief, question, intent, slots, last, goes_on=goes_on) if intent else None
        if plan is None:
            key = "no_earlier" if last is None and intent in LATER.keys() | FOLLOWS else "not_understood"
            plan = Plan(
                clarification=" ".join([*missing, text_of(key, spoken)]),
                suggestions=tuple(_offers(list(likely), slots, brief)),
            )
        tasks = tuple(task.model_copy(update={"spoken": spoken}) for task in plan.tasks)
        return plan.model_copy(update={"spoken": spoken, "tasks": tasks})

    def _planned(
        self, brief: Brief, question: str, intent: str, slots: Slots, last: Exchange | None, *, goes_on: bool
    ) -> Plan | None:
        known, spoken = _known(brief), slots.spoken
        if intent in ("small_talk", "can_do"):
            # Without those that hold a day: a reply cites nothing that would state it.
            plain = [offer for offer in _offers([], slots, brief) if not any(map(str.isdigit, offer))]
            offers = [f"- {offer}" for offer in plain][:_SHOWN_OFFERS]
            return Plan(reply="\n".join([text_of(intent, spoken), "", *offers]))
        if intent == "not_meant" or intent in OFFERING:
            return Plan(clarification=text_of(intent, spoken), suggestions=tuple(_offers([], slots, brief)))
        if last is None and intent == "how_found":
            intent = "how_works"
        if last is None and intent == "how_sure":
            return Plan(reply=text_of("how_sure_of_all", spoken))
        if intent == "as_table" and last is not None:
            return Plan(tasks=last.tasks, assumptions=("the last question again, with its tables below",))
        if intent in ASIDE or intent in LATER:
            return replied(intent, brief, spoken, last, slots.shown)
        if (
            last is not None
            and slots.excluded
            and not slots.subjects
            and slots.left <= SHORT
            and (again := without(slots.excluded, last))
        ):
            return again
        if last is not None and slots.excluded and not slots.subjects and slots.left <= SHORT:
            out = ", ".join(item.words for item in slots.excluded)
            still = text_of("still_in", spoken).format(words=out)
            return Plan(tasks=last.tasks, assumptions=("the last question again",), unread=(still,))
        reading = reading_of(intent, slots, known)
        reading = _with_rows(reading, brief)
        plan: Plan | None
        if last is not None and THOSE.search(question.casefold()) and (each := of_each_named(reading, last)):
            plan = each
        elif (
            last is not None
            and intent in ("by_surface", "by_language", "compare", "cross", "facet_of")
            and refers_back(question)
            and (again := shares_again(reading, last))
        ):
            plan = again
        elif intent in FOLLOWS:
            plan = followed(reading, question, last) if last is not None else None
        elif (
            last is not None
            and intent in ("new", "compare", "trend")
            and refers_back(question)
            and not slots.subjects
            and (again := counted_before_and_after(reading, last))
        ) or (
            last is not None
            and is_of_all_named(question, slots, last)
            and (again := followed(replace(reading, intent="again"), question, last))
        ):
            plan = again
        elif last is not None and intent == "compare" and is_beside_last(question, slots, last):
            scopes = (last.tasks[0].scope, *reading.scopes)
            counted = (size_of(scope).model_copy(update={"id": f"t{n}"}) for n, scope in enumerate(scopes, start=1))
            plan = Plan(tasks=tuple(counted), assumptions=("the last subject beside this one",))
        else:
            if last is not None and (
                is_of_last(question, slots, intent, last)
                or (goes_on and (leaves_out(question, slots, intent) or is_on(question, slots, intent)))
            ):
                before = subject_of(last, question.casefold())
                reading.base = joined(before, reading.base)
                reading.against = joined(before, reading.against) if reading.against is not None else None
                reading.assumed.append(f"“it” = {reading.base.describe()}")
            elif last is not None and (kept := is_within_last(question, slots, last)):
                reading.base = joined(kept, reading.base)
                reading.assumed.append(f"still of {kept.describe()}")
            plan = Plan(tasks=tasks_of(reading), assumptions=tuple(reading.assumed), unread=tuple(reading.limits))
        if plan is None:
            return None
        steps = (_in_steps(task, question, brief) for task in plan.tasks)
        tasks = tuple(steps)
        assumed = [*slots.assumed, *plan.assumptions, *_read_as(slots)]
        if FILE.search(question):
            assumed.append("as a file: shoal sessions export last --format csv")
        if spoken not in SPOKEN:
            assumed.append("answered in English")
        unread = plan.unread
        if slots.inseparable:
            unread = (*unread, text_of("still_in", spoken).format(words=", ".join(slots.inseparable)))
        if slots.unknown:
            words = ", ".join(dict.fromkeys(word.casefold() for word in slots.unknown[:_NAMED]))
            unread = (*unread, text_of("word_unread", spoken).format(words=words))
        return plan.model_copy(update={"tasks": tasks, "assumptions": tuple(assumed), "unread": unread})


_OF_LANGUAGE = regex.compile(r"\b(?:they|them|it|its|it's|their|there)\b", regex.IGNORECASE)


def _largest_language(last: Exchange, known: Known) -> tuple[str, ...]:
    """The largest language that a question for one language leaves, as a scope has it; none for another question."""
    task = last.tasks[0]
    if task.focus != "breakdown" or task.facet != "language" or task.scope.facets() or task.smallest:
        return ()
    if "languages" in last.question.casefold():
        return ()
    return tuple(name for name in known.languages if name not in task.already_named)[:1]


def _of_data(likely: Mapping[str, float]) -> dict[str, float]:
    """A second part is about the first one's subject, and not about Shoal."""
    kept = {name: chance for name, chance in likely.items() if name not in ("how_works", "can_do", "limits")}
    total = sum(kept.values()) or 1.0
    return {name: chance / total for name, chance in kept.items()}


def _decided(likely: Mapping[str, float], slots: Slots, *, is_unstored: bool) -> str | None:
    """The intent of a question by itself; None where it is not understood well enough."""
    intent = chosen(likely) if any(map(str.isalnum, slots.masked)) else None
    if intent is None and any(item.is_abuse for item in slots.subjects):
        intent = "abuse_kind"  # what is looked for is clear, whatever is asked of it
    if slots.unknown and not slots.subjects and intent in COUNTING:
        intent = None  # a number of something else would be worse than none
    is_aside = intent in ASIDE | OFFERING | LATER.keys()
    is_strange = len(slots.unknown) > 1 and not names_something(slots)
    if is_strange and not is_aside and likely.get(intent or "", 0.0) < _SURE_OF_STRANGE:
        intent = None
    if is_unstored and intent not in ASIDE | LATER.keys() and not names_something(slots):
        intent = "not_recorded"
    return intent


def _known(brief: Brief) -> Known:
    first, last = (date.fromisoformat(day) if day else None for day in (brief.first_day, brief.last_day))
    landmarks = {name: date.fromisoformat(day) for name, day in brief.landmarks.items()}
    return Known(brief.languages, brief.surfaces, landmarks, first, last, brief.own_facets)


def _with_rows(reading: Reading, brief: Brief) -> Reading:
    """A quoted name that an earlier answer gave is that group, and no phrase to look near."""
    for subject in reading.slots.subjects:
        scope = row_named(subject.label, brief.history) if subject.kind == "quoted" else None
        if scope is not None:
            kept = tuple(item for item in reading.slots.subjects if item is not subject)
            intent = "open" if reading.intent in ("topic", "open_row") else reading.intent
            slots = replace(reading.slots, subjects=kept)
            return replace(reading, intent=intent, slots=slots, base=joined(scope, reading.base))
    return reading


_SURE_OF_STRANGE = 0.5
"""Probability that an intent needs where several words of a question are in no example and it names nothing."""
_NAMED = 4
"""Words that were not read which an answer names."""

_SHORTEST = 4
"""Letters of a name from which on it is looked for in a question."""


def _with_quotes(question: str, history: Sequence[Exchange]) -> str:
    """The question with the longest name of a theme that an earlier answer gave, and that it repeats, in quotes."""
    labels = {row.label for exchange in history for row in exchange.rows if row.id and len(row.label) >= _SHORTEST}
    for label in sorted(labels, key=len, reverse=True):
        place = question.casefold().find(label.casefold())
        if place >= 0:
            end = place + len(label)
            return (
                question
                if question[place - 1 : place] in ("“", '"')
                else f"{question[:place]}“{label}”{question[end:]}"
            )
    return question


def _in_steps(task: Task, question: str, brief: Brief) -> Task:
    """A trend in the steps that the question names, or that suit its period."""
    if task.focus != "trend" or task.facet is not None:
        return task
    if task.scope.facets() and named_step(expanded(question)) is None:
        return task.model_copy(update={"facet": "month"})  # weeks of a part are often too small to show
    first, last = (date.fromisoformat(day) if day else None for day in (brief.first_day, brief.last_day))
    step = step_of(expanded(question), task.scope.since or first, task.scope.until or last)
    return task.model_copy(update={"facet": step})


_DEFINED = regex.compile(
    r"\b(?:mean(?:s|ing)?|define[sd]?|definition|stands? for|bedeutet|heißt|signifie|veut dire|significa|quiere decir)\b|意味|意思",
    regex.IGNORECASE,
)


def _read_as(slots: Slots) -> Iterator[str]:
    for item in slots.subjects:
        if item.words.casefold() != item.label.casefold():
            yield f"“{item.words}” is read as “{item.label}”"


def _same(task: Task, other: Task) -> bool:
    return (task.focus, task.scope, task.facet, task.against) == (other.focus, other.scope, other.facet, other.against)


def _plain(question: str) -> str:
    """A question in a sentence that cites nothing: without figures, quotes and its mark."""
    return regex.sub(r"[\p{N}“”\"„«»]+", "", question).strip(" ?？!.")


def _offers(likely: list[str], slots: Slots, brief: Brief) -> Iterator[str]:
    """The nearest questions that can be answered, with what this one named."""
    values = {
        "topic": next((item.words for item in slots.subjects if not item.is_abuse), "cooking"),
        "abuse": next((item.words for item in slots.subjects if item.is_abuse), "phishing"),
        "language": next(iter((*slots.languages, *(name for name in brief.languages if name != "English"))), "Spanish"),
        "other": "English",
        "period": f"since {next(iter(sorted(brief.landmarks.values())), brief.last_day or '2026-01-01')}",
        "cluster": next(iter(slots.clusters), "C1"),
    }
    if likely and slots.unknown and not slots.subjects:
        yield f"How many conversations are about “{slots.unknown[-1]}”?"
    wanted = [name for name in likely if name in PLANNED][:_OFFERED] or list(_FIRST)
    yield from dict.fromkeys(intents()[name].offer.format(**values) for name in wanted)
