"""Questions that set a facet against a grade, a flag or a refusal, and those about volume or about everything at once.

"Which languages are flagged most?", "what share of concerning conversations is flagged?", "is usage growing?", "what
should I look at first?". It reads words and plans nothing.
"""

from dataclasses import dataclass

import regex

from agent.roles.builtin.recipe import CONCERNING, stated
from tools.core.scope import Scope

THEME = "theme"

_FACETS = {
    "language": r"languages?", "surface": r"surfaces?|devices?|platforms?", "month": r"months?|weeks?",
    THEME: r"themes?|topics?|groups?|clusters?|subjects?|(?:kinds?|types?|sorts?) of (?:requests?|conversations?|questions?)",
}  # fmt: skip
_MARKS = {
    "concern": r"concern(?:ing)?|harmful|problematic|unsafe|dangerous|worrying|worrisome|abus(?:e|ive|ed)|risky|harm",
    "flagged": r"flag(?:s|ged)?|caught|missed",
    "outcome": r"refus(?:ed|es|als?|ing)?|turned down",
}
_BEARING = {
    "concern": Scope(concern_at_least=CONCERNING), "flagged": Scope(flagged="yes"), "outcome": Scope(outcome="refused"),
}  # fmt: skip
MARKS = tuple(_BEARING)
"""Facets with one value that marks abuse or failure."""
_MARK = "|".join(f"(?P<{name}>{words})" for name, words in _MARKS.items())
_RANKED = regex.compile(
    rf"\b(?:which|what) (?:\w+ ){{0,2}}?(?:{'|'.join(f'(?P<by_{facet}>{words})' for facet, words in _FACETS.items())})\b.*\b(?:{_MARK})\b"
)
_SHARE = regex.compile(
    r"\b(?:share|proportion|percentage|fraction|part|how (?:many|much)) of (?P<of>.{0,60}?) (?:is|are|gets?|was|were|has been|have been)"
    rf" (?:(?:actually|really|also|being) )?(?:{_MARK})\b"
)
_MARKED = regex.compile(r"\b(?:(?P<concern>concern)|(?P<flagged>flags|flagged|flagging))\b")
_VOLUME = regex.compile(
    r"\b(?:usage|traffic|volume|activity|demand|(?:number|amount|count) of (?:conversations|requests|users|chats|messages)|(?:conversation|request|chat) (?:count|numbers?|volume))\b"
    r"|\bwhich (?:day|week|month) (?:had|has|saw|was) (?:the )?(?:most|busiest|fewest|biggest|largest)\b|\b(?:peak|busiest)\b"
    r"|\bhow many (?:conversations|requests|chats|messages)\b|\b(?:are|do) we (?:\w+ )?grow(?:ing)?\b"
)
_EVERYTHING = regex.compile(
    r"\bwhat (?:should|must|do) (?:i|we) (?:need to )?(?:look at|know|worry about|check|do|watch)\b|\bwhere (?:should|do|can) (?:i|we) (?:start|begin|look)\b"
    r"|\b(?:brief|debrief) (?:me|us)\b|\b(?:give|write|make|show)(?: me| us)? (?:a |the |an )?(?:\w+ )?(?:briefing|report|digest|status)\b|^(?:daily|weekly|monthly) (?:briefing|report|digest)\b"
    r"|\b(?:anything|what) (?:\w+ )?(?:i|we) should know\b|\bwhat needs (?:\w+ )?attention\b|\b(?:any|some)thing (?:notable|noteworthy|unusual|odd|strange|interesting|out of the ordinary)\W*$"
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is set against what: `facet` divides, and `scope` restricts to what is marked. With `is_share` the facet is a
    mark itself, and the question asks for its share."""

    facet: str
    scope: Scope
    is_share: bool = False


def ranked_in(question: str) -> Ranked | None:
    """What a question (in lower case) sets against what; None where it does not."""
    if match := _SHARE.search(question):
        facet = next(name for name in _MARKS if match.group(name))
        of = next(
            (name for name, words in _MARKS.items() if regex.search(rf"\b(?:{words})\b", match.group("of"))), None
        )
        return Ranked(facet, Scope() if of in (None, facet) else marked(of), is_share=True)
    if match := _RANKED.search(question):
        facet = next(name for name in _FACETS if match.group(f"by_{name}"))
        mark = next(name for name in _MARKS if match.group(name))
        if mark != "outcome" or facet != THEME:
            return Ranked(facet, marked(mark))
    return None


def mark_in(question: str) -> Scope:
    """The mark that a question about a number or a course is about ("is concern rising?"); everything where there is none."""
    match = _MARKED.search(question)
    return marked(next(name for name, found in match.groupdict().items() if found)) if match else Scope()


def marked(name: str) -> Scope:
    """The conversations that bear a mark: concerning, flagged or refused."""
    return _BEARING[name]


def unmarked(scope: Scope, facet: str) -> Scope:
    """The scope without the restriction to what bears this mark, where the facet is one: that is counted by."""
    return scope.model_copy(update=dict.fromkeys(stated(_BEARING.get(facet, Scope()))))


def asks_volume(question: str) -> bool:
    """Whether how much there is in all is asked about, and not what."""
    return _VOLUME.search(question) is not None


def asks_everything(question: str) -> bool:
    """Whether somebody wants to be told what there is to know, and names nothing."""
    return _EVERYTHING.search(question) is not None


def without_asking(question: str) -> str:
    """The question without the words that ask for volume or for everything: they are no topic."""
    return _EVERYTHING.sub(" ", _VOLUME.sub(" ", question))
