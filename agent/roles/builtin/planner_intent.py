"""What kind of look a question asks for, by the words it uses.

Cues are tried in order, the most telling first. They know English and how analysts talk, nothing of any corpus.
"""

import regex

from agent.roles.protocols import Focus

_MAP = (
    r"^(?:(?:can|could) you |please )?(?:(?:show|draw|open|give|see)(?: me| us)? )?(?:the |a |its |their )?"
    r"(?:density |topic )?map(?: of\b|\W*$)"
)
_CUES: tuple[tuple[Focus, str], ...] = (
    ("map", _MAP),
    (
        "flag_gaps",
        r"(?:not|n't|un|never|without being|but is not|isn't) ?(?:been )?flagged|unflagged|flagged (?:but|although|though|yet|while|even|despite|in error|wrongly|by mistake)|does the classifier"
        r"|classifier (?:miss|catch|get|flag|wrong|fail|let|overlook)|false (?:positive|negative|alarm)|slip(?:s|ped|ping)? (?:through|past)|over-?flag"
        r"|miss(?:es|ed|ing)? by the (?:classifier|filter)|(?:classifier|filter|flags?) (?:is |are )?(?:miss|disagree|wrong|blind)|policy gap|detection rule|eval(?:uation)? set"
        r"|go(?:es|ing)? undetected|(?:agree|disagree)\w* with the (?:classifier|flag)|wrongly flagged|mis-?flagged|moderation (?:miss|catch|overlook)",
    ),
    (
        "coverage",
        r"blind|coverage|\bcovered\b|can(?:not|'t| not) (?:you |we )?(?:see|say|tell|know)|do(?:es)? ?n[o']?t? (?:you |we )?(?:see|know)\b|outside (?:any|the) cluster"
        r"|noise bucket|unclustered|how complete|missing from|left out|withheld|suppressed|what (?:are|is) (?:you|we) (?:not )?(?:missing|unable)|gaps in (?:the|our) (?:data|index)|limits of",
    ),
    (
        "precedent",
        r"seen (?:this|that|it|these|such|anything like|something like)|\b(?:seen|met|had|encountered) .{1,60} before\W*$|(?:been )?(?:seen|there|here|around) before\b(?! the)|precedent|happened before|previous(?:ly)? (?:snapshot|run|case)"
        r"|earlier (?:snapshot|case)|is (?:this|that|it) (?:new|the first time)\b|come up before|known from|first time",
    ),
    (
        "coordination",
        r"coordinat|\brings?\b|\bbots?\b|botnet|(?:same|identical) (?:prompts?|texts?|requests?|wording|messages?)|(?:same|one|single) (?:actor|operator|hand|source|script|author)|campaign|spam|operations?\b(?! research)|sock ?puppet|inauthentic|orchestrat"
        r"|templates?\b(?! for)|templated|copy-?past|astroturf|troll farm|burst|automated|script(?:ed)\b|(?:bot|click|content|account|review) ?farm|in concert|working together|escalat|benign (?:explanation|reading)|innocent",
    ),
    (
        "concern",
        r"abus|misus|harm|concerning|worr(?:y|ied|ying|isome)|danger|malicious|violat|illegal|threat(?! model)|\brisk(?:y|s)?\b(?! (?:management|assessment|analysis))|phish|scam|fraud|malware|ransomware|stalk|hate speech|weapon|exploit"
        r"|^(?!how (?:many|much|often|big|large)).*\b(?:fake (?:reviews?|accounts?|documents?|invoices?|ids?)|in bulk|mass (?:e-?mails?|messages?|posts?))\b|\bhack(?:ing|ers?|ed)?\b|credential|identity theft|\bcsam\b|manipulat|election interference|hateful|jailbreak|prompt injection|harass|\bdox+|disinformation|misinformation|fake news|problematic|suspicious|bad actors?|red flags?|unsafe|polic(?:y|ies) (?:violat|breach|abus)|against (?:our |the )?polic|out of policy|alarming|self-harm|suicid",
    ),
    (
        "contrast",
        r"(?:others?|the rest|everyone else|elsewhere)(?: \w+)? (?:do|does|did|is|are)(?:es)? ?(?:not|n't)|that others|differ(?! over)|typical|unlike|only in\b|distinct|unique|peculiar|special about|sets?(?= .{0,40} apart)"
        r"|characteristic|stand(?:s)? out|over-?represent|disproportion|more (?:often|likely) than|specific to|particular to|unusual about|stick(?:s)? out|(?:mostly|mainly|predominantly|chiefly) (?:in|on|from|by|via)\b",
    ),
    ("compare", r"compar|versus|\bvs\b|against|difference between|as opposed to|rather than|side by side|relative to"),
    (
        "size",
        r"^(?:so |and )?how (?:big|large|many|often|common|frequent|widespread|prevalent|popular)\b(?!.*(?:gr[oe]w|chang|over time|refus|turns))",
    ),
    (
        "new",
        r"\bnew(?:ly)?\b|novel|appear|emerg|\bsince\b|gr[oe]w|chang|before and after|after the|pick(?:ed|ing) up|ris(?:e|en|ing) (?:most|fastest)|surg|spik|vanish|disappear|no longer|any ?more\b|gone away|went away|stopped asking|died? (?:out|down)"
        r"|gain(?:ed|ing)|took off|taken off|shrunk|shrank|trending|started|any movement|moved|shift",
    ),
    (
        "trend",
        r"over time|trend|timeline|seasonal|\bpeak(?:s|ed)?\b(?! hours)|busiest|\brise|\brose\b|rising|declin|drop|fall|fell|per (?:day|week|month)|(?:by|each|every) (?:day|week|month)|week by week|month by month|develop|evol|history of|(?:going|gone|go|goes|went) (?:up|down)\b|course of|increas|decreas",
    ),
    (
        "breakdown",
        r"which (?:languages?|surfaces?|months?|devices?|outcomes?)|what (?:languages?|surfaces?)|(?:by|per) (?:language|surface|turns?|flag|concern|harm|outcome|device|hazard|category)|languages? (?:are|do|is|mix)"
        r"|share of|split|break(?:s|ing)? ?down|breakdown|distribution|mix of|how (?:long|many turns)|length of|how (?:often|many)(?= .{0,40}refus)|proportion of|percentage of|where do people (?:ask|use)|refus",
    ),
    (
        "size",
        r"how (?:big|large|much|many|common|frequent|widespread|prevalent|often|popular)|size of|number of|count of|volume of|what (?:share|percentage|fraction|proportion)|how sure|uncertain|margin",
    ),
    (
        "top",
        r"\b(?:least|fewest|smallest|rarest)\b|what (?:do|does|are|did|were) (?:\w+ ){0,3}(?:ask|want|talk|write|request|need)(?:ing)?\b|\bmost\b|\btop\b|main|common|overview|use (?:the assistant|it|this) for|used for|what (?:do|are|did|were) (?:people|users|they|folks|customers|analysts)|what is in|popular|what(?:'s| is) (?:everyone|everybody|going on|happening)"
        r"|biggest|largest|leading|key (?:themes|topics|uses)|themes?\b|topics?\b|use cases?|summar|what do we have|big picture|rundown|anything else|what else|doing with|talk about|usage",
    ),
)
_OPEN = regex.compile(
    r"^(?:(?:can|could) you |please |let's |let us )?(?:open|drill|zoom|expand|dig|look (?:inside|into)|unpack|tell me more|more (?:about|on)|break open|go (?:deeper|into)|what(?:'s| is) (?:in|inside) (?:the )?(?:first|second|third|fourth|fifth|last|c\d|t\d|that|this|it|number))\b"
)
_SURE = regex.compile(r"^(?:and |but |so )?how (?:sure|certain|confident|reliable)\b")
_WHY = regex.compile(
    r"^(?:but |and |so )?(?:why|how come|what(?:'s| is| would be) (?:the )?(?:reason|cause|behind|driv|explain)|what caused|explain)"
)


