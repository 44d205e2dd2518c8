"""Invented conversations of invented people for the red team's corpora.

Ordinary requests in several languages with a few words of their own, by accounts that are active on several days.
No account says more than a policy counts, so that true counts and counted ones are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

from index.core.records import Conversation, Turn

FIRST_DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = 120
_MOST = 8
"""Conversations of one account."""

_REQUESTS = {
    "English": (
        "Write a polite cover letter for a nurse position in a clinic",
        "Explain why the pandas dataframe merge raises an indexing error in the notebook",
        "Suggest a mountain itinerary with easy trails and a quiet hostel near a lake",
        "Summarise the chapter about photosynthesis for a biology exam",
        "Plan a weekly menu with lentils and vegetables for a small budget",
        "Draft a complaint to the landlord about the broken heating",
        "Review the marketing slogan for a bakery and make it shorter",
        "Convert the monthly budget spreadsheet formula to handle missing values",
    ),
    "Spanish": (
        "Dame una receta casera de lentejas con tomate y mucho ajo",
        "Corrige la carta formal para pedir una beca universitaria",
    ),
    "German": (
        "Formuliere eine freundliche Bewerbung für eine Stelle als Erzieherin",
        "Erkläre mir den Unterschied zwischen Dativ und Akkusativ mit Beispielen",
    ),
    "French": (
        "Propose un itinéraire de randonnée facile autour du lac avec une auberge",
        "Corrige ma lettre de motivation pour un stage dans une agence",
    ),
    "Italian": (
        "Scrivi una lettera di presentazione per un posto di insegnante",
        "Spiegami la differenza tra passato prossimo e imperfetto con esempi",
    ),
    "Portuguese": (
        "Escreve uma carta formal para pedir uma bolsa de estudo",
        "Sugere um roteiro de montanha com trilhos fáceis e um lago",
    ),
}
LANGUAGES = tuple(_REQUESTS)
_SHARES = (34, 18, 12, 12, 12, 12)
_SURFACES = ("web", "mobile", "api")
_DETAILS = (
    "with a short example", "for beginners", "in a friendly tone", "with three options", "step by step", "as a list",
    "with reasons", "for a colleague", "in simple words", "before the weekend",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """One invented person."""

    name: str
    language: str
    surface: str


def accounts(chance: Random, count: int, prefix: str = "person") -> list[Account]:
    """People who speak one language and mostly use one surface."""
    return [
        Account(
            f"{prefix}-{number:04d}", chance.choices(LANGUAGES, _SHARES)[0], chance.choices(_SURFACES, (6, 4, 2))[0]
        )
        for number in range(count)
    ]


def ordinary(chance: Random, people: Sequence[Account], count: int, days: int = DAYS) -> list[Conversation]:
    """So many everyday conversations over so many days, by no account more than eight."""
    if count > _MOST * len(people):
        raise ValueError("too few people for so many conversations")
    slots = [person for _, person in product(range(_MOST), people)]
    return [output(chance, person, request(chance, person.language), days) for person in chance.sample(slots, count)]


def request(chance: Random, language: str) -> str:
    """An everyday request in this language."""
    return f"{chance.choice(_REQUESTS[language])}, {detail(chance)}."


def detail(chance: Random) -> str:
    """How an answer is wished for."""
    return chance.choice(_DETAILS)


def output(chance: Random, person: Account, text: str, days: int = DAYS) -> Conversation:
    """A conversation of this account on some day; whether it was flagged is a coin's throw, so that a guess is worth
    half."""
    return Conversation(
        (Turn("user", text), Turn("assistant", "Of course, here is a first version of what you asked for.")),
        person.name,
        FIRST_DAY + timedelta(days=chance.randrange(days)),
        chance.random() < 0.5,
        person.language,
        person.surface,
    )


def adding(conversation: Conversation, text: str) -> Conversation:
    """The conversation with one more sentence in its first message."""
    first, *rest = conversation.turns
    return replace(conversation, turns=(Turn("user", f"{first.text} {text}"), *rest))
