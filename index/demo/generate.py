"""Generates the synthetic demo corpus: everyday traffic with planted stories, the same for the same seed.

Everything is written for this project; no third-party data is used. The truth fields of a conversation must never
end up in a record: `as_record` is the only way a conversation leaves this package as data.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.demo.accounts import Account, background, population
from index.demo.canaries import canary_story
from index.demo.model import BACKGROUND_ACCOUNTS, TOTAL, DemoConversation, Ids, stream
from index.demo.stories import group_story, injection_story, reseller_story
from index.demo.storytexts import story_texts
from index.demo.texts import Language, languages
from index.demo.truth import summary

__all__ = ["DemoConversation", "as_record", "conversations", "truth"]


@dataclass(frozen=True, slots=True)
class _Corpus:
    conversations: list[DemoConversation]
    canaries: list[str]


def _english(known: tuple[Language, ...]) -> Language:
    for language in known:
        if language.code == "en":
            return language
    raise ValueError("texts: there must be a language file with code 'en'")


def _planted(seed: int, ids: Ids, accounts: list[Account], known: tuple[Language, ...]) -> _Corpus:
    texts = story_texts()
    english = _english(known)
    found: list[DemoConversation] = []
    for group in texts.groups:
        found.extend(group_story(stream(seed, group.theme.id), ids, group, accounts))
    found.extend(reseller_story(stream(seed, "reseller"), ids, texts.reseller, known))
    found.extend(injection_story(stream(seed, "injections"), texts.injections, accounts, english))
    people, canaries = canary_story(stream(seed, "canaries"), texts.canaries, accounts, english)
    return _Corpus([*found, *people], canaries)


def _corpus(seed: int) -> _Corpus:
    """All conversations in time order; everyday traffic fills up what the stories leave of the fixed total."""
    known = languages()
    ids = Ids(stream(seed, "account ids"), "acct", 6)
    accounts = population(stream(seed, "accounts"), ids, known, BACKGROUND_ACCOUNTS)
    planted = _planted(seed, ids, accounts, known)
    room = TOTAL - len(planted.conversations)
    everyday = background(stream(seed, "background"), accounts, room, story_texts().system_prompts)
    ordered = sorted(
        [*planted.conversations, *everyday],
        key=lambda conversation: (conversation.time, conversation.account, conversation.messages),
    )
    names = Ids(stream(seed, "conversation ids"), "conv", 8)
    return _Corpus([replace(conversation, id=names.new()) for conversation in ordered], planted.canaries)


def conversations(seed: int = 7) -> Iterator[DemoConversation]:
    """The whole corpus in time order."""
    return iter(_corpus(seed).conversations)


def as_record(conversation: DemoConversation) -> dict[str, object]:
    """The documented JSONL shape of one conversation, without any truth."""
    return {
        "id": conversation.id,
        "account": conversation.account,
        "time": conversation.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "messages": [{"role": role, "content": text} for role, text in conversation.messages],
        "flagged": conversation.flagged,
        "surface": conversation.surface,
    }


def truth(seed: int = 7) -> dict[str, object]:
    """What was planted in the corpus of this seed."""
    corpus = _corpus(seed)
    return summary(seed, corpus.conversations, corpus.canaries, story_texts())
