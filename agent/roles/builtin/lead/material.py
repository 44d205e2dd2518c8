"""What the lead knows of questions: intents with examples, what can be named, and the words questions are made of.

All of it is data that anyone can extend: `intents.toml` and `slots.toml` beside this file.
"""

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import regex

from index.core.words import FUNCTION_WORDS
from index.questions.spoken import language_of
from index.questions.values import Name

_USES = 3
"""Times an example with a brace is used, each with other values."""

_BRACE = regex.compile(r"\{(\w+)\}")
_WORD = regex.compile(r"[\p{L}\p{M}'’-]+")
_SUBJECTS = frozenset(("off_topic", "abuse_kind", "small_talk"))
"""Intents whose examples name subjects of their own: their words are not words of asking."""

_EMPTY = (
    "information",
    "content",
    "messages",
    "text",
    "texts",
    "things",
    "stuff",
    "use",
    "usage",
    "change",
    "numbers",
    "people",
    "users",
    "posts",
    "review",
    "draft",
    "rule",
    "template",
    "report",
    "policy",
    "research",
    "operations",
    "help",
    "kinds",
    "novel",
    "english",
    "current",
    "usual",
    "random",
    "product",
    "products",
    "sample",
    "analysis",
    "answer",
    "result",
    "results",
    "figure",
    "figures",
    "data",
    "story",
    "ways",
    "reason",
)
"""Words that no example needs and that name nothing alone."""

_PLAIN = frozenset(
    "person persons human humans everybody everyone somebody nobody seem seems quite rather really actually lately currently nowadays recently "
    "exactly roughly approximately typically generally basically overall across along maybe perhaps possible possibly simply today yesterday "
    "wasnt werent isnt arent dont doesnt didnt cant couldnt wont wouldnt shouldnt hasnt havent hadnt whats thats theres myth "
    "gimme lemme gonna wanna gotta chit chat please thanks thanx anyone anybody stuff wise burn pumping "
    "assign assigns assigned decides slipped rated serious "
    "convos convs chats msgs reqs prompts ppl folks guys data dataset index corpus january february march april june july august september october november december".split()
)
"""Everyday words that say nothing about what is asked."""


CUES = (
    "least",
    "growth",
    "share",
    "fall",
    "future",
    "average",
    "summary",
    "benign",
    "ring",
    "bigness",
    "busy",
    "usage",
    "what_for",
    "false_alarm",
    "change",
    "more_of",
    "often",
)
"""Sections of `slots.toml` whose words say how something is asked."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question can ask for. `offer`: a question for it, which is proposed where one is not understood."""

    name: str
    offer: str
    examples: tuple[str, ...]


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files("agent.roles.builtin.lead") / name).read_text("utf-8"))


@cache
def intents() -> Mapping[str, Intent]:
    """All intents by name."""
    found = (Intent(item["name"], item["offer"], tuple(item["examples"])) for item in _read("intents.toml")["intent"])
    return {intent.name: intent for intent in found}


def slots(section: str) -> Mapping[str, Any]:
    """A section of `slots.toml`."""
    found: Mapping[str, Any] = _read("slots.toml")[section]
    return found


def names() -> tuple[Name, ...]:
    """What can be named beside subjects: facets, marks and surfaces."""
    return tuple(
        Name(text, label, kind)
        for kind in ("facet", "mark", "surface")
        for label, texts in slots(kind).items()
        for text in (label, *texts)
    )


def asking() -> tuple[str, ...]:
    """The words, pairs and triples of words that questions are made of and that name nothing."""
    named = {name.text.casefold() for name in names()} - FUNCTION_WORDS
    found = [*_EMPTY]
    for intent in intents().values():
        if intent.name not in _SUBJECTS:
            for example in filter(_is_english, intent.examples):
                for part in _BRACE.split(example)[::2]:
                    found += [run for run in _runs(_WORD.findall(part.casefold())) if named.isdisjoint(run.split())]
    return tuple(dict.fromkeys(found))


def _is_english(example: str) -> bool:
    """Words of other languages are compared with the English ones by the encoder, names of theirs with English names."""
    return language_of(_BRACE.sub("", example)) == "English"


@cache
def asking_words() -> frozenset[str]:
    """Every word that questions are made of, names of facets and function words too."""
    words = [
        word
        for intent in intents().values()
        for example in intent.examples
        for word in _WORD.findall(example.casefold())
    ]
    named = [word for name in names() for word in name.text.casefold().split()]
    left_out = [word for texts in slots("except").values() for text in texts for word in text.split()]
    left_out += [word for cue in CUES for texts in slots(cue).values() for text in texts for word in text.split()]
    return frozenset([*words, *named, *left_out, *_EMPTY, *FUNCTION_WORDS, *_PLAIN])


def _runs(words: Sequence[str]) -> Iterator[str]:
    for length in (1, 2, 3):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def filled_examples() -> Iterator[tuple[str, str]]:
    """The examples with their braces filled, and the intent of each."""
    fills = _read("intents.toml")["fills"]
    for number, intent in enumerate(intents().values()):
        for place, example in enumerate(intent.examples):
            uses = (_filled(example, fills, number + place + 3 * use) for use in range(_USES))
            yield from ((text, intent.name) for text in dict.fromkeys(uses))


def _filled(example: str, fills: Mapping[str, Sequence[str]], start: int) -> str:
    count = itertools.count(start)
    return str(_BRACE.sub(lambda match: fills[match[1]][next(count) % len(fills[match[1]])], example))
