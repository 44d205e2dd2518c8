"""Which conversations a question is about: languages, surfaces, flags, grades, clusters, and the words left for a topic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from index.core.facets import HARMS, NO_HARM
from index.core.language import LANGUAGES
from index.core.words import is_function_word, words
from tools.core.scope import Scope

_ALSO = {"mandarin": "Chinese", "cantonese": "Chinese", "farsi": "Persian", "brazilian": "Portuguese", "castilian": "Spanish",
         "germans": "German", "americans": "English", "spaniards": "Spanish", "russians": "Russian", "italians": "Italian",
         "koreans": "Korean"}  # fmt: skip
_SURFACES = ("web", "mobile", "api", "app", "desktop", "cli", "ide", "extension")
_HARM_WORDS = {
    "self-harm": "suicide and self-harm", "suicide": "suicide and self-harm", "suicidal": "suicide and self-harm",
    "weapons of mass": "indiscriminate weapons", "defamation": "defamation", "hate speech": "hate",
    "intellectual property": "intellectual property", "copyright": "intellectual property",
    "child sexual": "child sexual exploitation", "violent crime": "violent crimes", "sexual content": "sexual content",
}  # fmt: skip
_FACETS = (
    ("language", r"languages?"), ("surface", r"surfaces?|devices?|where do people (?:ask|use)|platforms?"),
    ("turns", r"turns?|how long|length"), ("month", r"months?"), ("concern", r"(?:by|of|per|each|the) concern\b|concern (?:grades?|levels?|scores?|scale|distribution)|grades?"), ("harm", r"harms?|hazards?|categor"),
    ("outcome", r"outcomes?|refus|answered"), ("flagged", r"flag"),
)  # fmt: skip
_FAILS = regex.compile(
    r"\b(?:which|what|where|when|how often)\b.{0,40}\b(?:fail(?:s|ed|ing)?|(?:answered|served|handled) (?:worst|badly|poorly)|go(?:es)? (?:unanswered|wrong))\b"
)
_SLIPS = (
    "language languages coordinated coordination conversations assistant classifier flagged surface compare compared between overview "
    "trending concerning harmful emerging coverage precedent quarter yesterday changed difference biggest largest popular suspicious "
    "january february august september october november december"
).split()
NOISE = frozenset(
    "assistant ai model people person users user anyone someone somebody anybody everyone running doing run conversation conversations ask "
    "asks asked asking question questions what which who how why when where is are was were do does did has have had been being there here "
    "since before after launch new newly show tell me find look much many most top common about their they them it its this that these those "
    "others other not last past previous week weeks month months day days year years quarter recently lately today yesterday trend trends "
    "trending over time changed change changes compare compared comparing comparison comparisons difference different differ differs "
    "differently share number numbers language languages speakers speaker use uses usage used using coordinated coordination coordinating abuse "
    "abused abusing misuse evidence signs sign any anything something nothing going happening happen happened versus against between vs and or "
    "often big large size volume count counts grown grew grow growing risen rise rising rose up down increase increased increasing decrease "
    "decreasing decreased dropped declining declined fell falling developed develop development evolved evolve evolving history course please can "
    "could would should you your we our us let give want need like see seen know say said cannot blind coverage covered precedent earlier snapshot snapshots "
    "first second third fourth fifth one ones two three open drill zoom expand more deeper into inside same again else also too just only "
    "flagged flag flags unflagged classifier filter false positive negative positives negatives missed misses miss concerning concern harmful harm "
    "topic topics theme themes kind kinds type types sort thing things stuff main biggest largest popular leading overview summary summarise "
    "summarize picture request requests requested popularity percentage proportion fraction frequent frequently widespread prevalent hold holds "
    "talk talking discuss discussing involve involving related mention mentioning regarding around during looks looking picture emerging emerge "
    "emerged appear appeared appears appearing surge surged spike spiked spiking vanished disappeared unique typical distinct sets set apart stand "
    "stands out special wrong whether really actually sure uncertain explain reason cause caused behind working together actor actors single "
    "help break breaking monthly weekly daily case cases folks folk everybody mostly commonly long gets get gotten taken taking picked picking sixth seventh eighth "
    "ninth tenth grade grades data parts frequently usually normally mass-produce produce summarise summarising analyst analysts customers customer refuse refuses refused over-represented under-represented overrepresented underrepresented represented disproportionate "
    "differences fastest quickest strongest highest lowest worst best slowest weakest rapidly quickly fast still start starts started begin began "
    "rate rates ratio total overall gone faster slower comes coming longer surface surfaces device devices platform platforms chats convos "
    "messages ppl dont smallest fewest least half mid early late worth knowing possible confident certain noticeable attempt attempts seasonal "
    "season seasons peak busiest average length four five six seven eight nine ten went came concerns unusual notable noteworthy odd strange "
    "weird interesting cluster clusters group groups problem problems issue issues refusal refusals caught turned fail fails failed failing "
    "answered category categories hazard hazards example examples sample samples "
    "disproportionately although though despite even harmless escalated escalate rest remaining remainder".split()
)

_VERBS = frozenset("write writes wrote make makes create creates generate generates".split())
"""What people do with a topic; alone they may be one."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a question names, in order of naming."""

    languages: tuple[str, ...]
    surfaces: tuple[str, ...]
    clusters: tuple[str, ...]
    quoted: tuple[str, ...]
    rest: Scope
    """Flags, grades, hazards and outcomes."""
    excluded: str = ""
    """The facet of which a value is named to be left out ("not in English"): a scope cannot leave out."""


