"""Groups with known truth for `bench/coordination.py`, laid into ordinary ones: what is one actor's and what is not.

The accounts of ordinary groups are accounts that also do other things; those of rings do nothing else.
Own words come from CLINC150 (one intent, many people's phrasings). Everything is drawn with a fixed seed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from index.core.records import Conversation, Turn
from index.demo.model import FIRST_DAY, LAST_DAY
from index.sources import Read

ORDINARY = ("popular prompt", "prompt of one week", "course of one week")
RINGS = ("ring: template, bursts", "ring: own words, bursts", "ring: template, spread out")
DAYS = (LAST_DAY - FIRST_DAY).days

PROMPTS = (
    "I want you to act as a job interviewer for the position of {}. Ask me one question at a time, wait for my answer, "
    "and do not write the whole conversation at once. My first sentence is: hello.",
    "You are an expert tutor. Explain {} to me as if I were twelve years old, use an everyday comparison, then ask me "
    "three questions to check that I understood.",
    "Act as a professional editor. Rewrite the text below about {} so that it is clear and short, keep my tone, and list "
    "every change you made at the end.",
    "Make a seven day plan for {} with breakfast, lunch and dinner, a shopping list by aisle, and nothing that takes "
    "longer than thirty minutes.",
    "Ignore small talk. From now on answer every question about {} in a table with the columns pro, contra and source, "
    "and finish with a one sentence verdict.",
    "Let us play a text adventure set in {}. Describe the scene, give me four numbered choices, and wait for my move "
    "before you go on.",
    "Summarise the following article on {} in five bullet points, then write a headline under sixty characters and two "
    "alternatives.",
    "Act as a travel guide for {}. Suggest places within walking distance of my hotel, with opening hours and what to eat "
    "on the way.",
)
TOPICS = (
    "nursing", "photosynthesis", "a rental contract", "two people on a budget", "electric cars", "a lost lighthouse",
    "sleep", "Lisbon", "teaching", "inflation", "my thesis", "runners", "solar panels", "a space station",
)  # fmt: skip
TEMPLATES = (
    "Write a {n} word product description for {} with the phrase buy now three times and end with a call to visit our "
    "partner shop today.",
    "Generate {n} short posts that praise {} in the voice of a satisfied customer, each with two hashtags, none of them "
    "alike.",
    "Translate this refund notice about {} into simple English, keep the reference {n}, and ask the reader to confirm the "
    "payment details.",
    "Create {n} believable forum questions and answers that mention {} as the best option without sounding like an "
    "advertisement.",
)


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """One group and what it is."""

    kind: str
    conversations: Sequence[Conversation]

    @property
    def is_ring(self) -> bool:
        return self.kind in RINGS


def made_groups(folder: Path, people: Sequence[str]) -> list[MadeGroup]:
    """Every group, the same each time. `people`: accounts that also do other things."""
    chance = Random("coordination")
    intents = _intents(folder)
    names = _used_intents(intents)
    return [
        *(MadeGroup(ORDINARY[0], _prompted(chance, place, people, DAYS)) for place in range(16)),
        *(MadeGroup(ORDINARY[1], _prompted(chance, place, people, 6)) for place in range(4)),
        *(MadeGroup(ORDINARY[2], _course(chance, intents[name], people)) for name in names[:12]),
        *(MadeGroup(RINGS[0], _templated(chance, place, spread=False)) for place in range(6)),
        *(MadeGroup(RINGS[1], _own_words(chance, place, intents[name])) for place, name in enumerate(names[12:])),
        *(MadeGroup(RINGS[2], _templated(chance, place + 50, spread=True)) for place in range(6)),
    ]


def _used_intents(intents: Iterable[str]) -> list[str]:
    return Random("intents").sample(sorted(intents), 18)


def natural(folder: Path) -> list[Conversation]:
    """What real people typed: first messages of WildChat and OpenAssistant, and utterances of 60 intents of CLINC150
    that no made group uses. Their accounts and days are made: 900 people, each with several of these, at any time."""
    intents = _intents(folder)
    free = [name for name in sorted(intents) if name not in _used_intents(intents)][:60]
    texts = [text for name in free for text in intents[name][:30]]
    texts += [json.loads(line)["prompt"] for line in (folder / "wildchat_en.jsonl").open(encoding="utf-8")]
    texts += [json.loads(line)["turns"][0]["text"] for line in (folder / "oasst1_en.jsonl").open(encoding="utf-8")]
    chance = Random("natural")
    return [
        _said(text, f"person-{chance.randrange(900)}", _at(chance.randrange(DAYS), chance))
        for text in dict.fromkeys(texts)
        if text.strip()
    ]


def _intents(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (folder / "clinc150.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        if row["intent"] != "oos":
            found.setdefault(row["intent"], []).append(row["text"])
    return found


def _at(day: int, chance: Random) -> datetime:
    first = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return first + timedelta(days=day, seconds=chance.randrange(86_400))


def _said(text: str, account: str, moment: datetime) -> Conversation:
    return Conversation((Turn("user", text), Turn("assistant", "Here it is.")), account, moment, False, surface="web")


def _prompted(chance: Random, place: int, people: Sequence[str], days: int) -> list[Conversation]:
    """A prompt that went round: copied by people who do not know each other, most with a subject of their own."""
    start = chance.randrange(DAYS - days + 1)
    return [
        _said(
            PROMPTS[place % len(PROMPTS)].format(chance.choice(TOPICS)),
            who,
            _at(start + chance.randrange(days), chance),
        )
        for who in chance.sample(people, chance.randrange(40, 90))
    ]


def _course(chance: Random, texts: Sequence[str], people: Sequence[str]) -> list[Conversation]:
    start = chance.randrange(DAYS - 7)
    return [
        _said(text, who, _at(start + chance.randrange(5), chance))
        for text, who in zip(chance.sample(texts, 60), chance.sample(people, 60), strict=True)
    ]


def _burst_day(chance: Random, starts: Sequence[int], spread: bool) -> int:
    return chance.randrange(DAYS) if spread else chance.choice(starts) + chance.randrange(3)


def _templated(chance: Random, ring: int, *, spread: bool) -> list[Conversation]:
    starts = [chance.randrange(DAYS - 3) for _ in range(3)]
    accounts = [f"ring-{ring}-{number}" for number in range(30)]
    return [
        _said(
            TEMPLATES[ring % len(TEMPLATES)].format(chance.choice(TOPICS), n=chance.randrange(100, 900)),
            who,
            _at(_burst_day(chance, starts, spread), chance),
        )
        for who in accounts * 3
    ]


def _own_words(chance: Random, ring: int, texts: Sequence[str]) -> list[Conversation]:
    starts = [chance.randrange(DAYS - 3) for _ in range(2)]
    accounts = [f"words-{ring}-{number}" for number in range(30)]
    return [
        _said(text, who, _at(_burst_day(chance, starts, spread=False), chance))
        for text, who in zip(chance.sample(texts, 90), accounts * 3, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """Conversations in memory as an ingest source."""

    conversations: Sequence[Conversation]
    name: str = "made groups"
    format: str = "in memory"
    total: int = 0

    def __iter__(self) -> Iterator[Read]:
        for place, conversation in enumerate(self.conversations, start=1):
            yield Read(f"conversation {place}", place, conversation)


def youtube(folder: Path) -> list[tuple[Conversation, bool]]:
    """Comments of the YouTube Spam Collection, once each, with their label."""
    found: dict[tuple[str, str, str], tuple[Conversation, bool]] = {}
    for line in (folder / "youtube_spam.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        moment = datetime.fromisoformat(row["ts"]).replace(tzinfo=UTC) if row["ts"] else None
        conversation = Conversation((Turn("user", row["text"]),), row["account"], moment, None, "English")
        found.setdefault((row["account"], row["ts"], row["text"]), (conversation, bool(row["spam"])))
    return list(found.values())
