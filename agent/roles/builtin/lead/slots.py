"""What a question names: languages, surfaces, a period, clusters, quoted words, subjects, and what is left out.

Each slot that is read is taken from the text before the next is looked for. What is left over is never a topic: a topic
is quoted, or is a subject of the public vocabulary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from agent.roles.builtin.lead.known import Known
from agent.roles.builtin.lead.left_out import SUBJECTS, excluded, in_table, is_passed, months_left_out
from agent.roles.builtin.lead.majority import part_asserted
from agent.roles.builtin.lead.material import CUES, asking_words, slots
from agent.roles.builtin.lead.period import Period
from agent.roles.builtin.lead.spelling import corrected, many_in, spelled
from agent.roles.builtin.lead.times import period_of
from agent.roles.builtin.lead.words_left import is_bare, left, stated, unknown
from index.questions.languages import languages_in
from index.questions.values import Found, QuestionReader

_QUOTED = regex.compile(r"[“„«「『\"]([^“”„»«\"」』]{2,120})[”“»」』\"]")
_CLUSTER = regex.compile(r"\b([CcTt]\d{1,5})\b")
_GRADE = regex.compile(
    r"\b(?:grades?|concern)(?: of)? (?P<grade>[2-5])\b|\b(?P<grade>[2-5]) (?:or|and) (?:higher|above|up|more|worse)\b",
    regex.IGNORECASE,
)
_WRITTEN_IN = regex.compile(r"\b(?:writ(?:e|es|ing|ten)|working|asking)(?= in\b)", regex.IGNORECASE)
"""How somebody writes, and no topic."""
_TRANSLATED = regex.compile(
    r"\b(?:translat|übersetz|tradu)\w* .*\b(?:from|to|into|von|nach|ins|de|a|en)\b", regex.IGNORECASE
)
"""The languages of a translation are what it is about, and not what conversations are written in."""
_COMPOUND = regex.compile(r"\b(API|Web|App|Mobil)-(?=\p{Lu})", regex.IGNORECASE)
"""The first half of a German compound ("API-Nutzung")."""
_ELIDED = regex.compile(r"\b([ld]|dell|all|nell|sull)'(?=\p{L})", regex.IGNORECASE)
"""An article before a vowel in French or Italian, which is no part of the word ("l'API")."""


@dataclass(frozen=True, slots=True)
class Slots:
    """A question's slots. `masked`: the question with each slot's words replaced by one word of its kind, which is what
    intents are read from; `left`: how many words no slot took; `unknown`: those of them that no example of a question holds."""

    spoken: str
    period: Period
    languages: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    subjects: tuple[Found, ...] = ()
    facets: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    excluded: tuple[Found, ...] = ()
    grade: int | None = None
    shown: int | None = None
    unknown: tuple[str, ...] = ()
    masked: str = ""
    left: int = 0
    assumed: tuple[str, ...] = ()
    cues: frozenset[str] = frozenset()
    """Kinds of words that it holds (`slots.toml`): "least" where the smallest groups are asked for, "share", "growth" and so on."""
    is_bare: bool = False
    """Whether no word is left but one for conversations."""
    negated: tuple[str, ...] = ()
    """Marks that what is asked about does not bear."""
    inseparable: tuple[str, ...] = ()
    """What is to be left out of a subject that it belongs to ("recipes excluding vegan ones"): no scope can say that."""
    whole: Found | None = None
    """What a share is asked of, where that is named behind the share."""
    most: tuple[Found, Found | None] | None = None
    """What a yes-or-no question asks to be more than half, and what of."""

    def says(self, cue: str) -> bool:
        """Whether the question has words of this section of `slots.toml`."""
        return cue in self.cues

    @property
    def is_scoped(self) -> bool:
        named = (self.languages, self.surfaces, self.clusters, self.subjects, self.period.parts)
        return any(named) or not self.period.is_empty

    def marks_of(self) -> tuple[float, ...]:
        """The slots as features of the intent, each 0 or 1."""
        abuse = [item for item in self.subjects if item.is_abuse]
        flags = (
            len(self.subjects) > len(abuse), bool(abuse), len(self.languages) == 1, len(self.languages) > 1,
            len(self.surfaces) == 1, len(self.surfaces) > 1, not self.period.is_empty, bool(self.period.parts or self.period.pivot),
            bool(self.clusters), len(self.clusters) > 1, bool(self.excluded), self.left == 0, self.left in (1, 2), self.shown is not None,
            *(facet in self.facets for facet in ("language", "surface", "field", "turns", "harm")),
            bool({"month", "week", "day"} & {*self.facets}),
            *(mark in self.marks for mark in ("refused", "flagged", "concern")),
        )  # fmt: skip
        return tuple(map(float, flags))


def read_slots(question: str, reader: QuestionReader, known: Known, spoken: str) -> Slots:
    """The slots of a question that is written in the language `spoken`."""
    text, mended = corrected(question.replace("’", "'"), (*known.languages, *known.landmarks))
    if spoken == "English":
        text, slips = spelled(text, asking_words())
        mended += slips
    text = _ELIDED.sub(r"\1' ", _COMPOUND.sub(r"\1 ", text))
    quoted = [(match[1].strip(), *match.span()) for match in _QUOTED.finditer(text)]
    clusters = [(match[1].upper(), *match.span()) for match in _CLUSTER.finditer(text)]
    spoken_of = [item for item in languages_in(text, spoken, known.languages) if _is_free(item, quoted)]
    period, times = period_of(text, spoken, known)
    taken = [(start, end) for _, start, end in (*quoted, *clusters, *spoken_of)] + times
    taken += [match.span() for match in _WRITTEN_IN.finditer(text)]
    found = reader.names_in(text, taken)
    if loose := [item for item in found if item.kind == "surface" and not _is_place(item, text, found)]:
        places = {(item.start, item.end) for item in found if item.kind == "surface" and item not in loose}
        found = reader.names_in(text, taken, [(item.start, item.end) for item in loose])
        found = [item for item in found if item.kind != "surface" or (item.start, item.end) in places]
    found += [Found(words, "quoted", words, start, end) for words, start, end in quoted]
    found += [Found(name, "language", text[start:end], start, end) for name, start, end in spoken_of]
    found.sort(key=lambda item: item.start)
    if _TRANSLATED.search(text):
        found = [item for item in found if item.kind != "language"]
    out = excluded(text, found, spoken)
    blurred = [item for item in out if item.kind in SUBJECTS and _is_of_rest(item, found, out)]
    out = [item for item in out if item not in blurred]
    if months := months_left_out(text, period, times, spoken):
        out += months
        period = replace(period, since=None, until=None)
    kept = [item for item in found if item not in out]
    negated = tuple(dict.fromkeys(item.label for item in kept if item.kind == "mark" and _is_negated(text, item)))
    kept = [item for item in kept if not _is_verb(item, kept) and not _is_reason(item, kept)]
    if _ANSWERED.search(text):
        negated = (*negated, "refused")
    marks = _of(kept, "mark")
    if "concern" not in marks:
        marks = tuple(mark for mark in marks if mark not in negated)
    if spoken == "English" and not any(item.kind in SUBJECTS for item in found) and (topic := stated(text, taken)):
        kept.append(topic)
        found.append(topic)
    surfaces = _surfaces(kept, known)
    grade = _GRADE.search(text)
    return Slots(
        spoken=spoken,
        period=period,
        languages=tuple(item.label for item in kept if item.kind == "language"),
        surfaces=surfaces,
        clusters=tuple(dict.fromkeys(name for name, _, _ in clusters)),
        subjects=tuple(_merged(text, [item for item in kept if item.kind in SUBJECTS])),
        facets=(*_of(kept, "facet"), *_own(text, known)),
        marks=marks,
        excluded=tuple(out),
        grade=int(grade["grade"]) if grade else None,
        shown=many_in(text.casefold()),
        unknown=tuple(unknown(text, [*taken, *((item.start, item.end) for item in found)]))
        if spoken == "English"
        else (),
        masked=_masked(
            text, found, clusters, times, [item for item in kept if item.label in negated and item.label not in marks]
        ),
        left=left(text, [*taken, *((item.start, item.end) for item in found)]),
        assumed=(*mended, *period.assumed),
        inseparable=tuple(item.words for item in blurred),
        cues=frozenset(
            [*_cues(text, marks), *(["next"] if any(is_passed(text, item, spoken) for item in out) else [])]
        ),
        is_bare=is_bare(text, [*taken, *((item.start, item.end) for item in found)]),
        negated=negated,
        whole=_whole(text, kept) if spoken == "English" else _first_of_two(text, kept),
        most=part_asserted(text, kept, spoken),
    )


_WILL = regex.compile(r"(?:and |so |ok,? )?(?:will|shall)\b|is .{1,40} going to\b", regex.IGNORECASE)
"""How a question for what will be begins."""


def _cues(text: str, marks: Sequence[str]) -> Iterator[str]:
    found = {cue for cue in CUES if _has(text, cue)}
    if _NOT_GROWING.search(text):
        found = (found - {"growth"}) | {"fall"}
    yield from found
    if "flagged" in marks and _has(text, "benign"):
        yield "false_alarm"
    if _WILL.match(text):
        yield "future"


_NOT_GROWING = regex.compile(
    r"\b(?:not|aren['’]?t|isn['’]?t|never|stopped|no longer|nicht|ne|no|não)\s+(?:still |really |clearly |mehr )?(?:grow|increas|ris(?:e|ing)|gain|going up|wachs|croiss|augment|crec|sub)",
    regex.IGNORECASE,
)


def _has(text: str, section: str) -> bool:
    """Whether a text holds one of the words of a section, in whatever language; words begin where a word begins, in scripts
    that have spaces."""
    lowered = text.casefold()
    return any(
        regex.search(rf"\b{regex.escape(word)}" if word.isascii() or word[0].islower() else regex.escape(word), lowered)
        for words in slots(section).values()
        for word in words
    )


_NEGATED = regex.compile(
    r"(?:\b(?:not|never|un|excluding|except|without|no)|n['’]t|\bnicht|\bohne|\baußer|\bnon|\bpas|\bsans|\bhors|\bsin|\bno|\bexcepto|\bsalvo|\bnão|\bsem|\bsenza)"
    r"(?:\s+(?:been|be|being|anything|that|those|what|is|was|were|the|any|a|an|single|todo|lo|ce|qui|est|aucun|aucune|ningún|ninguna|nenhum|nenhuma|alcun|alcuna|jede|jegliche|eine|irgendeine))*[\s-]*$|(?:未被|没有被|没被|没有|未)$",
    regex.IGNORECASE,
)
_NEGATED_BEHIND = regex.compile(
    r"(?:が|の)?(?:ついていない|付いていない|付けられていない|されていない|されなかった|以外|なし|ない|なかった|無い)"
)


_RESTRICTS = regex.compile(
    rf"(?:[,;]?\s*\b(?:that|which|who|die|qui|que)\b)?(?:\s*\b(?:were|was|are|is|have|has|been|wurden|waren|sind|ont|été|fueron|han)\b)*\s*(?:{_NEGATED.pattern})",
    regex.IGNORECASE,
)


def _is_verb(item: Found, found: Sequence[Found]) -> bool:
    """Whether "concerns" says what something is about."""
    is_before = any(other.kind in SUBJECTS and 0 <= other.start - item.end <= 2 for other in found)
    return item.kind == "mark" and item.words.casefold() in ("concern", "concerns", "concerning") and is_before


def _is_reason(item: Found, found: Sequence[Found]) -> bool:
    """Whether a word for concern says what something is flagged as ("als auffällig markiert"), and is no grade."""
    flags = [other for other in found if other.kind == "mark" and other.label == "flagged"]
    return item.label == "concern" and any(0 <= flag.start - item.end <= 1 for flag in flags)


def _is_negated(text: str, mark: Found) -> bool:
    """Whether a mark is said not to be borne ("not flagged", "excluding anything flagged")."""
    if mark.words.casefold().startswith("un"):
        return True
    return bool(_NEGATED.search(text[: mark.start]) or _NEGATED_BEHIND.match(text[mark.end :]))


_ANSWERED = regex.compile(
    r"\b(?:flagged|concerning|abuse|harm)\w*\b.*\b(?:answered|complied with|got an answer)\b|(?:markiert|signalé|marcad)\w*\b.*\b(?:beantwortet|répondu|respondi)\w*",
    regex.IGNORECASE,
)
"""What bears a mark and was answered all the same."""
_OF_WHOLE = regex.compile(
    r"(?:%|percent|percentage|share|proportion|fraction|how many|how much|part|most) of (?:all |the |our |those |all the )?(?P<noun>(?:conversation|chat|convo|request|question)s? (?:about|on|in|from|via) )?$",
    regex.IGNORECASE,
)
_IS = regex.compile(
    r"\s*(?:(?:conversations?|convos?|chats?|requests?|questions?|ones|content|traffic|usage|stuff|[1-5]|or|-|and up)\s*)*"
    r"(?:that\s+)?(?:is|are|was|were|come|comes|came|happen|happens|on|from|in|have|has|had|go|get|gets|got)\b",
    regex.IGNORECASE,
)


_ARE = regex.compile(r"\s*(?:that\s+)?(?:is|are|was|were|come|comes|came|happen|happens)\b", regex.IGNORECASE)


def _whole(text: str, found: Sequence[Found]) -> Found | None:
    """What stands behind "share of" and before its verb."""
    for item in found:
        before = (
            _OF_WHOLE.search(text[: item.start]) if item.kind in ("mark", "language", "surface", *SUBJECTS) else None
        )
        if before is not None and (_ARE if before["noun"] else _IS).match(text[item.end :]):
            return item
    return None


def _first_of_two(text: str, found: Sequence[Found]) -> Found | None:
    """What a share is asked of where no preposition says it: of a language and a surface, or one of them and a mark, what is
    named first ("quelle part des conversations en français vient du mobile")."""
    named = [item for item in found if item.kind in ("mark", "language", "surface")]
    is_pair = len(named) == 2 and named[0].kind != named[1].kind and len(named) == sum(i.kind != "facet" for i in found)
    return named[0] if is_pair and _has(text, "share") else None


def _is_of_rest(item: Found, found: Sequence[Found], out: Sequence[Found]) -> bool:
    """Whether what is left out is of the same field as what the question is about ("recipes excluding vegan ones")."""
    rest = (other for other in found if other not in out and other.kind in SUBJECTS)
    return any(in_table(item) == in_table(other) for other in rest)


def _is_free(item: tuple[str, int, int], quoted: Sequence[tuple[str, int, int]]) -> bool:
    return not any(start < item[2] and item[1] < end for _, start, end in quoted)


def _of(found: Sequence[Found], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.label for item in found if item.kind == kind))


def _own(text: str, known: Known) -> Iterator[str]:
    """Facets of the index's own that are named."""
    words = set(regex.findall(r"[\p{L}\p{N}_]+", text.casefold()))
    yield from (name for name in known.own_facets if {name.casefold(), f"{name.casefold()}s"} & words)


