"""Turns templates into conversations, and lets each account type in its own way.

Slots are drawn once per conversation, so that all its messages speak about the same thing. This module must never
alter text that was planted as truth (names, markers, instructions): those are in the PLAIN voice or added later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from index.demo.model import Message
from index.demo.texts import SLOT, Language, Slots, Theme

MOST_TURNS = 6
USUAL_KEEP_GOING = 0.42
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Voice:
    lower: bool = False
    typos: float = 0.0
    chatty: float = 0.0
    leads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()


PLAIN = Voice()


def voice_for(rng: Random, language: Language) -> Voice:
    """Habits of one person; languages without a [voice] table are left as they were written."""
    if not language.leads and not language.tails:
        return PLAIN
    lower = rng.random() < 0.22
    typos = rng.choice((0.3, 0.5, 0.7)) if rng.random() < 0.2 else 0.0
    chatty = rng.choice((0.0, 0.0, 0.15, 0.5))
    return Voice(lower, typos, chatty, language.leads, language.tails)


def fill(template: str, values: Mapping[str, str]) -> str:
    text = SLOT.sub(lambda match: values[match.group(1)], template)
    return text[:1].upper() + text[1:] if template.startswith("{") else text


def pick_values(rng: Random, slots: Slots) -> dict[str, str]:
    return {name: rng.choice(values) for name, values in slots}


class Teller:
    """Tells conversations, and avoids to open two of them with the very same words as long as it can."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._opened: set[str] = set()

    def talk(self, theme: Theme, voice: Voice = PLAIN, keep_going: float = USUAL_KEEP_GOING) -> list[Message]:
        """One to six user turns, each answered."""
        opening, template, values = self._opening(theme, voice)
        turns = 1
        while turns < min(MOST_TURNS, 1 + len(theme.followups)) and self._rng.random() < keep_going:
            turns += 1
        later = self._rng.sample(theme.followups, turns - 1)
        asked = [opening, *(speak(self._rng, fill(text, values), voice, first=False) for text in later)]
        answered = _answers(self._rng, theme.replies, (template, *later))
        messages: list[Message] = []
        for question, answer in zip(asked, answered, strict=True):
            messages += [("user", question), ("assistant", fill(answer, values))]
        return messages

    def _opening(self, theme: Theme, voice: Voice) -> tuple[str, str, dict[str, str]]:
        for _ in range(_TRIES):
            values = pick_values(self._rng, theme.slots)
            template = self._rng.choice(theme.openings)
            opening = speak(self._rng, fill(template, values), voice, first=True)
            if opening not in self._opened:
                break
        self._opened.add(opening)
        return opening, template, values


def speak(rng: Random, text: str, voice: Voice, first: bool) -> str:
    if voice.chatty and first and rng.random() < voice.chatty:
        text = f"{rng.choice(voice.leads)} {text}" if rng.random() < 0.6 else f"{text} {rng.choice(voice.tails)}"
    if voice.typos and rng.random() < voice.typos:
        text = _slip(rng, text)
    return text.lower() if voice.lower else text


def _slip(rng: Random, text: str) -> str:
    """Swaps two neighbouring letters inside one longer word."""
    words = text.split(" ")
    places = [n for n, word in enumerate(words) if len(word) >= 6 and word.isascii() and word.isalpha()]
    if not places:
        return text
    place = rng.choice(places)
    word = words[place]
    at = rng.randrange(1, len(word) - 2)
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _answers(rng: Random, replies: Sequence[str], questions: Sequence[str]) -> list[str]:
    """A reply to each question: none twice before all were used, and if possible about things already mentioned."""
    chosen: list[str] = []
    unused: list[str] = []
    mentioned: set[str] = set()
    for question in questions:
        mentioned |= _places(question)
        unused = unused or list(replies)
        fitting = [reply for reply in unused if _places(reply) <= mentioned]
        chosen.append(rng.choice(fitting or unused))
        unused.remove(chosen[-1])
    return chosen


@cache
def _places(template: str) -> frozenset[str]:
    return frozenset(SLOT.findall(template))
