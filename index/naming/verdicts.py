"""Names that may stand: a namer's proposals, checked, and asked for once more where one fails.

One place decides whether a proposed name may be used (`verdicts`). A name that fails is tried again once, the namer
being told which words it may not use and never why; what fails again is no name, and its group is shown without one.
Nothing here may let a name through because it is a second try.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import regex

from index.core.words import specifics, stem, words
from index.naming.samples import Member, Namer, NamingSample
from index.privacy.auditor.rules import judge
from index.vocabulary import public_part


@dataclass(frozen=True, slots=True)
class ToName:
    """A group to name: what its namer is shown, and the members whose accounts must attest the name."""

    sample: NamingSample
    members: Sequence[Member] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a name may be used. Where not, `barred` are the stems that prevented it."""

    stands: bool
    barred: frozenset[str] = frozenset()


async def settled_names(
    namer: Namer, groups: Sequence[ToName], min_accounts: int, proposed: Sequence[str | None] = ()
) -> list[str | None]:
    """A name a group that passed every check, or None. `proposed` are first proposals made elsewhere, one a group; the
    namer is then asked only for those that fail or are missing."""
    if not groups:
        return []
    names = list(proposed) or list(await namer.name_groups([group.sample for group in groups]))
    judged = verdicts(names, groups, min_accounts)
    again = [
        place for place, verdict in enumerate(judged) if not verdict.stands and (proposed or names[place] is not None)
    ]
    settled = [name if verdict.stands else None for name, verdict in zip(names, judged, strict=True)]
    if not again:
        return settled
    taken = tuple(name for name in settled if name)
    retried = [
        replace(groups[place], sample=replace(groups[place].sample, barred=judged[place].barred, taken=taken))
        for place in again
    ]
    second = list(await namer.name_groups([group.sample for group in retried]))
    for place, name, verdict in zip(again, second, verdicts(second, retried, min_accounts), strict=True):
        settled[place] = name if verdict.stands and name not in taken else None
    return settled


def verdicts(names: Sequence[str | None], groups: Sequence[ToName], min_accounts: int) -> list[Verdict]:
    """The verdict on each proposed name: no identifier in it, no objection by the rules of the auditor (R11), and every
    specific attested by its group (R6). A label of the public vocabulary needs neither: no word of it comes from a
    conversation."""
    return [
        _verdict(name, group, min_accounts) if name else Verdict(False)
        for name, group in zip(names, groups, strict=True)
    ]


def _verdict(name: str, group: ToName, min_accounts: int) -> Verdict:
    public, name = public_part(name, [label.text for label in group.sample.labels])
    if public and not name:
        return Verdict(True)
    if not is_clean(name) or judge(name).is_rejected:
        return Verdict(False, frozenset(specifics(name)))
    barred = frozenset(unattested(name, group.members, min_accounts))
    return Verdict(not barred, barred)


def unattested(name: str, members: Sequence[Member], min_accounts: int) -> set[str]:
    """Stems of the name's specifics that fewer than `min_accounts` accounts of its group used."""
    missing = set(specifics(name))
    users: dict[str, set[int]] = defaultdict(set)
    for member in members:
        if not missing:
            break
        for word in missing & attests(member.text, member.language):
            users[word].add(member.account)
            if len(users[word]) >= min_accounts:
                missing.discard(word)
    return missing


def attests(text: str, language: str) -> frozenset[str]:
    """What a conversation attests: the specifics of its summary, and its language's name."""
    return frozenset(specifics(text)) | {stem(word) for word in words(language)}


_UNSPEAKABLE = regex.compile(
    r"[[\p{So}\p{Co}\p{Cn}\p{Cc}\p{Cf}\p{Cs}]--[°©®™]]|(?:[^\p{L}\p{M}\p{N}\s]\s?){5}", regex.V1
)


def is_clean(text: str) -> bool:
    """Whether a name consists of words and ordinary punctuation, and no detector objects. Characters that nobody sees,
    letters drawn as symbols (squared letters, regional indicators, braille) and long runs of signs can carry what no
    word of the text attests."""
    from index.screening import mask

    return _UNSPEAKABLE.search(text) is None and mask(text) == text
