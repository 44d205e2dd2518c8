"""The built-in auditor: closed word lists and patterns over one text, on Clio's scale and by class.

It extends `index.privacy.score`, which grades identifiers, full names and stated organisations, by what that rod leaves
out: a proper noun that is no public name, one organisation in lower case, handles and code names, single events, small
numbers, combinations of traits, and special categories of somebody in particular. A topic ("depression: self-help") is
fine; the same word about one person or a few is not. It must never reject because a subject is sensitive.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

from index.core.words import is_function_word
from index.privacy.auditor.disguise import is_disguised
from index.privacy.auditor.lexicon import compiled, entries, pattern, source
from index.privacy.judgement import GROUP, INDIVIDUAL, THOUSANDS, Judgement, Reason
from index.privacy.score import GIVEN, privacy_score

MAX_CHARACTERS = 600
"""Longer texts are no names, and a leak hides well in them."""

_PUBLIC, _PLACE = "public", "someplace"
"""What known public names and large places are replaced with before anything else is looked for."""

_SPECIAL = ("health", "sexuality", "religion", "union_and_politics", "crime", "ethnicity")
_TRAITS = ("trades", "family_traits", "body_traits", "peoples", "former", "uniqueness")

_GERMAN = regex.compile(
    r"(?<!\p{L})(?:für|und|der|dem|ein|eine|einer|eines|mit|von|vom|zum|zur|im|bei|über|ohne|nach|aus|zu|auf|ist|schreiben|fragen|umgang|rund|eines|beim|"
    r"zwei|drei|wer|wie|tipps)(?!\p{L})|(?<=\p{Lu}\p{Ll}{6,}\s)an(?=\s\p{Lu})|[äöüß]\p{L}*\p{Lu}?",
    regex.IGNORECASE,
)
_CASED = regex.compile(r"\p{Lu}[\p{L}\p{M}'’.-]*")
_WORD = regex.compile(r"[\p{L}\p{M}][\p{L}\p{M}\p{N}'’-]*")
_SENTENCE_START = regex.compile(r"(?:^|[.!?:;…·•|\n(\[\"«“]\s*)$")
_SMALL_WORDS = 3
"""Words of so few letters are in lower case in a heading too."""
_NO_HEADING = regex.compile(
    r"\p{Cyrillic}|(?<!\p{L})(?:per|para|pour|de|du|des|del|della|dello|di|da|do|dos|por|une?|le|la|les|el|los|las|en|au|aux|à|con|com|avec|e|y|et|için)(?!\p{L})"
)
"""Languages that write no headings in capitals."""
_GERMAN_PAIR = regex.compile(r"(?<=\p{Ll}[,]?\s)\p{Lu}\p{Ll}[\p{L}-]+\s\p{Lu}\p{Ll}[\p{L}-]+(?!\p{L})")
_GERMAN_TITLE = regex.compile(r"(?:(?<!\p{L})(?:Dr|Prof|Hr|Fr|St|Frau|Herrn?|Familie)(?:\.|\b)[\s-]*)+\p{Lu}\p{Ll}+")
_GERMAN_PLACE = regex.compile(
    r"(?<!\p{L})(?:(?:Bad|Klein|Groß|Ober|Unter|Hinter|Vorder|Nieder)[\s-]\p{Lu}\p{Ll}+|\p{Lu}\p{Ll}{2,}(?:dorf|heim|hausen|bach|ingen|hofen|kirchen|weiler|felden|moos|stetten|brunn|walde|see|ried)"
    r"|(?:Ober|Unter|Hinter|Vorder|Nieder)\p{Ll}{4,})(?!\p{L})"
)
_GERMAN_COMPOUND = regex.compile(
    r"(?<!\p{L})(?:St\.-\p{Lu}\p{L}+|\p{Lu}\p{Ll}+-\p{Lu}\p{Ll}+)-(?:Krankenhaus|Klinik|Gymnasium|Schule|Grundschule|Realschule|Stift)\p{Ll}*"
)

_HANDLE = regex.compile(
    r"(?<![\p{L}\d])@[\w.-]{2,}|(?<!\p{L})(?:https?://|www\.|t\.me/|github\.com/|r/)\S+|(?<![\p{L}\d.])[\p{L}\d-]{2,}(?:\.[\p{L}\d-]{2,})*\.(?:com|net|org|io|co|app|dev|example|test|de|fr|es|jp|ru|me|tv)(?![\p{L}\d])"
    r"|(?<![\p{L}\d])\p{L}+\d*_\w*|\w+_(?!\w)|(?<![\p{L}\d])(?=[\p{L}-]*\d)\p{L}{2,}[\p{L}-]*\d{2,}[\p{L}\d]*|(?<![\p{L}\d])\p{L}+\d+\p{L}+\w*"
    r"|(?<![\p{L}\d])\p{L}{3,}\.\p{L}{3,}(?:\d+|(?=\s|$))|(?<!\p{L})(?i:project|operation|projekt|projet|proyecto|code\s?name|codename|deckname|nom de code|nombre en clave)\s\p{Lu}\p{L}+"
    r"|(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)|(?<!\p{L})(?:\p{L}+-)+\d{2,}(?!\d)|(?i:(?<!\p{L})(?:account|user|login|handle|streamer|server|bot|compte|konto|cuenta|conta)s?\s)(?:named\s|called\s)?(?=\p{Ll}*[\p{Lu}\d_.])[\p{L}\d_.]*\p{Lu}[\p{L}\d_.]*"
)
_KNOWN_TOKENS = regex.compile(
    r"(?i)(?<![\p{L}\d])(?:html5?|css3?|python\d?|mp[34]|h2o|co2|covid-19|gpt-?\d\w*|b2[bc]|k8s|i18n|a11y|3d|2d|es6|utf-?8|sha-?256|md5|ipv[46]|web3|n8n|s3|ec2|h1b|401k|f1|4k|node\.js|next\.js|vue\.js|vs\.|e\.g\.|i\.e\.|\d{1,2}(?:st|nd|rd|th))(?![\p{L}\d])"
)
_MONTH = (
    r"jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?|janvier|février|mars|avril|juin|"
    r"juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_NUMBER = regex.compile(
    rf"(?<!\d)\d{{1,2}}\.?(?:st|nd|rd|th)?\s(?:de\s|of\s)?(?:{_MONTH})(?!\p{{L}})|(?<!\p{{L}})(?:{_MONTH})\s\d{{1,2}}(?!\d)|\d{{1,2}}[月月]\d{{1,2}}[日日]|\d{{1,2}}\s(?:مايو|يناير|فبراير|مارس|أبريل|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر)"
    r"|(?<!\d)\d{1,2}:\d{2}(?!\d)|(?<![\d.])\d{1,3}(?:[.,\s]\d{3})+(?![\d])|(?<!\d)\d{5,}(?!\d)|(?<!\p{L})[a-z]{1,3}[-/]?\d[\d/-]{3,}|\d{4}-[a-z]{2}-\d+|\d{3,}-\d{5,}"
    r"|(?<!\p{L})(?:room|zimmer|booth|seats?|table|carriage|flat|apartment|piso|case|chambre|habitación|platz|wagen|unit|locker)\s(?:no\.?\s)?(?:\p{L}?\d+\p{L}?|one|two|three|four|five|six|seven|eight|nine)(?![\p{L}\d])"
    r"|(?<!\p{L})(?:last|on|each|every)\s(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:lunes|martes|miércoles|jueves|viernes|lundi|mardi|mercredi|jeudi|vendredi)(?!\p{L})|先週|الثلاثاء|الاثنين|الأربعاء|الخميس"
    r"|(?<!\p{L})(?:a single|one|one single|the same (?:two|three|few)|two of \p{L}+|exactly \p{L}+) (?:user|person|people|man|woman|passenger|student|pupil|account|employee)s?(?!\p{L})"
    r"|(?<!\p{L})(?:una? sol[ao]|un seul|une seule|ein einziger|eine einzige)\s\p{L}+"
)
_COUNTED = compiled(
    rf"(?<!\p{{L}})(?:the|les|los|las|die|den|i)\s(?:{source('small_counts')})\s\p{{L}}+|(?<!\p{{L}})(?:two|three|four|five|six|pair|deux|trois|dos|tres|zwei|drei)\s(?:[\p{{L}}-]+\s){{0,1}}"
    r"(?:pupil|student|user|people|men|women|clerk|employee|worker|diner|nurse|élève|alumno|kollege|mitarbeiter)\p{L}*(?=\s(?:in|at|on|of|who|expelled|suspended|fired|hired|from|\p{L}+(?:ed|és|ados|idos)))",
    "small_counts",
)
_YEARS = regex.compile(
    r"(?<!\p{L})aged?\s\d{1,3}|\d{1,3}[-\s]year[-\s]old|\p{L}+-year-old|(?:de|mit)\s\d{1,3}\s(?:ans|años|jahren|anos|anni)|\d{1,3}\s(?:años|ans)|\d{1,3}-jährig\p{L}*|\d{1,3}[歳岁]|عمرها?\s\d+"
)
_RESTRICTED = regex.compile(
    r"(?<!\p{L})(?:in|at|from|near|near|on|en|à|aus|auf|bei|de|of)\s(?:the\s)?(?:\p{Lu}[\p{L}-]+)"
)
_TIE = regex.compile(
    r"(?<!\p{L})(?:the|a|an|our|my|his|her|one)\s(?:[\p{L}-]+\s){0,3}[\p{L}-]+['’]s?\s(?!guide|introduction|overview)|(?<!\p{L})\p{L}+['’]s\s(?:son|daughter|wife|husband|boyfriend|girlfriend|child|sister|brother|mother|father|granddaughter|grandson)(?!\p{L})"
)
_GENERIC_OWNER = regex.compile(
    r"(?:user|person|child|patient|reader|writer|beginner|player|one|worker|woman|man|student|teacher|parent|women|men|children|people|someone)['’]s?$"
)
_ARTICLE = r"(?:the|an?|one|our|my|his|her|their|this|that|der|die|das|den|dem|des|einer?|eines|einem|einen|le|la|les|une?|du|au|el|los|las|una|del|al|o|os|as|il|lo|i)"
_PERSON = compiled(
    rf"(?<!\p{{L}}){_ARTICLE}\s(?:[\p{{L}}-]+\s){{0,3}}?{source('roles')}|(?<!\p{{L}})(?:l|d|dell|un)['’]{source('roles')}|{source('roles')}['’]s(?!\p{{L}})",
    "roles",
)
_BARE_PERSON = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Arabic}\p{Devanagari}\p{Cyrillic}]")
_HONORIFIC = regex.compile(
    r"(?<!\p{L})(?:mr|mrs|ms|miss|dr|prof|professor|sir|lady|uncle|aunt|granny|grandpa|little|baby|judge|father|sister|brother|monsieur|madame|señora?|frau|herrn?|familie|famille|familia|family)\.?\s(?!of\b|and\b|for\b)(?:\p{Lu}|\p{Ll}+\s(?:on|in|at)\b)"
)
_CJK_NAME = regex.compile(
    r"\p{Han}{2,4}[\p{Hiragana}]{0,3}(?:さん|様|氏|くん|君|ちゃん)|(?:\p{Han}{3,4})(?:女士|先生|小姐|同学|老师)|[\p{Hiragana}\p{Katakana}\p{Han}]{2,8}(?:食堂|医院|クリニック|歯科医院?|小学校|中学校|高校|高等学校|大学|製作所|株式会社|有限会社)|(?:株式会社|有限会社)\S+|(?!全国|都道府)\p{Han}{1,4}[町村](?!長|内|民|おこし|づくり)"
)
_ARABIC_GROUP = regex.compile(
    r"(?:مستشفى|شركة|مدرسة|جامعة|ثانوية|كلية|عيادة|قرية|بلدة|حي|مسجد)\s(?!(?:في|من|عن|على|إلى|أو|و)\s)\p{Arabic}{3,}"
)
_ARABIC_PERSON = regex.compile(r"(?:للطالبة?|باسم|السيدة?|الدكتورة?|الأستاذة?|عائلة|آل)\s\p{Arabic}{3,}")
_CYRILLIC_GROUP = regex.compile(r"(?:больниц|школ|гимнази|поликлиник|лице)\p{L}*\s№?\s?\d+")


def judge(text: str) -> Judgement:
    """The built-in verdict on one text. It looks at nothing but the text."""
    return _judge(text)


@lru_cache(maxsize=4_096)
def _judge(text: str) -> Judgement:
    if len(text) > MAX_CHARACTERS or is_disguised(text):
        return Judgement(INDIVIDUAL, frozenset({Reason.DISGUISE}))
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    known = _with_public_names(plain)
    score = privacy_score(known)
    reasons = set(_reasons(plain, known))
    if score <= THOUSANDS:
        reasons.add({INDIVIDUAL: Reason.PERSON, GROUP: Reason.ORGANISATION}.get(score, Reason.COMBINATION))
    return Judgement(min([score, *(_SCORES[reason] for reason in reasons)]), frozenset(reasons))


_SCORES = {
    Reason.IDENTIFIER: INDIVIDUAL, Reason.PERSON: INDIVIDUAL, Reason.HANDLE: INDIVIDUAL, Reason.DISGUISE: INDIVIDUAL,
    Reason.ORGANISATION: GROUP, Reason.PLACE: GROUP, Reason.COMBINATION: GROUP, Reason.SPECIAL: GROUP,
    Reason.EVENT: GROUP, Reason.NUMBER: GROUP,
}  # fmt: skip


def _with_public_names(text: str) -> str:
    """The text with what everybody knows replaced: `public` for a name, `someplace` for a large place."""
    for name, token in (("public_places", _PLACE), ("cities", _PLACE), ("public_names", _PUBLIC)):
        parts, end = [], 0
        for match in pattern(name).finditer(text):
            parts += [text[end : match.start()], token]
            end = match.end()
        text = "".join(parts) + text[end:]
    return text


def _reasons(text: str, known: str) -> Iterator[Reason]:
    """The classes found. `known` is the text without what is public: names are looked for there, the rest in the text."""
    lowered = text.lower()
    checks = (
        (Reason.HANDLE, _HANDLE.search(_KNOWN_TOKENS.sub(_PUBLIC, known)) is not None),
        (Reason.NUMBER, _NUMBER.search(lowered) is not None or _COUNTED.search(lowered) is not None),
        (Reason.PERSON, _names_a_person(known)),
        (Reason.ORGANISATION, _names_an_organisation(known)),
        (Reason.PLACE, _GERMAN_PLACE.search(known) is not None and _is_german(text)),
        (Reason.EVENT, _tells_an_event(lowered)),
        (Reason.SPECIAL, _tells_special(lowered)),
        (Reason.COMBINATION, _traits(known, lowered) >= 3),
    )
    yield from (reason for reason, found in checks if found)


def _is_german(text: str) -> bool:
    return _GERMAN.search(text) is not None


def _names_a_person(text: str) -> bool:
    """A given name in any case, a title before a name, or a proper noun that is nothing public."""
    words = {word.removesuffix("'s") for word in _WORD.findall(text.lower())}
    if (
        not GIVEN.isdisjoint(words)
        or pattern("given_names").search(text)
        or _HONORIFIC.search(text)
        or _CJK_NAME.search(text)
    ):
        return True
    if _ARABIC_PERSON.search(text):
        return True
    if _is_german(text):
        return bool(_GERMAN_PAIR.search(text) or _GERMAN_TITLE.search(text))
    return any(_unknown_proper_nouns(text))


def _unknown_proper_nouns(text: str) -> Iterator[str]:
    """Capitalised words inside a sentence that no public list holds. Where most words are capitalised, case says
    nothing and none is given."""
    content = [word for word in _WORD.findall(text) if len(word) > _SMALL_WORDS and word not in (_PUBLIC, _PLACE)]
    content = [word for word in content if not is_function_word(word.lower())]
    if len(content) > 1 and all(word[0].isupper() for word in content) and not _NO_HEADING.search(text):
        return
    for match in _CASED.finditer(text):
        before = text[: match.start()]
        if before and before[-1].isalnum():
            continue
        if not _SENTENCE_START.search(before) and not (match[0].isupper() and len(match[0].strip(".'-")) <= 5):
            yield match[0]


def _names_an_organisation(text: str) -> bool:
    """One organisation of a kind: a kind's word with a word before it that is no plain modifier."""
    if _GERMAN_COMPOUND.search(text) or _ARABIC_GROUP.search(text) or _CYRILLIC_GROUP.search(text):
        return True
    lowered, plain = text.lower(), entries("plain_modifiers")
    for match in pattern("organisation_kinds").finditer(lowered):
        before = _WORD.findall(lowered[: match.start()].rpartition("·")[2])
        directly = lowered[: match.start()].endswith((" ", "-"))
        if directly and before and before[-1] not in plain and not _is_german(text) and _is_small_kind(match[0]):
            return True
    return False


