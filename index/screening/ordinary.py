"""What looks like an identifier and points at nobody: software, standards, works and characters that everybody knows.

Screening leaves these as they are, because what it takes is lost to the summary. A form, a check digit or a
closed list shows each of them; nothing may be left because a sentence says that it is harmless. Somebody can dress an identifier up as one of
these, and then attestation (R6) is what decides.
"""

from collections.abc import Iterator

import regex

from index.lists import as_listed, is_given, is_public, is_surname
from index.screening.look import Span
from index.screening.patterns import RELATION
from index.screening.sieve import Sieve

_TAIL = " \t\n\r().·_/-,;:?!"
"""What a pattern for numbers may take at its end."""
_NEAR = 40
"""Characters around what was found that are looked at."""
_FORMS = frozenset(
    regex.compile(form)
    for form in (
        r"(?i:\bCVE-\d{4}-\d{4,7}\b)",  # vulnerabilities
        r"(?i:\b(?:RFC|ISO|IEC|EN|DIN|IEEE|ANSI|NIST|MS|KB|PEP|JEP|JSR|ECMA|arXiv:)[- ]?\d{1,7}(?:[.:-]\d{1,5}){0,3}\b)",  # standards
        r"\b0x[0-9A-Fa-f]{1,8}\b",  # numbers of errors and addresses of memory
        r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?(?!\d)",  # points of time
        r"(?<![\d.])(?:127(?:\.\d{1,3}){3}|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}"
        r"|169\.254(?:\.\d{1,3}){2}|0\.0\.0\.0|255(?:\.\d{1,3}){3}|(?:8\.8\.8\.8|8\.8\.4\.4|1\.1\.1\.1|1\.0\.0\.1|9\.9\.9\.9))(?:/\d{1,2}|:\d{2,5})?(?![\d.])",
        r"(?<![\w@./-])(?:com|org|net|io|edu|gov|dev|app|android|androidx|java|javax|jakarta|de|uk|fr|eu|me)(?:\.[A-Za-z_$][\w$]*){2,}\b(?!\.?/|@|\.(?:com|org|net|co)\b)",  # packages
        r"(?<!\w)@[a-z0-9~][\w.~-]*/[\w.-]+(?:@[\d^~*][\w.^~*-]*|@latest|@next)?",  # scopes of npm
        r"(?i:(?<=\bISBN(?:-1[03])?[: ]{1,2}))[\d-]{9,16}[\dXx]\b",
        r"(?i:\b(?:version|build|release|firmware|driver|kernel|revision|rev|patch|v)[ .]?\d[\w.+-]*)",
        r"\b(?:ORA|TNS|PLS|TS|CS|LNK|MSB|NETSDK|AADSTS|SQL|DB|ERR|E|HTTP|WARN|RUSTSEC|NVD)-?\d{4,6}\b",  # numbers of errors
        r"(?<![\d.,])\d\.\d{5,}(?:[eE][+-]?\d{1,3})?(?!\d|[,;\s]{1,2}[+-]?\d{1,3}\.\d{3})",  # numbers of mathematics and physics
        r"(?<![\d.])(?:2147483647|2147483648|4294967295|4294967296|9007199254740991|9007199254740992|9007199254740993|"
        r"9223372036854775807|18446744073709551615|299792458|123456789|1234567890|0123456789|987654321)(?![\d.])",
        r"(?i:(?<=\b(?:commit|cherry-pick|checkout|revert|bisect|sha-?1?|git show|rebase|reset --hard)\s{1,2}(?:bad\s|good\s)?)[0-9a-f]{7,40}\b)",  # of a change
        r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-]1[0-8]\d{2}(?!\d)",  # days of history
        r"§{1,2}\s?\d{1,4}[a-z]?(?:\s(?:Abs|Nr|S|Satz|Art|Ziff|ff|Alt|Var)\.?(?:\s?\d{1,3})?)*",
        r"(?i:\b(?:10 Downing Street|1600 Pennsylvania Ave(?:nue)?|221B Baker Street|4 Privet Drive|42 Wallaby Way|742 Evergreen Terrace|11 Wall Street|"
        r"1 Infinite Loop|12 Grimmauld Place|30 Rockefeller Plaza|55 Savushkina Street))",
        r"(?i:\b(?:between|from|zwischen|von|entre|tra|dal)\s)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\s(?:and|to|until|und|bis|et|y|e|al|à)\s\d{1,4}[./-]\d{1,2}[./-]\d{1,4}",
        r"(?i:\b10\.\d{4,9}/[-._;()/:a-z0-9]+)",  # DOI
        r"(?<![\w.])\d{1,4}\.\d{1,3}(?:\s[/*+-]\s\d{1,4}\.\d{1,3})+(?![\d.])",  # sums
        r"(?<![\w.+-])git@[\w-]+(?:\.[\w-]+)+(?=:)",  # whoever pulls code is called so
        r"(?i:(?<![\w:])(?:fe80::[\da-f]?|::1)(?:/\d{1,3})?(?![\da-f:]))",  # addresses that every machine has
    )
)
_HANDLE = regex.compile(r"(?<!\w)@([\w.]{2,})")
_CODE_WORDS = frozenset(
    """property staticmethod classmethod dataclass contextmanager cached_property lru_cache cache wraps abstractmethod override
    overload final decorator fixture pytest.fixture pytest.mark.parametrize app.route app.get app.post router.get router.post
    singledispatch total_ordering retry task celery.task jit numba.jit torch.no_grad tf.function patch mock.patch login_required
    deprecated functionalinterface safevarargs suppresswarnings test beforeeach aftereach beforeall afterall before after
    disabled parameterizedtest autowired bean component service repository controller restcontroller requestmapping getmapping
    postmapping putmapping deletemapping pathvariable requestparam requestbody configuration springbootapplication entity table
    id column generatedvalue onetomany manytoone manytomany onetoone joincolumn transactional value qualifier primary inject
    injectable named singleton provides module nullable nonnull notnull data getter setter builder noargsconstructor
    allargsconstructor slf4j input output ngmodule directive pipe viewchild hostlistener hostbinding prop watch emit state
    binding published observedobject environmentobject stateobject main mainactor escaping objc ibaction iboutlet available
    discardableresult composable preview media import keyframes font-face supports charset namespace page layer container apply
    tailwind screen include mixin extend use forward if else each for while return function param returns type typedef throws
    see since author version todo link inheritdoc example default class public private protected mention everyone here channel
    all latest next beta""".split()
)
"""Annotations, decorators and rules of programming languages and style sheets that follow an at-sign."""