def expanded(question: str) -> str:
    """Lower case with straight apostrophes and contractions written out."""
    text = question.casefold().replace("’", "'").replace("‘", "'")
    text = regex.sub(r"\b(can)'t\b|\bcannot\b", "can not", text)
    text = regex.sub(r"\bwon't\b", "will not", text)
    text = regex.sub(r"n't\b", " not", text)
    text = regex.sub(r"\b(what|who|where|how|that|there|it|here|when)'s\b", r"\1 is", text)
    text = regex.sub(r"\b(they|we|you|what)'re\b", r"\1 are", text)
    text = regex.sub(r"\b(they|we|you|i)'ve\b", r"\1 have", text)
    text = regex.sub(r"\b(?:whats|wats)\b", "what is", text)
    return regex.sub(r"\s+", " ", text).strip()


def corrected(question: str, languages: Sequence[str]) -> tuple[str, list[str]]:
    """The question with slips of one letter mended in the words that rules read, and what was read as what. Only words
    of six letters and more are mended, and none that a longer or shorter form of the word would be ("Germany")."""
    wanted = [*_SLIPS, *(name.casefold() for name in (*languages, *LANGUAGES) if len(name) >= 6)]
    known = {*wanted, *NOISE}
    found = []
    for word in dict.fromkeys(regex.findall(r"\p{L}{6,}", question)):
        if word in known:
            continue
        meant = next((name for name in wanted if _is_slip(word, name)), None)
        if meant is not None:
            question = regex.sub(rf"\b{word}\b", meant, question)
            found.append(f"“{word}” is read as “{meant}”")
    return question, found


def _is_slip(word: str, name: str) -> bool:
    """Whether one letter is missing, added, changed, or swapped with its neighbour (Damerau 1964)."""
    if word[0] != name[0] or word.startswith(name) or name.startswith(word) or abs(len(word) - len(name)) > 1:
        return False
    at = next((place for place, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), len(name))
    rest, other = word[at:], name[at:]
    return (
        rest[1:] == other
        or rest == other[1:]
        or rest[1:] == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )


def named_in(question: str, original: str, languages: Sequence[str], surfaces: Sequence[str]) -> Named:
    """What a question (in lower case, beside the text as it was written) names."""
    spoken, present = tuple(_languages(question, original, languages)), tuple(_surfaces(question, surfaces))
    excluded = "language" if _is_excluded(question, spoken) else "surface" if _is_excluded(question, present) else ""
    if not excluded and regex.search(r"\bnot (?:been )?refused\b", question):
        excluded = "outcome"
    return Named(
        () if excluded == "language" else spoken,
        () if excluded == "surface" else present,
        tuple(dict.fromkeys(found.upper() for found in regex.findall(r"\b[ct]\d+\b", question))),
        tuple(part for match in regex.findall(r"“([^”]+)”|\"([^\"]+)\"", original) for part in match if part),
        Scope(**dict(_closed(question))),
        excluded,
    )


def _is_excluded(question: str, names: Sequence[str]) -> bool:
    """Whether one of these is named to be left out."""
    before = r"\b(?:not(?: in| on| via| from)?|non-?|other than|except(?: for| in)?|without|excluding|apart from|outside)\s*(?:the )?"
    return any(regex.search(rf"{before}{regex.escape(name.casefold())}\b", question) for name in names)


_LEARNT = r"\b(?:learn|teach|study|speak|practi[cs])\w* {name}\b|\b{name} (?:grammar|lessons?|vocabulary|class(?:es)?|homework|exams?)\b"
"""A language that is learnt is a topic, and not what is written in."""