def _is_place(item: Found, text: str, found: Sequence[Found]) -> bool:
    """Whether a surface's name means where the assistant is used: it is the surface's own name, stands beside another one, or
    behind a word such as "on"."""
    if item.words.casefold() == item.label or sum(other.kind == "surface" for other in found) > 1:
        return True
    words: Mapping[str, list[str]] = slots("before_surface")
    before = text[: item.start].casefold().rstrip(" -")
    for article in words["articles"]:
        before = regex.sub(rf"(?:^|\s){regex.escape(article)}$", "", before).rstrip()
    is_behind = any(
        before.endswith(word if not word.isascii() else f" {word}") or before == word for word in words["words"]
    )
    after = text[item.end :].casefold().lstrip()
    return not before or is_behind or any(after.startswith(word) for word in words["behind"])


def _surfaces(found: Sequence[Found], known: Known) -> tuple[str, ...]:
    """The index's surfaces by what they are called here; a surface that it does not have is none."""
    by_name = {name.casefold(): name for name in known.surfaces}
    wanted = [item.label for item in found if item.kind == "surface"]
    return tuple(dict.fromkeys(by_name[label] for label in wanted if label in by_name))


def _merged(text: str, subjects: Sequence[Found]) -> Iterator[Found]:
    """Each subject once; one beside another of its field ("crypto scams") gives way to the abuse, else to the nearer one, else to the first."""
    seen: list[Found] = []
    for item in subjects:
        is_beside = bool(seen) and not text[seen[-1].end : item.start].strip(" -")
        beside = seen[-1] if is_beside else None
        if beside is not None:
            if (item.is_abuse, item.fit) > (beside.is_abuse, beside.fit):
                seen[-1] = item
        elif all(item.label != other.label for other in seen):
            seen.append(item)
    yield from seen


