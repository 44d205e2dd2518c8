"""What a question refers to that it does not say: the last answer, the part before it, what it lists, another shape of it."""

from collections.abc import Collection
from dataclasses import replace

import regex

from agent.grounding.unrecorded import unstored_words
from agent.roles.builtin.lead.follow import is_beside, refers_back
from agent.roles.builtin.lead.material import slots
from agent.roles.builtin.lead.parts import ON_PART
from agent.roles.builtin.lead.slots import Slots
from agent.roles.builtin.lead.spelling import many_in
from agent.roles.protocols import Exchange
from tools.core.scope import Scope

COUNTING = frozenset(("size", "accounts", "trend", "by_length", "by_outcome", "volume"))
"""Intents whose answer is a number of what the question is about."""
_LOOKS = frozenset(
    ("accounts", "volume", "by_language", "by_surface", "by_length", "by_outcome", "by_grade", "by_field", "trend")
)
"""Intents that a follow-up may look at the last scope by."""

FILE = regex.compile(r"\b(?:csv|excel|spreadsheet|json file|export(?:ed|ieren|er|ar)?)\b", regex.IGNORECASE)
SHORT = 4
_OF_ALL = regex.compile(r"\b(?:all|overall|total|usage|everything|altogether|people|users|assistant)\b")
_MORE = regex.compile(r"^(?:and|now|then|show(?: me| it| that)?|by|per|break|same|only)\b")


def is_of_last(question: str, slots: Slots, intent: str, last: Exchange) -> bool:
    """Whether a question is about what the last answer was about: it says so ("is it ..."), or it only names another way to look
    ("show me month by month") and nothing of its own. Behind a search for misuse, any count that names nothing else is about
    what was found: that of all conversations would read as if it were all misuse."""
    if slots.subjects or slots.clusters:
        return False
    if _OF_THOSE.search(question):
        return True
    if _OF_ALL.search(question.casefold()):
        return False
    if last.tasks[0].focus in ("sought", "coordination") and intent in _LOOKS | COUNTING | {"overview", "spike", "new"}:
        return True
    if refers_back(question) or (slots.spoken != "English" and _GOES_ON.match(question.strip())):
        return True
    is_look = intent in _LOOKS and not (slots.languages or slots.surfaces)
    return is_look and (len(question.split()) < SHORT or _MORE.search(question.casefold()) is not None)


_OF_THOSE = regex.compile(
    r"\b(?:of|among) (?:those|these|them)\b|\bdavon\b|\bdarunter\b|\bparmi (?:eux|elles)\b|\bde (?:esas|ellas|esos)\b",
    regex.IGNORECASE,
)
"""What was counted last, as the whole of what is asked now."""
SAME = regex.compile(
    r"^(?:and |now |ok,? )*(?:the )?same\b|\bdasselbe\b|\bdas gleiche\b|\bla même chose\b|\blo mismo\b|同じ|同样",
    regex.IGNORECASE,
)
WHAT_ABOUT = regex.compile(
    r"(?:and )?(?:what|how) about\b|(?:und )?was ist mit\b|et (?:pour|les?|la)\b|¿?y (?:de|el|la|los)\b",
    regex.IGNORECASE,
)
_TABLE = regex.compile(r"\b(?:table|tabelle|tableau|tabla|tabela)\b|表に|表格", regex.IGNORECASE)


def sides(slots: Slots) -> int:
    return len((*slots.languages, *slots.surfaces))


def shape_of(question: str, slots: Slots) -> str | None:
    """What the last answer is to be made into, where a question says so of "this" or names nothing else: a file, a table, a
    summary."""
    if _MADE_INTO.search(question):
        return "as_table" if _TABLE.search(question) else "export" if FILE.search(question) else "shorter"
    is_short = len(question.split()) <= _SHAPING
    says_this = refers_back(question) or len(question.split()) < SHORT  # "table please"
    names = slots.languages or slots.surfaces or slots.marks or slots.facets or slots.period.since or slots.excluded
    if names or not is_short:
        return None
    if FILE.search(question) and says_this:
        return "export"
    if slots.subjects:
        return None
    if _TABLE.search(question) and says_this:
        return "as_table"
    return "shorter" if slots.says("summary") and not _OF_ALL.search(question.casefold()) else None