def _is_small_kind(kind: str) -> bool:
    """Kinds whose word alone hardly follows another noun in a topic."""
    return kind in {
        "hospital", "clinic", "bakery", "pharmacy", "academy", "college", "university", "church", "mosque", "synagogue",
        "parish", "elementary", "gmbh", "inc", "ltd", "llc", "llp", "plc", "hospice", "grammar",
    }  # fmt: skip


def _tells_an_event(lowered: str) -> bool:
    """A single event: one of its words behind an article, not as a kind of story."""
    if not pattern("events").search(lowered) or pattern("harmless_events").search(lowered):
        return False
    return _EVENT.search(lowered) is not None or _in_east(lowered)


_EVENT = compiled(
    rf"(?<!\p{{L}}){_ARTICLE}\s(?:[\p{{L}}-]+\s){{0,5}}?{source('events')}|(?<!\p{{L}})l['’]{source('events')}",
    "events",
)
_EASTERN_LETTERS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Arabic}\p{Cyrillic}]")


def _in_east(lowered: str) -> bool:
    return any(_EASTERN_LETTERS.search(match[0]) for match in pattern("events").finditer(lowered))


def has_special_category(text: str) -> bool:
    """Whether a text names a special category (health, religion and so on), whoever it is about, in any case or script
    that the lists know."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    return any(pattern(name).search(lowered) for name in _SPECIAL)


def _tells_special(lowered: str) -> bool:
    """A special category of somebody in particular: a person's office, few people, or a secret."""
    if not has_special_category(lowered):
        return False
    if (
        (pattern("roles").search(lowered) and _PERSON.search(lowered))
        or pattern("small_counts").search(lowered)
        or pattern("secrets").search(lowered)
    ):
        return True
    if _BARE_PERSON.search(lowered) and pattern("roles").search(lowered):
        return True
    return any(not _GENERIC_OWNER.search(match[0].rstrip()) for match in _TIE.finditer(lowered))


def _traits(known: str, lowered: str) -> int:
    """How many kinds of trait stand together: trade, family, body, people, age, place. To be the only one of a kind
    counts twice."""
    found = sum(pattern(name).search(lowered) is not None for name in _TRAITS)
    if not found:
        return 0
    found += pattern("uniqueness").search(lowered) is not None
    placed = _PLACE in known or _RESTRICTED.search(known) is not None
    return found + placed + (_YEARS.search(lowered) is not None)
