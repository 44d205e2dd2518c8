"""The built-in namer: a readable name from a group's attested phrases.

It joins the two or three phrases that set a group apart from everything else; it invents no word. Siblings that would
be called the same are told apart by their next phrase.
"""

from collections.abc import Iterator, Sequence

from index.naming import NamingSample, Phrase
from index.words import stem, words

_PARTS = 3


class BuiltinNamer:
    """Names groups from phrases alone."""

    name = "built-in"

    async def name_groups(self, samples: Sequence[NamingSample]) -> Sequence[str | None]:
        taken: set[str] = set()
        return [self._name(sample, taken) for sample in samples]

    def _name(self, sample: NamingSample, taken: set[str]) -> str | None:
        chosen: list[str] = []
        for phrase in _apart(sample.phrases):
            chosen.append(phrase)
            name = _joined(chosen[:_PARTS])
            if len(chosen) >= _PARTS and name not in taken:
                break
            if len(chosen) > _PARTS:
                name = _joined([*chosen[: _PARTS - 1], phrase])
                if name not in taken:
                    taken.add(name)
                    return name
        if not chosen:
            return None
        name = _joined(chosen[:_PARTS])
        taken.add(name)
        return name


def _apart(phrases: Sequence[Phrase]) -> Iterator[str]:
    """Phrases that share no word with one already taken."""
    seen: set[str] = set()
    for phrase in phrases:
        stems = {stem(word) for word in words(phrase.text)}
        if stems and not stems & seen:
            seen |= stems
            yield phrase.text


def _joined(parts: Sequence[str]) -> str:
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]