_MADE_INTO = regex.compile(
    r"\b(?:turn|make|put|rewrite|write|convert|format|reformat|boil|condense)\s+(?:that|this|it|them|these|the answer|your answer)\s+"
    r"(?:all\s+)?(?:up\s+|down\s+)?(?:(?:in)?to|as|in|for)\b|\bmach\w* (?:daraus|das) |\b(?:fais-en|haz de eso|conviértelo en|transforme-le en)\b",
    regex.IGNORECASE,
)
"""The last answer in another form, whatever that form is called."""
_CORRECTS = regex.compile(
    r"^(?:no|nope|sorry|wait|actually|oops|i meant?|nein|entschuldigung|ich meinte|non|pardon|désolé|je voulais dire|perdón|quise decir|quería decir|me refería a|não|desculpe|quis dizer|eu quis dizer|いえ|いや|違います|不|不是)\b[,.!:]*\s*"
    r"(?:(?:sorry|no|actually|i meant?|i mean|ich meinte|je voulais dire|quise decir|me refería a|eu quis dizer|quis dizer)\b[,:]*\s*)*",
    regex.IGNORECASE,
)


def corrected_question(question: str) -> str:
    """A question without the words that only say that it takes another one's place ("sorry, I meant ...")."""
    rest = _NOT_THAT.sub("", _CORRECTS.sub("", question.strip()))
    if not any(map(str.isalpha, rest)):
        return question
    if rest != question and regex.sub(_ARTICLE, "", rest.strip(" .!").casefold()) in _ACCOUNTS:
        return "how many accounts is that"
    is_mark = rest != question and len(rest.split()) <= _FEW and rest.strip(" .!").casefold() in _MARKS
    return f"how many were {rest}" if is_mark else rest


_NOT_THAT = regex.compile(r",\s*(?:and )?(?:not|rather than|instead of|nicht|pas|no)\s[^,]{2,30}$", regex.IGNORECASE)
_ARTICLE = r"^(?:the |die |les |las |los |as |os |of |von |de |by |nach )+"
_ACCOUNTS = frozenset(slots("accounts")["words"])
_MARKS = frozenset(("refused", "flagged", "concerning", "declined", "risky"))
_FEW = 3


_SHAPING = 12
"""Words of a question for another shape of the last answer."""
OF_A_PERIOD = frozenset(("trend", "this_trend", "volume", "overview", "new", "compare", "size"))


def is_only_period(question: str, slots: Slots) -> bool:
    """Whether a question only names another period for what was asked before ("and how was that in March?")."""
    named = (slots.subjects, slots.languages, slots.surfaces, slots.clusters, slots.marks, slots.facets)
    is_bounded = slots.period.since is not None and slots.period.until is not None and not slots.period.parts
    says_back = refers_back(question) or _MORE.search(question.casefold()) or _GOES_ON.match(question.strip())
    return is_bounded and not any(named) and not slots.cues and bool(says_back)


def names_something(slots: Slots) -> bool:
    """Whether a question names anything that is recorded."""
    named = (slots.subjects, slots.languages, slots.surfaces, slots.clusters, slots.marks, slots.facets, slots.excluded)
    return any(named) or not slots.period.is_empty


def without_people(slots: Slots, question: str, own_facets: Collection[str]) -> Slots:
    """Without subjects that say who asks ("are kids using it for ..."), which is not stored."""
    asked = " ".join(unstored_words(question, own_facets)).casefold()
    kept = tuple(item for item in slots.subjects if item.words.casefold() not in asked)
    return replace(slots, subjects=kept) if kept else slots


_EACH = regex.compile(r"\b(?:each|every one|they|by how (?:many|much))\b", regex.IGNORECASE)

_MUCH_OF_EACH = regex.compile(r"\bhow (?:many|much|often|common|big|large)\b.*\b(?:each|every one)\b", regex.IGNORECASE)