_TITLE = r"(?i:Mr|Mrs|Ms|Miss|Dr|Doctor|Prof|Professor|Sir|Lady|Lord|Madame|Monsieur|Señor|Captain|Saint|King|Queen|Prince|Princess)"
_TITLED = regex.compile(rf"\b({_TITLE})\.?\s+(\p{{Lu}}[\p{{L}}'’-]+)(?:[ \t]+(\p{{Lu}}[\p{{L}}'’-]+))?")
_CHARACTERS = frozenset(
    """strange who house dre pepper octopus doom evil dolittle jekyll faust zhivago martens seuss manhattan mario robotnik watson
    frankenstein moriarty oz phil brown darcy bean robot beast fox tumnus hyde ripley rochester incredible clean potato burns
    spock kipling miyagi freeze rogers banks dalloway doubtfire robinson hudson weasley dursley potter hannigan marple marvel
    piggy universe america world havisham bennet monroe peregrine saigon moneypenny x xavier plum snape dumbledore mcgonagall
    calculus challenger lancelot galahad gawain arthur gaga macbeth godiva voldemort byron sauron vader farquaad bovary
    butterfly tussaud curie clouseau hulot quixote nemo kirk picard america hook sparrow ahab arthur lear solomon kong charming
    zelda diana grey mononoke jasmine leia nicholas petersburg patrick valentine augustine francis""".split()
)
"""Whom everybody knows by a title and one name: characters of books, films and games, brands and historic people."""

_RELATED = regex.compile(
    rf"(?i:\b(?:my|mi|mon|ma|mio|mia|meu|minha)\s(?:ex-)?(?:{RELATION}),?)\s(\p{{Lu}}[\p{{L}}'’-]+)(?:\s\p{{Lu}}[\p{{L}}'’-]+){{0,2}}"
)
"""A relation, and a name behind it: "my boss Microsoft Teams"."""


def stays(text: str, start: int, end: int) -> bool:
    """Whether what was found from `start` to `end` is to stay. `text` is a look (`index.screening.look`)."""
    last = start + len(text[start:end].rstrip(_TAIL))
    around = _spans(text, max(0, start - _NEAR), min(len(text), end + _NEAR))
    return any(begins <= start and last <= ends for begins, ends in around)


_SIEVE = Sieve((*_FORMS, _HANDLE, _TITLED, _RELATED))


def _spans(text: str, begin: int, end: int) -> Iterator[Span]:
    held = _SIEVE.held(text[begin:end])
    for form in held & _FORMS:
        yield from _standing(form, text, begin, end)
    for match in _HANDLE.finditer(text, begin, end) if _HANDLE in held else ():
        if match[1].strip(".").casefold() in _CODE_WORDS or (match[1][0].isupper() and _has_annotation(text)):
            yield match.span()
    for match in _TITLED.finditer(text, begin, end) if _TITLED in held else ():
        first, last = as_listed(match[2]), as_listed(match[3] or "")
        known = first in _CHARACTERS and not is_surname(last)
        if known or is_public(f"{first} {last}".strip()):
            yield match.span()
    for match in _RELATED.finditer(text, begin, end) if _RELATED in held else ():
        first = as_listed(match[1])
        if is_public(first) and not is_given(first):
            yield match.span()


def _standing(form: "regex.Pattern[str]", text: str, begin: int, end: int) -> Iterator[Span]:
    for match in form.finditer(text, begin, end):
        if not match[0][0].isdigit() or _is_fine_number(match[0], text[max(0, match.start() - 10) : match.start()]):
            yield match.span()


def _has_annotation(text: str) -> bool:
    """Whether one of the words behind an at-sign is an annotation that is written so in code alone."""
    return any(match[1][0].isupper() and match[1].casefold() in _CODE_WORDS for match in _HANDLE.finditer(text))


def _is_fine_number(written: str, before: str) -> bool:
    """A point of time, or a book's number that its check digit confirms (ISO 2108)."""
    if "ISBN" not in before.upper():
        return True
    digits = [10 if digit in "Xx" else int(digit) for digit in written if digit != "-"]
    if len(digits) == 10:
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    return len(digits) == 13 and sum(digits[::2]) % 10 == (-3 * sum(digits[1::2])) % 10