def _languages(question: str, original: str, known: Sequence[str]) -> Iterator[str]:
    names = dict.fromkeys((*known, *LANGUAGES))
    places: dict[str, int] = {}
    for name in names:
        folded = regex.escape(name.casefold())
        match = regex.search(rf"\b{folded}\b", question)
        if (
            match
            and not regex.search(_LEARNT.format(name=folded), question)
            and (name != "Polish" or regex.search(r"\bPolish\b|\b[Ii]n polish\b", original))
        ):
            places[name] = match.start()
    for word, name in _ALSO.items():
        if (match := regex.search(rf"\b{word}\b", question)) and name not in places:
            places[name] = match.start()
    yield from sorted(places, key=lambda name: places[name])


def _surfaces(question: str, known: Sequence[str]) -> Iterator[str]:
    names = [name for name in known if name.casefold() in _SURFACES] or [] if known else list(_SURFACES[:3])
    places = {}
    for name in dict.fromkeys((*names, *(item for item in known if len(item) > 4))):
        folded = regex.escape(name.casefold())
        beside = rf"\b(?:on|from|via|through|over|in)\s+(?:the\s+)?{folded}\b|\b{folded}\s+(?:users?|conversations?|traffic|versus|vs|against|and|compared|clients?|surface)\b"
        beside += rf"|\b{folded}\s+(?:usage|use|customers?|requests?|side|volume|chats?|share|apps?)\b|\bfor\s+(?:the\s+)?{folded}\W*$|^\W*(?:the\s+)?{folded}\W*$"
        beside += rf"|\bus(?:e|es|ed|ing)\s+(?:the\s+|our\s+)?{folded}\b"
        beside += rf"|\b(?:versus|vs\.?|against|to|and|or|than|with)\s+(?:the\s+)?{folded}\b"
        if match := regex.search(beside, question):
            places[name] = question.find(name.casefold(), match.start())
    yield from sorted(places, key=lambda name: places[name])


def _closed(question: str) -> Iterator[tuple[str, str | int]]:
    if match := regex.search(r"\b(?:concern )?grades? (?:of )?([2-5])\b|\bconcern (?:of )?([2-5])\b", question):
        yield "concern_at_least", int(match.group(1) or match.group(2))
    if match := regex.search(
        r"\b(un|not )?flagged(?: (?:conversations?|requests?|messages?|chats?|content|ones|stuff|material|traffic)\b| (?:by (?!the)|in |on )|\W*$)",
        question,
    ):
        yield "flagged", "no" if match.group(1) else "yes"
    if regex.search(r"\brefus(?:ed|es|ing|als?)\b|\bdoes .{0,20} refuse\b", question) or fails(question):
        yield "outcome", "refused"
    for word, harm in _HARM_WORDS.items():
        if word in question and harm in HARMS and harm != NO_HARM:
            yield "harm", harm
            break


def fails(question: str) -> bool:
    """Whether a question asks where the assistant fails; of that, only what it refused is known."""
    return _FAILS.search(question) is not None


_NUMBERS = {word: value for value, word in enumerate(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(), 1
)}  # fmt: skip
_NUMBER = rf"(?P<many>\d{{1,2}}|{'|'.join(_NUMBERS)})"
_MANY = regex.compile(
    rf"\b(?:top|main) {_NUMBER}\b(?! (?:days?|weeks?|months?|years?))|\b{_NUMBER} (?:top|main|largest|biggest|most|commonest|fastest)\b"
)
_MOST_NAMED = 20


def many_in(question: str) -> int | None:
    """How many groups a question asks for ("the top ten"), at most twenty; None where it does not say."""
    if (match := _MANY.search(question)) is None:
        return None
    word = match.group("many")
    return min(_MOST_NAMED, int(word) if word.isdigit() else _NUMBERS[word]) or None


def facet_in(question: str) -> str:
    """The closed facet that a question counts by, or "" when it names none."""
    return next((facet for facet, cue in _FACETS if regex.search(rf"\b(?:{cue})", question)), "")


def topic_in(question: str, named: Named, landmarks: Sequence[str]) -> str:
    """The content words of a question that are about neither time, place nor the asking itself."""
    if named.quoted:
        return named.quoted[0]
    left_out = {name.casefold() for name in (*LANGUAGES, *named.languages, *named.surfaces, *landmarks)} | set(_ALSO)
    question = regex.sub(r"'s\b", "", question)
    question = regex.sub(r"\b(?:writing|speaking|written|asked|asking) in\b", " ", question)
    kept = [
        word
        for word in words(question)
        if word not in NOISE
        and word not in left_out
        and not is_function_word(word)
        and len(word) > 2
        and not word[0].isdigit()
        and not regex.fullmatch(r"[ct]\d+|non-\p{L}+", word)
    ]
    return " ".join([word for word in kept if word not in _VERBS] or kept)