def is_of_each(question: str, slots: Slots, intent: str | None) -> bool:
    """Whether a part asks for the numbers of what the part before it lists ("and how common is each?"): that has them."""
    is_counted = intent in ("size", None) or _MUCH_OF_EACH.search(question) is not None
    return is_counted and not names_something(slots) and _EACH.search(question) is not None


_WHICH_OF_THEM = regex.compile(
    r"^(?:and )?which (?:one|of (?:the two|them|these|those|both))\b.*\b(?:bigger|larger|more|most|higher|smaller|less|fewer|ahead|biggest|largest)\b",
    regex.IGNORECASE,
)


def is_which_of_them(question: str) -> bool:
    """Whether a part asks which of those that the part before it counts is larger: their numbers say it."""
    return _WHICH_OF_THEM.search(question) is not None


_ONLY_NUMBER = 7
"""Words of a part that says only how many groups are wanted, at most."""


def is_only_number(question: str) -> bool:
    """Whether a part says only how many groups are wanted ("just the top five, please")."""
    return len(question.split()) <= _ONLY_NUMBER and many_in(question.casefold()) is not None


_AND = regex.compile(r"^[¿¡]?\s*(?:and|but|und|aber|et|mais|y|e|pero|mas)\s", regex.IGNORECASE)


def is_within_last(question: str, slots: Slots, last: Exchange) -> Scope | None:
    """The language, surface and period of the last question, where this one goes on from it with a subject and names none of
    them ("and how many are for cover letters?")."""
    named = slots.languages or slots.surfaces or slots.excluded or not slots.period.is_empty
    before = last.tasks[0].scope
    kept = Scope(language=before.language, surface=before.surface, since=before.since, until=before.until)
    is_one = all((task.scope.language, task.scope.surface) == (before.language, before.surface) for task in last.tasks)
    goes_on = _AND.match(question.strip()) and slots.subjects and not named and is_one and last.tasks[0].against is None
    return kept if goes_on and kept != Scope() else None


def leaves_out(question: str, slots: Slots, intent: str) -> bool:
    """Whether a question that goes on from another one in its text leaves out what it is about."""
    names = slots.subjects or slots.clusters or slots.languages or slots.surfaces
    return (
        not names
        and intent in COUNTING | {"by_flag", "overview", "by_field", "facet_of"}
        and not _OF_ALL.search(question.casefold())
    )


def is_on(question: str, slots: Slots, intent: str) -> bool:
    """Whether a part asks by which facet what the part before it was about divides ("and in which languages?")."""
    names = slots.subjects or slots.clusters or slots.languages or slots.surfaces
    return not names and intent in _LOOKS and ON_PART.match(question) is not None


THOSE = regex.compile(r"\b(?:those|these|them)\b")
_GOES_ON = regex.compile(
    r"^[¿¡]?\s*(?:y|und|et|e|och|en|and|那|では|じゃあ|それ|その)(?:\s|,|、|，|(?<=\p{Han}|\p{Hiragana}))",
    regex.IGNORECASE,
)


def is_of_all_named(question: str, slots: Slots, last: Exchange) -> bool:
    """Whether a question restricts all that the last answer named ("of those, which are on the API?")."""
    restricts = slots.surfaces or slots.languages
    everything = last.tasks[0].scope == Scope()
    return bool(restricts) and everything and not slots.subjects and THOSE.search(question.casefold()) is not None


def is_beside_last(question: str, slots: Slots, last: Exchange) -> bool:
    """Whether one subject is to be set beside what the last answer counted ("how does that compare to legal questions")."""
    counted = any(item.focus in ("size", "topic", "accounts") for item in last.tasks)
    return counted and len(slots.subjects) == 1 and refers_back(question) and last.tasks[0].scope != Scope()


def is_again(question: str, slots: Slots, intent: str | None, *, goes_on: bool) -> bool:
    """Whether a question asks the last one again: without something, in another language or period, of another subject."""
    if intent is None and slots.excluded and slots.left <= SHORT:
        return True
    if not slots.subjects and sides(slots) == 1 and (SAME.search(question) or is_beside(question)):
        return True
    if goes_on and slots.subjects and WHAT_ABOUT.match(question.strip()):
        return True
    return intent in OF_A_PERIOD and is_only_period(question, slots)
