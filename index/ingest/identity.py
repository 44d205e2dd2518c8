"""By what a conversation is known: its content address, those of its beginnings, and what a later log goes on from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.core.records import Conversation, Turn, spoken
from index.privacy.sealing import Sealer
from index.sources import Read, Skipped


class Candidate(NamedTuple):
    """A conversation that may be new to an index."""

    where: str
    id: str
    shorter: Sequence[str]
    """The ids of its beginnings, each of which an earlier log may have ended with."""
    ending: str | None
    beginnings: Sequence[str]
    conversation: Conversation


def candidates(sealer: Sealer, batch: Sequence[Read]) -> Iterator[Candidate]:
    """The conversations of a batch, with what each is known by."""
    for read in batch:
        if not isinstance(read.item, Skipped):
            *shorter, identity = _identities(sealer, read.item)
            *begun, ending = _endings(sealer, read.item) or (None,)
            beginnings = begun if read.item.resumed else ()
            yield Candidate(read.where, identity, shorter, ending, beginnings, read.item)


def counted(sealer: Sealer, item: Candidate, repeats: Counter[str]) -> Candidate:
    """With its number in its id, where a source states neither id, nor account with time, and says the same again: that is
    another conversation, and read again it gets the same number."""
    conversation = item.conversation
    if conversation.id is not None or (conversation.account is not None and conversation.time is not None):
        return item
    repeats[item.id] += 1
    number = repeats[item.id]
    return item if number == 1 else item._replace(id=sealer.content([item.id, str(number)]))


def bare(conversation: Conversation) -> Conversation:
    """The conversation without its text."""
    return replace(conversation, turns=tuple(Turn(turn.role, "…") for turn in conversation.turns if turn.text.strip()))


def _identities(sealer: Sealer, conversation: Conversation) -> list[str]:
    """The id of this conversation, last, after those of the shorter forms in which an earlier log may have held it:
    its beginnings that were answered. Without account and time two people's conversations may begin alike."""
    begun = [conversation.account or "", conversation.time.isoformat() if conversation.time else ""]
    if not all(begun) and conversation.id is not None:
        # Its own id tells it from another that somebody else may have begun, and ended, alike.
        begun = [*begun, conversation.id]
    ids = sealer.contents(begun + [f"{turn.role}\n{turn.text}" for turn in conversation.turns])[len(begun) :]
    answered = next((place for place, turn in enumerate(conversation.turns) if turn.role == "assistant"), len(ids))
    return [*ids[answered:-1], ids[-1]] if any(begun) else ids[-1:]


def _endings(sealer: Sealer, conversation: Conversation) -> list[str]:
    """By what this conversation is known when a later log goes on with it, last, after the same of its beginnings:
    its account and what both sides said, at whatever time. Nothing, where the source tells whole conversations, or no
    account by whom two that begin alike would be told apart."""
    if conversation.resumed is None or conversation.account is None:
        return []
    said = spoken(conversation)
    answered = next((place for place, turn in enumerate(said) if turn.role == "assistant"), len(said))
    keys = sealer.contents([conversation.account, "at any time", *(f"{turn.role}\n{turn.text}" for turn in said)])
    return [*keys[2 + answered : -1], keys[-1]] if answered < len(said) else []