_PLACEHOLDERS = {"language": "Korean", "surface": "mobile", "quoted": "cooking"}


def _masked(
    text: str,
    found: Sequence[Found],
    clusters: Sequence[tuple[str, int, int]],
    times: Sequence[tuple[int, int]],
    negated: Sequence[Found],
) -> str:
    """The question with what it is about made one word, so that the intent does not depend on it, and without the marks that
    are not borne, which only restrict it."""
    parts = [(item.start, item.end, _placeholder(item)) for item in found if item.kind not in ("facet", "mark")]
    parts += [(start, end, "C12") for _, start, end in clusters]
    parts += [(start, end, "July") for start, end in _together(text, times)]
    restrictions = []
    for item in negated:
        match = _RESTRICTS.search(text[: item.start])
        restrictions.append((match.start() if match else item.start, item.end, " "))
    # Where the restriction is all that is said ("conversations without any refusal"), it is what is asked for.
    shorter = _replaced(text, [*parts, *restrictions])
    is_more = len(shorter.split()) > 1 or (_has_no_spaces(shorter) and len(shorter) > _SHORT)
    return shorter if is_more else _replaced(text, parts)


_SHORT = 6
"""Characters of a word or two in scripts without spaces."""


def _has_no_spaces(text: str) -> bool:
    return regex.search(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]", text) is not None


def _replaced(text: str, parts: Sequence[tuple[int, int, str]]) -> str:
    for start, end, word in sorted(parts, reverse=True):
        text = f"{text[:start]}{word}{text[end:]}"
    return text.strip(" ?!.？！。¿¡")


def _together(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places with nothing but space between them as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and not text[found[-1][1] : start].strip(" -–"):
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _placeholder(item: Found) -> str:
    return _PLACEHOLDERS.get(item.kind, "scams" if item.is_abuse else "cooking")
