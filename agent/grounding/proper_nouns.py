"""Names of somebody in a model's sentence (R8): proper nouns and special categories that no cited finding states.

A model's text can be wrong or be led by an instruction, and a name has no number to fail by. So a word with a capital
letter inside a sentence must be in a cited finding, in quotes that are checked as a group, or on a closed list. What a
sentence says of health, belief and the like of somebody is judged by the auditor of names. Known limit: a name that is the
first word of its sentence and stands alone is not seen.
"""

import calendar

import regex

from index.core.language import LANGUAGES
from index.privacy.auditor.rules import judge
from index.privacy.judgement import Reason

_CAPITALISED = regex.compile(r"(?<![\p{L}\p{N}’'-])\p{Lu}[\p{L}\p{M}’'-]*\p{Ll}[\p{L}\p{M}’'-]*")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}’'-]*")
_BEGINS = regex.compile(r"(?:^|[.:;!?(]|\*\*|[-•]\s)\s*(?:[\p{P}\s]*)$")
_REVEALS = frozenset({Reason.SPECIAL, Reason.COMBINATION, Reason.IDENTIFIER, Reason.ORGANISATION})
_CALENDAR = {*calendar.month_name, *calendar.month_abbr, *calendar.day_name, *calendar.day_abbr} - {""}
_OWN = frozenset(
    {"Shoal", "Claude", "Wilson", "Spearman", "Poisson", "Bayesian", "Internet", "Web", "Markdown", "Clio"}
)
"""The vocabulary of an answer about findings: the tools, and methods that findings name."""
_KNOWN = frozenset(
    name.casefold() for whole in (*_CALENDAR, *_OWN, *LANGUAGES) for name in (whole, *_WORD.findall(whole))
)


def unreleased_name(sentence: str, released: str) -> str | None:
    """The first name of a sentence, without its quoted groups and handles, that is neither in the words that findings
    `released` nor on the closed list; or what it reveals of somebody. None: nothing."""
    known = {word.casefold() for word in _WORD.findall(released)}
    # A heading is a single word too, and marked as one.
    is_alone = len(_WORD.findall(sentence)) == 1 and not regex.search(r"[*#:]", sentence)
    for match in _CAPITALISED.finditer(sentence):
        word = match.group().casefold().removesuffix("'s").removesuffix("’s")
        begins = _BEGINS.search(sentence[: match.start()]) is not None
        if begins and not is_alone and not _is_followed_by_name(sentence, match.end()):
            continue
        if word not in known and word not in _KNOWN:
            return f"the name {match.group()!r}"
    found = _REVEALS.intersection(judge(_lowered(sentence, released)).reasons)
    return f"{min(found).replace('_', ' ')} of somebody" if found else None


def _is_followed_by_name(sentence: str, place: int) -> bool:
    """Whether the next word has a capital letter too: "Jane Doe asks"."""
    return regex.match(r"\s+\p{Lu}\p{Ll}", sentence[place:]) is not None


def _lowered(sentence: str, released: str) -> str:
    """The sentence without the capital letters of its beginning and without the words of the findings."""
    known = {word.casefold() for word in _WORD.findall(released)}
    kept = _WORD.sub(lambda match: "it" if match.group().casefold() in known else match.group(), sentence)
    return kept[:1].lower() + kept[1:]
