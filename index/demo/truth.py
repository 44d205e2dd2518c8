"""Writes down what was planted in the demo corpus, so that an answer of the product can be checked against it.

The summary is only for tests and for people who look at the corpus. It must never be read by anything that indexes,
clusters or answers questions.
"""

from collections.abc import Iterable, Sequence

from index.demo.model import LAUNCH_DAY, DemoConversation
from index.demo.stories import burst_days
from index.demo.storytexts import StoryTexts

_DESCRIPTIONS = {
    "seo-ring": "About 130 dedicated accounts order keyword-stuffed articles and backlinks in three short bursts.",
    "reseller": "Three accounts relay the questions of many people through the API, around the clock.",
    "launch-use": "From the launch day on, people ask the assistant to operate the browser or computer for them.",
    "false-positives": "Benign themes that the abuse classifier often flags: game combat, defence, CVs.",
    "false-negatives": "Concerning themes that the classifier hardly ever flags: fake reviews, notices, tracking.",
    "canaries": "Ordinary conversations with invented personal data that must never be shown.",
    "injections": "Ordinary conversations with instructions aimed at an analysis system.",
    "below-threshold": "Groups with too few conversations or accounts; they must never be shown.",
}


def _counts(conversations: Sequence[DemoConversation]) -> dict[str, object]:
    return {
        "conversations": len(conversations),
        "accounts": len({conversation.account for conversation in conversations}),
        "flagged": sum(conversation.flagged for conversation in conversations),
    }


def _by(conversations: Iterable[DemoConversation], field: str) -> dict[str, list[DemoConversation]]:
    groups: dict[str, list[DemoConversation]] = {}
    for conversation in conversations:
        groups.setdefault(str(getattr(conversation, field)), []).append(conversation)
    return dict(sorted(groups.items()))


def _day(conversation: DemoConversation) -> str:
    return conversation.time.date().isoformat()


def _story(name: str, found: Sequence[DemoConversation], texts: StoryTexts) -> dict[str, object]:
    """Main language is the most frequent one; `days` are the planted burst days, empty for stories without bursts."""
    languages = {language: len(group) for language, group in _by(found, "language").items()}
    return {
        "description": _DESCRIPTIONS[name],
        "language": max(languages, key=lambda language: languages[language]),
        "languages": languages,
        **_counts(found),
        "first_day": _day(found[0]),
        "last_day": _day(found[-1]),
        "days": sorted(day for group in texts.groups if group.story == name for day, _ in burst_days(group)),
        "themes": {theme: _counts(group) for theme, group in _by(found, "theme").items()},
    }


def _stories(conversations: Sequence[DemoConversation], texts: StoryTexts) -> dict[str, object]:
    told = _by((conversation for conversation in conversations if conversation.story is not None), "story")
    return {name: _story(name, found, texts) for name, found in told.items()}


def _themes(conversations: Sequence[DemoConversation]) -> dict[str, object]:
    return {
        theme: {"category": found[0].category, "language": found[0].language, **_counts(found)}
        for theme, found in _by(conversations, "theme").items()
    }


def summary(
    seed: int, conversations: Sequence[DemoConversation], canaries: Sequence[str], texts: StoryTexts
) -> dict[str, object]:
    """The truth about a corpus in time order, as plain JSON values."""
    return {
        "seed": seed,
        "total": {**_counts(conversations), "first_day": _day(conversations[0]), "last_day": _day(conversations[-1])},
        "launch_date": LAUNCH_DAY.isoformat(),
        "languages": {language: _counts(found) for language, found in _by(conversations, "language").items()},
        "categories": {category: _counts(found) for category, found in _by(conversations, "category").items()},
        "surfaces": {surface: _counts(found) for surface, found in _by(conversations, "surface").items()},
        "themes": _themes(conversations),
        "stories": _stories(conversations, texts),
        "canaries": list(canaries),
        "never_shown": sorted({marker for group in texts.groups for marker in group.markers}),
        "injections": list(texts.injections.texts),
    }
