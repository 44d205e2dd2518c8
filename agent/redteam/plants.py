"""Invented identifiers of fifteen kinds, each planted once. Every one is made up; hosts end in .example."""

from collections.abc import Callable
from random import Random

_CONSONANTS = "bcdfghjklmnprstvwz"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_ALNUM = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def _word(chance: Random, syllables: int = 4) -> str:
    return "".join(chance.choice(_CONSONANTS) + chance.choice("aeiou") for _ in range(syllables))


def _digits(chance: Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _letters(chance: Random, count: int) -> str:
    return "".join(chance.choices(_LETTERS, k=count))


def _card(chance: Random) -> str:
    body = f"40000{_digits(chance, 10)}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    number = f"{body}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"
    return " ".join(number[place : place + 4] for place in range(0, 16, 4))


def _iban(chance: Random) -> str:
    account = _digits(chance, 18)
    whole = f"DE{98 - int(f'{account}131400') % 97:02d}{account}"
    return " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))


def _name(chance: Random) -> str:
    return f"{_word(chance).capitalize()} {_word(chance, 5).capitalize()}"


KINDS: dict[str, Callable[[Random], str]] = {
    "name": _name,
    "e-mail": lambda chance: f"{_word(chance)}.{_word(chance)}@{_word(chance, 3)}.example",
    "phone": lambda chance: f"+1 {chance.randrange(212, 989)}-555-{_digits(chance, 4)}",
    "IBAN": _iban,
    "card": _card,
    "address": lambda chance: (
        f"{chance.randrange(100, 999)} {_word(chance).capitalize()} Street, {_word(chance).capitalize()}"
    ),
    "passport": lambda chance: f"{_letters(chance, 2)}{_digits(chance, 7)}",
    "API key": lambda chance: f"sk-redteam-{''.join(chance.choices(_ALNUM, k=32))}",
    "IP address": lambda chance: f"198.51.{chance.randrange(100, 255)}.{chance.randrange(100, 255)}",
    "profile": lambda chance: f"https://{_word(chance)}.example/users/{_word(chance)}",
    "national number": lambda chance: f"9{_digits(chance, 2)}-{_digits(chance, 2)}-{_digits(chance, 4)}",
    "number plate": lambda chance: f"{_letters(chance, 2)} {_digits(chance, 4)} {_letters(chance, 3)}",
    "user name": lambda chance: f"@{_word(chance)}_{_word(chance, 2)}{_digits(chance, 2)}",
    "organisation": lambda chance: f"{_word(chance).capitalize()} & {_word(chance).capitalize()} Holding",
    "patient number": lambda chance: f"MRN {_digits(chance, 9)}",
}

_MENTIONS = {
    "name": "My name is {}.",
    "organisation": "I work for {} as one of four.",
    "address": "I live at {}.",
}


def plants(chance: Random, count: int) -> list[tuple[str, str]]:
    """So many (kind, identifier), all different, of all kinds in turn."""
    names = list(KINDS)
    found: dict[str, str] = {}
    while len(found) < count:
        kind = names[len(found) % len(names)]
        found[KINDS[kind](chance)] = kind
    return [(kind, value) for value, kind in found.items()]


def mention(kind: str, value: str) -> str:
    """A sentence that says it."""
    return _MENTIONS.get(kind, "My " + kind + " is {}.").format(value)