def focus_of(question: str) -> Focus | None:
    """The focus of a question in lower case, or None when no cue is in it."""
    if regex.search(_MAP, question):  # before "open ..."
        return "map"
    if _OPEN.search(question):
        return "drill"
    if _WHY.search(question):
        return "contrast"
    return next((focus for focus, cue in _CUES if regex.search(cue, question)), None)


_FALSE_ALARMS = regex.compile(
    r"false (?:positive|alarm)|over-?flag|wrongly|mis-?flag|flagged (?:in error|by mistake)|flag\w* .*(?:harmless|innocent|benign|nothing wrong)"
)
_MISSES = regex.compile(r"false negative|\bmiss|(?:not|n't|un|never) ?flagged")


def asks_for_false_alarms(question: str) -> bool:
    """Whether a question about gaps is for what is flagged in error, and not for what is missed."""
    return _FALSE_ALARMS.search(question.casefold()) is not None and not _MISSES.search(question.casefold())


_KEEPS_WORDS: tuple[Focus, ...] = ("precedent", "coordination", "concern", "flag_gaps", "drill")
"""Looks whose cues are words of a topic as well ("phishing"), or lie around it ("seen ... before")."""


def without_cues(question: str, focus: Focus | None) -> str:
    """The question without the words that made it this kind of look: they are no topic."""
    if focus in _KEEPS_WORDS:
        return question
    for name, cue in _CUES:
        if name == focus:
            question = regex.sub(rf"[\w-]*(?:{cue})[\w-]*", " ", question)
    return question


def asks_how_sure(question: str) -> bool:
    """Whether it is asked how certain something is, which needs something that was said before."""
    return _SURE.search(question) is not None


def asks_why(question: str) -> bool:
    """Whether a cause is asked for, which no finding can give."""
    return _WHY.search(question) is not None
