"""Plants invented personal data, so that a test can prove that none of it ever gets out.

Every person, address and number here is made up: mail and web hosts end in .example, IP addresses come from the
documentation ranges, phone numbers from the range reserved for fiction, and card numbers from a test prefix. A
planted value must be used by one account only and must stay exactly as it was written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from index.demo.accounts import Account, ordinary
from index.demo.model import DemoConversation
from index.demo.speech import Teller, fill
from index.demo.stories import speakers
from index.demo.storytexts import Canaries
from index.demo.texts import Language

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_KEY_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_IP_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    given: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def login(self) -> str:
        return f"{self.given}.{self.family}".lower()


def canary_story(
    rng: Random, plan: Canaries, accounts: Sequence[Account], language: Language
) -> tuple[list[DemoConversation], list[str]]:
    """The conversations, and every planted string: whole values first, then the single name tokens."""
    members = rng.sample(speakers(accounts, language.name), plan.conversations)
    themes = [theme for theme in language.themes if theme.id in plan.themes]
    if len(themes) != len(plan.themes):
        raise ValueError("stories.toml, canaries: 'themes' names a theme that does not exist or has a story")
    teller = Teller(rng)
    found: list[DemoConversation] = []
    values: list[str] = []
    tokens: list[str] = []
    for number, account in enumerate(members):
        person = Person(number, plan.given[number], plan.family[number])
        facts = _facts(rng, plan, person)
        conversation = ordinary(rng, teller, account, themes[number % len(themes)], "canaries")
        found.append(_plant(rng, plan, conversation, person, facts))
        values.extend((person.name, *(value for _, value in facts)))
        tokens.extend(dict.fromkeys((person.given, person.family, *person.family.split("-"))))
    return found, [*values, *tokens]


def _plant(
    rng: Random, plan: Canaries, conversation: DemoConversation, person: Person, facts: Sequence[tuple[str, str]]
) -> DemoConversation:
    """Adds the facts to user messages, and lets the assistant sometimes repeat them."""
    messages = list(conversation.messages)
    places = [n for n, (role, _) in enumerate(messages) if role == "user"]
    for label, value in facts:
        place = rng.choice(places)
        details = {"name": person.name, "given": person.given, "label": label, "value": value}
        messages[place] = ("user", f"{messages[place][1]} {fill(rng.choice(plan.mentions), details)}")
        echo = {**details, "reply": messages[place + 1][1]}
        messages[place + 1] = ("assistant", fill(rng.choice(plan.echoes), echo))
    return replace(conversation, messages=tuple(messages))


def _facts(rng: Random, plan: Canaries, person: Person) -> list[tuple[str, str]]:
    """One kind of datum for everybody, a second one for every other person; all kinds are used about equally."""
    kinds = [person.number % len(_KINDS)]
    if person.number % 2:
        kinds.append((person.number + 4) % len(_KINDS))
    return [(_KINDS[kind][0], _KINDS[kind][1](rng, plan, person)) for kind in kinds]


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def luhn_digit(number: str) -> str:
    """The check digit that makes a card number valid."""
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(reversed(number)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def _mail(rng: Random, plan: Canaries, person: Person) -> str:
    return f"{person.login}@{rng.choice(plan.hosts)}"


def _phone(rng: Random, plan: Canaries, person: Person) -> str:
    return f"+1 {rng.randrange(212, 989)}-555-01{person.number:02d}"


def _iban(rng: Random, plan: Canaries, person: Person) -> str:
    account = f"{person.number:08d}{_digits(rng, 10)}"
    check = 98 - int(f"{account}131400") % 97
    whole = f"DE{check:02d}{account}"
    return " ".join(whole[n : n + 4] for n in range(0, len(whole), 4))


def _card(rng: Random, plan: Canaries, person: Person) -> str:
    number = f"40000{person.number:02d}{_digits(rng, 8)}"
    number += luhn_digit(number)
    return " ".join(number[n : n + 4] for n in range(0, 16, 4))


def _address(rng: Random, plan: Canaries, person: Person) -> str:
    return f"{100 + person.number} {rng.choice(plan.streets)}, {rng.choice(plan.towns)}"


def _passport(rng: Random, plan: Canaries, person: Person) -> str:
    return f"{rng.choice(_LETTERS)}{rng.choice(_LETTERS)}{person.number:02d}{_digits(rng, 5)}"


def _api_key(rng: Random, plan: Canaries, person: Person) -> str:
    return f"sk-shoaldemo-{''.join(rng.choices(_KEY_LETTERS, k=32))}"


def _ip(rng: Random, plan: Canaries, person: Person) -> str:
    return f"{rng.choice(_IP_BLOCKS)}.{100 + person.number}"


def _url(rng: Random, plan: Canaries, person: Person) -> str:
    return f"https://{rng.choice(plan.hosts)}/users/{person.login}/profile"


_KINDS: tuple[tuple[str, Callable[[Random, Canaries, Person], str]], ...] = (
    ("e-mail", _mail),
    ("phone", _phone),
    ("IBAN", _iban),
    ("card number", _card),
    ("address", _address),
    ("passport no.", _passport),
    ("API key", _api_key),
    ("IP address", _ip),
    ("profile", _url),
)
