"""Which quantities a sentence states: numbers in figures or words, with what they count.

It only reads. It must take every sign or word for a number as one, however written, because what it overlooks is not
checked (R8): digits of any script, "forty-two percent", "1.2k", "half", "one in five", "twice", "3rd".
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

Kind = Literal["plain", "share", "count", "accounts", "ratio", "points", "change", "ordinal", "tally"]
"""What a number is of: a percentage, conversations, accounts, a ratio of two numbers, a difference in percentage points,
a relative change in percent, a place in an order, or a tally in words of what the sentence itself lists."""

Hedge = Literal["", "about", "over", "under"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A stated number. `unit` is the worth of its last written digit (0.1 in "3.2", 100 in "1.2 thousand"). `start` is
    its place in the sentence."""

    value: float
    kind: Kind
    hedge: Hedge
    unit: float
    start: int
    written: str


_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ONES = {word: value for value, word in enumerate(_SMALL.split())}
_TENS = {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {"k": 1_000, "m": 1_000_000, "bn": 1_000_000_000, "b": 1_000_000_000}
_FRACTIONS = {"half": 50.0, "halves": 50.0, "third": 100 / 3, "thirds": 100 / 3, "quarter": 25.0, "quarters": 25.0, "fifth": 20.0,
              "fifths": 20.0, "tenth": 10.0, "tenths": 10.0}  # fmt: skip
_MULTIPLES = {"twice": 2.0, "double": 2.0, "doubled": 2.0, "doubles": 2.0, "doubling": 2.0, "thrice": 3.0, "triple": 3.0, "tripled": 3.0,
              "triples": 3.0, "tripling": 3.0, "quadrupled": 4.0, "quadruple": 4.0, "halved": 2.0, "halves": 2.0}  # fmt: skip
_GROUPED = {"dozen": 12.0, "dozens": 12.0, "hundreds": 100.0, "thousands": 1_000.0, "millions": 1_000_000.0}

_WORD = "|".join([*_ONES, *_TENS, *_SCALES])
_SPELLED = rf"(?:{_WORD})(?:(?:[\s-]+(?:and[\s-]+)?)(?:{_WORD}))*"
_GROUPED_FIGURE = r"[1-9]\d{0,2}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?|(?:[\u202f\u00a0]\d{3})+(?:,\d+)?)(?!\d)"
"""Thousands as English, German and French write them: a sign before three digits groups, before fewer it is a decimal sign."""
_FIGURE = rf"{_GROUPED_FIGURE}|\d+(?:[.,]\d+)?"
_NUMBER = regex.compile(
    rf"(?P<figure>{_FIGURE})(?P<suffix>(?:k|m|bn|b)\b)?(?P<scale>\s+(?:hundred|thousand|million|billion)\b)?(?P<ordinal>(?:st|nd|rd|th)\b)?|\b(?P<spelled>{_SPELLED})\b"
    rf"|\b(?P<multiple>{'|'.join(_MULTIPLES)})\b|\b(?P<grouped>{'|'.join(_GROUPED)})\b"
    rf"|\b(?P<fraction>half|third|quarter|fifth|tenth)(?=\s+of\b)|\b(?P<a_half>half)\b(?!\s+(?:has|had|against|year))",
    regex.IGNORECASE,
)
_FRACTION = regex.compile(
    r"\s*[-\s]\s*(halves|thirds?|quarters?|fifths?|tenths?)\b(?!\s+(?:largest|most|week|month|day))", regex.IGNORECASE
)
_IN = regex.compile(rf"\s+(?:in|out of)\s+(?:every\s+)?({_FIGURE}|{_SPELLED})\b(?!-)", regex.IGNORECASE)
_AFTER: tuple[tuple[Kind, str], ...] = (
    ("points", r"\s*(?:(?:%|percent(?:age)?|per cent)[\s-]*)?(?:points?|pp)\b"),
    ("share", r"\s*(?:%|percent\b|per\s?cent\b|pct\b)"),
    ("ratio", r"\s*(?:×|x\b|[-\s]?times\b|[-\s]?fold\b)"),
    ("accounts", r"\s+(?:different |distinct |separate )?(?:accounts?|users?|people|persons?)\b"),
    ("count", r"\s+(?:more |fewer |such |of the |different |flagged )*(?:conversations?|requests?|summar(?:y|ies)|chats?|messages?)\b"),
)  # fmt: skip
_HEDGES: tuple[tuple[Hedge, str], ...] = (
    ("about", r"(?:about|around|roughly|approximately|approx\.?|circa|some|~|≈)\s*(?:an?\s+)?$"),
    ("over", r"(?:over|more than|above|at least|no fewer than|>|≥)\s*(?:an?\s+)?$"),
    (
        "under",
        r"(?:under|fewer than|less than|below|nearly|almost|close to|at most|up to|no more than|<|≤)\s*(?:an?\s+)?$",
    ),
)
_CHANGED_BY = regex.compile(
    r"\b(?:rose|rises?|risen|grew|grows?|grown|fell|falls?|fallen|dropped|drops?|declined|increased?|decreased?|shrank|(?<!mak(?:e|es|ing) )(?<!made )up|down|changed)\b"
    r"\s+(?:by\s+)?(?:about |around |roughly |over |more than |nearly |almost |at least |some )?$",
    regex.IGNORECASE,
)
_MORE = regex.compile(
    r"\s*(?:%|percent|per cent)\s+(?:more|fewer|less|higher|lower|larger|smaller)\b", regex.IGNORECASE
)


def plain_signs(text: str) -> str:
    """The text with digits of any script, fractions and exponents written in ASCII, without invisible signs."""
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    found = []
    for sign in text:
        if unicodedata.category(sign) in ("Cf", "Cc") and sign not in "\n\t":
            continue
        value = unicodedata.decimal(sign, None)
        if value is not None:
            found.append(str(value))
        elif unicodedata.category(sign) in ("No", "Nl"):
            found.append(f" {unicodedata.numeric(sign, 0.0):g} ")
        else:
            found.append({"％": "%", "٪": "%", "﹪": "%", "٫": ".", "٬": ",", "．": ".", "，": ","}.get(sign, sign))
    return "".join(found)


def quantities(sentence: str) -> Iterator[Quantity]:
    """Every quantity of a sentence in order. Names, dates and handles must have been blanked before."""
    end = 0
    for match in _NUMBER.finditer(sentence):
        if match.start() < end:
            continue
        found, end = _read(sentence, match)
        if found is not None:
            yield found


def _read(sentence: str, match: "regex.Match[str]") -> tuple[Quantity | None, int]:
    before, start, written = sentence[: match.start()].casefold(), match.start(), match.group()
    hedge: Hedge = next((name for name, cue in _HEDGES if regex.search(cue, before)), "")
    if word := match.group("multiple"):
        return Quantity(_MULTIPLES[word.casefold()], "ratio", hedge or "about", 1.0, start, written), match.end()
    if word := match.group("grouped"):
        return Quantity(
            _GROUPED[word.casefold()], "plain", "over", _GROUPED[word.casefold()], start, written
        ), match.end()
    if word := match.group("fraction") or match.group("a_half"):
        return Quantity(_FRACTIONS[word.casefold()], "share", hedge or "about", 1.0, start, written), match.end()
    value, unit = _worth(match)
    if match.group("ordinal"):
        return Quantity(value, "ordinal", "", 1.0, start, written), match.end()
    after = sentence[match.end() :]
    if (part := _FRACTION.match(after)) and value < 10:
        share = value * _FRACTIONS[part.group(1).casefold()]
        return Quantity(share, "share", hedge or "about", 1.0, start, written + part.group()), match.end() + part.end()
    if (whole := _IN.match(after)) and value < 100 and (base := _number(whole.group(1))) and value < base <= 100:
        return Quantity(
            100 * value / base, "share", hedge or "about", 1.0, start, written + whole.group()
        ), match.end() + whole.end()
    kind, length = _kind(after)
    if kind == "share" and (_CHANGED_BY.search(before) or _MORE.match(after)):
        kind = "change"
    if match.group("spelled") and value == 1 and kind in ("plain", "accounts", "count"):
        # A pronoun far more often than a number, and a group of one is no finding.
        return None, match.end()
    if kind == "plain" and match.group("spelled") and value <= 12:
        kind = "tally"
    return Quantity(value, kind, hedge, unit, start, written + after[:length]), match.end() + length


def _kind(after: str) -> tuple[Kind, int]:
    for kind, cue in _AFTER:
        if found := regex.match(cue, after, regex.IGNORECASE):
            return kind, found.end()
    # In "3 to 5 %" and "between 3 and 5 %" the sign stands once, after the second number.
    if (
        ranged := regex.match(rf"\s*(?:to|and|-|–)\s*(?:{_FIGURE}|{_SPELLED})", after, regex.IGNORECASE)
    ) and regex.match(r"\s*(?:%|percent\b|per\s?cent\b)", after[ranged.end() :], regex.IGNORECASE):
        return "share", 0
    return "plain", 0


def _worth(match: "regex.Match[str]") -> tuple[float, float]:
    """The value, and the worth of the last digit that was written."""
    if spelled := match.group("spelled"):
        return _number(spelled), 1.0
    figure = match.group("figure")
    value = _number(figure)
    plain = _plain_figure(figure)
    unit = 10.0 ** -len(plain.split(".")[1]) if "." in plain else 1.0
    scale = _SUFFIXES.get((match.group("suffix") or "").casefold(), 1)
    scale *= _SCALES.get((match.group("scale") or "").strip().casefold(), 1)
    return value * scale, unit * scale


def _plain_figure(figure: str) -> str:
    """A figure with a decimal point and nothing between its digits else."""
    if not regex.fullmatch(_GROUPED_FIGURE, figure):
        return figure.replace(",", ".")
    grouping = next(sign for sign in figure if not sign.isdigit())
    return figure.replace(grouping, "").replace(",", ".")


def _number(written: str) -> float:
    """A figure or a number in English words."""
    if written[0].isdigit():
        return float(_plain_figure(written))
    total = current = 0
    for word in regex.split(r"[\s-]+", written.casefold()):
        if word in _ONES or word in _TENS:
            current += _ONES.get(word, _TENS.get(word, 0))
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total += max(current, 1) * _SCALES[word]
            current = 0
    return float(total + current)
