"""The built-in namer: a label of the public vocabulary that fits a group, or else its attested phrases, marked as such.

"Writing a cover letter (German)" is a label and the group's language. Siblings whose label would be the same are told apart by
another label that fits nearly as well, then by phrases that differ between them. Where no label fits, a name says which
phrases are used: "Phrases: flour and rise". No word is invented: each is of the vocabulary, the group's own, the lexicon's
gloss of it, or a language.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import regex

from agent.roles.builtin.lexicon import concepts, titles
from agent.roles.builtin.wording import capitalised, listed, same_word, written
from index.core.words import FUNCTION_WORDS, normalise, specifics, stem, words
from index.naming.samples import NamingSample, Phrase
from index.vocabulary import OF_PHRASES
from tools.core.wording import OF_LANGUAGE

_LEADS, _LEADS_OF_PARENTS = 2, 3
_DETAILS, _DETAILS_ALONE = 2, 3
_LEAD_SHARE, _PARENTS_LEAD_SHARE = 0.25, 0.08
_SECOND = 0.4
"""How much of the first lead's weight a further one must have."""

_WORD_SHARE, _PHRASE_SHARE = 0.2, 0.12
"""Shares of a group's accounts below which a word or a phrase is not what the group is about."""

_SAYS_HOW = regex.compile(r"(?!hundred)[a-z]{2,}[^aeiou\W]ed|[a-z]{2,}(?:ous|ful|ent|ant|ive|al|est|ed|ct)ly")
"""English participles (locked, typed) and adverbs (honestly) by their endings. Of nouns hardly any ends so."""

_LATIN = regex.compile(r"[\p{Latin}\p{M}\p{N}\p{P}\p{S}\s]+")

_TELLING = 0.7
"""Lift (natural log) below which a phrase is about as common elsewhere: twice as common here."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A name in parts: heads of the lexicon, details, and a language."""

    leads: tuple[str, ...]
    details: tuple[str, ...]
    language: str = ""

    def __str__(self) -> str:
        """A name; one without a head of the lexicon says that it is made of phrases."""
        lead = listed([titles()[head] for head in self.leads])
        rest = listed([titles().get(detail) or written(detail) for detail in self.details])
        phrases = f"{OF_PHRASES}{rest}" if rest else ""
        said = capitalised(f"{lead}: {rest}" if rest else lead) if lead else phrases
        if not self.language:
            return said
        return f"{said} ({self.language})" if said else f"{OF_LANGUAGE}{self.language}"


class BuiltinNamer:
    """Names groups from phrases alone."""

    name = "built-in"

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        usual = Counter(sample.language for sample in samples if sample.language).most_common(1)
        parts = [_parts(sample, usual[0][0] if usual else "") for sample in samples]
        taken = {name for sample in samples for name in sample.taken}
        labelled = _labelled(samples, [part.language for part in parts], taken)
        rest = [place for place, name in enumerate(labelled) if name is None]
        others = iter(
            _set_apart(
                [samples[place] for place in rest], [parts[place] for place in rest], {*taken, *filter(None, labelled)}
            )
        )
        return [next(others) if name is None else name for name in labelled]


_NEARLY = 0.1
"""How much less well another label may fit that tells a group from a sibling."""


def _chosen(samples: Sequence[NamingSample]) -> list[str]:
    """A label for each group that has some. Of those that one label fits best, the best fitting has it and the others take one
    that fits nearly as well, if nobody has it."""
    chosen = [sample.labels[0].text if sample.labels else "" for sample in samples]
    held: set[tuple[str, str]] = set()
    for place in sorted(range(len(samples)), key=lambda place: -samples[place].labels[0].fit if chosen[place] else 0.0):
        labels, language = samples[place].labels, samples[place].language
        free = [
            label.text
            for label in labels
            if label.fit >= labels[0].fit - _NEARLY and (label.text, language) not in held
        ]
        chosen[place] = free[0] if free else chosen[place]
        held.add((chosen[place], language))
    return chosen


def _labelled(samples: Sequence[NamingSample], languages: Sequence[str], taken: set[str]) -> list[str | None]:
    """The name of each group that has a label, each name once: with the language to be said, where one is, then with phrases.
    None where there is no label, or nothing tells it from another of that name."""
    labels = _chosen(samples)
    spoken = [f" ({language})" if language else "" for language in languages]
    names = [label + language if label else None for label, language in zip(labels, spoken, strict=True)]
    used, found = set(taken), list[str | None]()
    for place, name in enumerate(names):
        if name in used:
            others = [samples[at] for at, other in enumerate(names) if at != place and other == name]
            told = listed([written(detail) for detail in _contrasted(samples[place], _Parts((), ()), others).details])
            name = f"{labels[place]}: {told}{spoken[place]}" if told else None
        found.append(None if name in used else name)
        used.update(filter(None, found[-1:]))
    return found


def _set_apart(samples: Sequence[NamingSample], parts: Sequence[_Parts], taken: set[str]) -> list[str | None]:
    """Each name once. Groups that would share one get details from what differs between them; where nothing does, only
    the first has the name."""
    first = [str(part) for part in parts]
    names: list[str | None] = []
    for place, (name, part) in enumerate(zip(first, parts, strict=True)):
        others = [samples[at] for at, other in enumerate(first) if at != place and other == name]
        if name and (others or name in taken):
            name = str(_contrasted(samples[place], part, others))
        names.append(name if name and name not in taken else None)
        taken.add(name)
    return names


