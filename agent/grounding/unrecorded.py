"""What a question asks for that no index holds: times of day, places, who people are.

An answer must not read as if it had taken these in, so they are said in it, whoever wrote it, and the built-in lead does
not take their words for a topic. Rules for English; what they miss is answered as before, so a rule may be narrow but must
not speak up where the words are what conversations are about ("sleep at night").
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import regex

from index.core.language import LANGUAGES

_ASKERS = r"(?:users?|people|accounts?|customers?|visitors?|everyone|everybody|folks)"
_ASK = r"(?:use[sd]?|ask(?:s|ed|ing)?|do|does|doing|want|talk|need|write|request|come|prefer|behave|differ|like)"
_GROUPS = (
    r"(?:women|men|girls|boys|females?|males?|teen(?:ager)?s?|adolescents|adults|children|kids|minors|seniors|pensioners|"
    r"the elderly|older people|young(?:er)? people|students|teachers|doctors|nurses|lawyers|developers|programmers|engineers|"
    r"freelancers|employees|parents|immigrants|millennials|gen ?z)"
)


@dataclass(frozen=True, slots=True)
class _Unstored:
    """A kind of thing that is not stored. `facets`: names of an index's own facets under which it would be. `unless`: words
    that make it a topic."""

    pattern: regex.Pattern[str]
    sentence: str
    facets: frozenset[str]
    unless: regex.Pattern[str]

    def is_asked(self, question: str) -> bool:
        return self.pattern.search(question) is not None and not self.unless.search(question)


def _kind(pattern: str, sentence: str, *facets: str, unless: str = r"(?!)") -> _Unstored:
    wanted, topic = (regex.compile(cue, regex.IGNORECASE) for cue in (pattern, unless))
    return _Unstored(wanted, sentence, frozenset(facets), topic)


_KINDS = (
    _kind(
        r"\b(?:(?:late )?(?:at|by|during the) (?:night|nighttime|noon|midnight|lunchtime)(?=$| (?:than|versus|vs|or|and|compared))"
        r"|(?:in the|every) (?:mornings?|evenings?|afternoons?)\b|after (?:midnight|dark)\b|(?:outside|during|within|after) (?:office |working |business )?hours\b"
        r"|(?:by|per|each|(?:at )?(?:which|what)) (?:the )?hours?\b|(?:by |what |which )?times? of (?:the )?day\b|hour of (?:the )?day\b|peak hours\b|what time (?:do|does|are|is)\b)",
        "The time of day is not stored: a day is the finest step.",
        "hour", "daytime",
        unless=r"\b(?:sleep|insomnia|awake|wake|waking|dream|routine|shifts?)\b",
    ),
    _kind(
        r"\b(?:on|at|during) (?:the )?weekends?\b|\bon (?:weekdays|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b"
        r"|\b(?:by |which |what )?(?:day of the week|days of the week|weekday)\b|\b(?:am|an) wochenenden?\b|\b(?:an )?werktagen?\b|\ble week-?end\b|\bfines? de semana\b|\bfim de semana\b|週末|平日|周末|工作日|\bweekends? .{0,30}\bweekdays?\b|\bweekdays? .{0,12}\bweekends?\b",
        "Days of the week are not separated; a trend by day is possible.",
        "weekday",
    ),
    _kind(
        r"\b(?:which|wich|what) countr(?:y|ies|ys)\b|\b(?:by|per|in each|for each) (?:country|region|city|continent|time ?zone)\b"
        rf"|\b(?:from |in )?(?:which|what) (?:countr(?:y|ies)|regions?|cit(?:y|ies)|continents?|time ?zones?) (?:use|ask|are|is|has|have|(?:do|does|are) (?:\w+ )?{_ASKERS} (?:come|live|from|in|use|ask))\b"
        rf"|\bwhere (?:in the world )?(?:do|are|is) (?:our |the |these |most |your )?{_ASKERS}(?: (?:live|come from|based|located|from))*\b"
        rf"|\b{_ASKERS} (?:(?:who )?(?:live|are|based|located) )?(?:in|from) (?-i:(?!(?:{'|'.join(LANGUAGES)})\b)(?:the )?\p{{Lu}}[\p{{L}}]+)",
        "Where people are is not stored, and a language is not a place.",
        "country", "region", "city",
    ),
    _kind(
        r"\b(?:by|per|which|what) (?:age(?: groups?)?|genders?|sex|ethnicity|income|occupations?|professions?)\b|\bhow old are\b|\bdemographics?\b"
        rf"|\b(?:what|how|why|when|which|do|does|did|are)\b(?: \w+)? {_GROUPS} (?:{_ASK}|\p{{L}}+ing)\b|\b{_GROUPS} and {_GROUPS} {_ASK}\b"
        rf"|\b(?:things?|topics?|questions?|subjects?|uses?|use cases?|what|much|often)\b[^.?!]{{0,24}}\b{_GROUPS} {_ASK}\b"
        rf"|\b(?:used|asked|driven|made|done|written)(?: \w+)? by {_GROUPS}\b"
        r"|\b(?:users?|people|accounts?) (?:under|over|younger than|older than|aged) \d+\b",
        "Who people are (age, gender, profession) is not stored.",
        "age", "gender", "profession", "occupation",
    ),
    _kind(
        r"^(?:so |and )?who(?= (?:is|are|was|were|asks?|asked|uses?|used|does|did|do|has|have|wrote|sent|keeps?|else)\b)"
        r"|\b(?:which|what|whose|name the|list the|most active|top|identify the|show (?:me )?the) (?:users?|accounts?|individuals?|person|customers?)\b(?! (?:service|support|care|complaint|review|name|stor|interface|manual|experience|setting))"
        r"|\b(?:which|what|whose) (?:\p{L}+ )?(?:compan(?:y|ies)|organi[sz]ations?|firms?|employers?|brands?) (?:is|are|use|uses|using|do|does|have|has)\b(?! (?:people|users|they|asked|mentioned|named))"
        r"|\bwho exactly\b|\bthe (?:users?|accounts?|people) behind\b",
        "Individuals are never reported, only groups.",
        unless=r"^(?:so |and )?who\b.{0,40}\b(?:more|less|fewer|longer|oftener)\b.{0,80}\bor\b",
    ),
    _kind(
        r"\b(?:show|give|see|read|list|display|quote|print)(?: me| us)?(?= (?:(?:some|a few|an?|the|all|any|actual|real|raw|individual|single|more|typical|concrete|few) )*(?:\w+ )?(?:examples?|conversations|chats|messages|transcripts|logs)\b)",
        "Single conversations are never shown, only groups and their names.",
    ),
    _kind(
        r"\b(?:response|reply|waiting) times?\b|\blatenc(?:y|ies)\b|\bthumbs[- ](?:up|down)\b|\b(?:user )?(?:satisfaction|ratings?|feedback scores?)\b"
        r"|\bhow (?:happy|satisfied|pleased) (?:are|were)\b|\b(?:users?|people|they|customers?|folks) (?:\w+ )?(?:happy|satisfied|pleased|content|unhappy|dissatisfied) with\b|\b(?:try|tries|tried|trying) (?:it )?again\b|\bretention\b|\bchurn\b|\b(?:users?|people|they|customers?) trust\b|\bmakes? (?:people|users|them) (?:more )?(?:happ|satisf|content)\w*"
        r"|\b(?:users?|people|accounts?|they|refused)\b.{0,40}\b(?:com(?:e|es|ing)|came|return(?:s|ed|ing)?) (?:back|later|again)\b|\b(?:returning|repeat) (?:users?|visitors?|customers?)\b",
        "Ratings, trust, response times and whether people come back are not stored.",
        "rating", "satisfaction",
    ),
    _kind(
        r"\b(?:revenues?|profits?|turnover|sales figures|earnings|subscriptions?|paying (?:users|customers)|(?:token|api) (?:costs?|spend)|how much (?:money|do \w+ pay|does it cost))\b",
        "Money and payments are not stored.",
        "revenue", "plan",
        unless=r"\b(?:about|ask|asking|questions?|help|advice|topics?)\b",
    ),
    _kind(
        r"\b(?:how many|number of|average|count of|many) (?:\w+ )?(?:tokens?|words|characters)\b|\b(?:tokens?|words|characters) (?:per|a|used|spent|consumed)\b",
        "Tokens and words are not counted; turns are.",
        "tokens",
        unless=r"\b(?:about|ask|asking|crypto|coin|nft)\b",
    ),
    _kind(
        r"\b(?:(?:which|what|by|per|new|newer|newest|old|older|latest|current) (?:ai |language |llm )?models?(?: versions?)?|model versions?|versions? of the model)\b",
        "Which model answered is not stored.",
        "model",
        unless=r"\b(?:about|ask|asking|topics?|cars?|phones?|train)\b",
    ),
    _kind(
        r"\b(?:which|what|by|per|top|favou?rite|(?:most )?(?:common|used|popular)) (?:programming|coding|scripting|computer) languages?\b",
        "Programming languages are not stored; a theme's name may hold one.",
        "programming_language",
        unless=r"\b(?:about|ask|asking|questions?)\b",
    ),
    _kind(
        r"\b(?:account|password|login) sharing\b|\bshar(?:e|es|ing) (?:their |an? |the )?(?:accounts?|passwords?|logins?)\b",
        "Whether accounts are shared is not stored, and counts cannot show it.",
        unless=r"\b(?:about|ask|asking|questions?)\b",
    ),
)  # fmt: skip


def unstored(question: str, own_facets: Collection[str] = ()) -> tuple[str, ...]:
    """A sentence for each kind of thing that the question asks for and no index holds. `own_facets`: names of the facets
    that this one holds beyond the common ones."""
    return tuple(kind.sentence for kind in _asked(question, own_facets))


def unstored_words(question: str, own_facets: Collection[str] = ()) -> Iterator[str]:
    """The words of the question that ask for it."""
    for kind in _asked(question, own_facets):
        yield from (match[0] for match in kind.pattern.finditer(_plain(question)))


def _asked(question: str, own_facets: Collection[str]) -> Iterator[_Unstored]:
    known = {name.casefold() for name in own_facets}
    return (kind for kind in _KINDS if kind.facets.isdisjoint(known) and kind.is_asked(_plain(question)))


def _plain(question: str) -> str:
    return question.strip().rstrip("?!. ")