def _contrasted(sample: NamingSample, part: _Parts, others: Sequence[NamingSample]) -> _Parts:
    """The parts with details that this group's accounts use more than those of the groups that share its name."""
    theirs: dict[str, float] = defaultdict(float)
    for other in others:
        for phrase in other.phrases:
            theirs[phrase.text] = max(theirs[phrase.text], phrase.share)
    ranked = sorted(
        (phrase for phrase in sample.phrases if phrase.share > 1.5 * theirs[phrase.text]),
        key=lambda phrase: (-(phrase.share - theirs[phrase.text]) * (1 + max(0.0, phrase.lift)), phrase.text),
    )
    rough = [detail for detail in _details(ranked, part.leads, sample.barred, strict=False) if not _is_vague(detail)]
    details = tuple(rough[:_DETAILS])
    differs = not details and any(other.language != sample.language for other in others)
    return _Parts(part.leads, details or part.details, part.language or (sample.language if differs else ""))


def _parts(sample: NamingSample, usual: str) -> _Parts:
    leads = _leads(sample)
    most = 0 if sample.children and len(leads) > 1 else _DETAILS if leads else _DETAILS_ALONE
    details = tuple(_details(sample.phrases, leads, sample.barred, strict=True))[:most]
    is_sayable = not sample.barred & set(specifics(sample.language))
    language = sample.language if sample.language != usual and is_sayable else ""
    if not leads and not details and not language:
        rough = sorted(_details(sample.phrases, leads, sample.barred, strict=False), key=_is_vague)
        details = tuple(rough[:_DETAILS] if not _is_vague(rough[0]) else rough[:1]) if rough else ()
    return _Parts(leads, details, language)


def _leads(sample: NamingSample) -> tuple[str, ...]:
    """Heads of the lexicon that many of the group's accounts asked for, by weight. Where none is named by so many, one
    that sets the group apart nearly as well as its best phrase does."""
    heads = [
        phrase
        for phrase in sample.phrases
        if phrase.text in titles() and not sample.barred & set(specifics(phrase.text))
    ]
    heads.sort(key=lambda phrase: (-phrase.distinctiveness, phrase.text))
    least = _PARENTS_LEAD_SHARE if sample.children else _LEAD_SHARE
    often = [phrase for phrase in heads if phrase.share >= least]
    if not often and not sample.children:
        best = sample.phrases[0].distinctiveness if sample.phrases else 0.0
        often = [phrase for phrase in heads if phrase.share >= least / 2 and phrase.distinctiveness >= best / 2][:1]
    kept: list[str] = []
    for head in often[: _LEADS_OF_PARENTS if sample.children else _LEADS]:
        if head.distinctiveness >= _SECOND * often[0].distinctiveness and not _repeats(head.text, kept):
            kept.append(head.text)
    return tuple(kept)


def _details(ranked: Sequence[Phrase], leads: Sequence[str], barred: Collection[str], *, strict: bool) -> Iterator[str]:
    """Phrases that add something to the leads and to each other, longer ones in place of their words. Not `strict`:
    also what is less telling, for want of better."""
    phrases: list[str] = []
    for phrase in ranked:
        best = _fuller(phrase, ranked)
        least = _PHRASE_SHARE if " " in best.text else _WORD_SHARE
        if strict and (best.share < least or best.lift < _TELLING or _is_vague(best.text)):
            continue
        if set(specifics(best.text)) & set(barred) or _repeats(best.text, [*leads, *phrases]):
            continue
        if not _LATIN.fullmatch(best.text):
            continue  # in an English name other scripts cannot be read
        if any(head in leads for head in concepts(best.text)):
            continue  # what the lexicon already calls by the lead's name
        phrases.append(best.text)
        yield best.text


def _fuller(phrase: Phrase, ranked: Sequence[Phrase]) -> Phrase:
    """The longest phrase that holds this one and that at least two fifths of its accounts use."""
    fuller = [
        other for other in ranked if f" {phrase.text} " in f" {other.text} " and other.accounts >= 0.4 * phrase.accounts
    ]
    return max(fuller, key=lambda other: (len(other.text.split()), other.accounts), default=phrase)


def _repeats(text: str, earlier: Sequence[str]) -> bool:
    """Whether a content word of the text, or an inflection of it, was said already."""
    before = [word for other in earlier for word in specifics(other)]
    return any(same_word(word, other) for word in specifics(text) for other in before)


def _is_vague(text: str) -> bool:
    """Whether a phrase begins or ends with a word that names no subject: in names it reads as a torn-off piece. So does
    a phrase that ends with a participle or an adverb (locked, honestly), which says how and not what."""
    found = list(words(text))
    if not found or _SAYS_HOW.fullmatch(found[-1]):
        return True
    return any(word in _vague() or stem(word) in _vague() for word in (found[0], found[-1]))


@cache
def _vague() -> frozenset[str]:
    """Everyday words that say nothing of a subject. They stay in summaries, where they tell requests apart (see the
    extractor); a name needs words that stand alone."""
    from stopwordsiso import stopwords

    return frozenset(normalise(word) for word in stopwords("en")) - _SUBJECTS | FUNCTION_WORDS | _EVERYDAY


_SUBJECTS = frozenset("home page computer system test interesting cost order member group room state fire bill".split())
"""Words of the usual list that do name a subject."""

_EVERYDAY = frozenset(
    """actually already answer asked beautiful best better brief clear correct days different easy example examples
    exactly explain feel feels fine five four good great happen happened hours hard harder idea ideas late later
    long look made many maybe minutes months myself nice ones people please questions real really right say
    says short simple six start started stay stop sure tell ten thank thanks three today tomorrow tried true try
    trying turn two week weeks write writing wrote wrong year years yes yesterday yet continue generate means
    mention message messages including plus else everything everyone anything nobody gets got whole back i'd i'm i've
    pls plz yrs btw idk imo lol thx
    don't can't won't it's what's that's there's isn't doesn't didn't shouldn't wasn't couldn't something""".split()
)
