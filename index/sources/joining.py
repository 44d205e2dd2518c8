"""Joins the requests of one conversation, so that a log that repeats its history counts each conversation once.

Requests of one conversation are those with the same conversation id; where a log states none, those of one account that
begin alike, when one goes on from another's reply. A later request that repeats the earlier one takes its place; one
that adds only what is new is appended. Memory is bounded: the conversations heard of last are held back. A request
that comes long after the others of its conversation, or in another day's log, becomes a conversation of its own that says
it was resumed, by which the index knows the two as one.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from index.core.records import Conversation, spoken
from index.sources.base import JOINED, JOINED_MESSAGE, NO_USER_TEXT, Read, Skipped

PENDING_CONVERSATIONS = 4_096
PENDING_CHARS = 32_000_000
_MAX_TURNS = 2_000


class Found(NamedTuple):
    """A read with the conversation id that its record states. `item` may hold text: never print it."""

    read: Read
    thread: str | None
    is_message: bool = False
    """Whether the read is one message, whose conversation its id alone tells, whoever wrote it."""


class _Pending(NamedTuple):
    read: Read
    conversation: Conversation
    chars: int


def joined(found: Iterable[Found]) -> Iterator[Read]:
    """Every read once, in order, but for conversations: those come when no more of them is expected."""
    pending: OrderedDict[bytes, _Pending] = OrderedDict()
    chars = done = 0
    for read, thread, is_message in found:
        done = read.done
        if isinstance(read.item, Skipped):
            yield read
            continue
        key = _key(read.item, thread, is_message=is_message)
        earlier = pending.pop(key, None)
        one = _one(earlier.conversation, read.item, by_id=thread is not None) if earlier else None
        if earlier is not None:
            chars -= earlier.chars
            known = JOINED_MESSAGE if is_message else JOINED
            yield Read(read.where, done, Skipped(known)) if one else _emitted(earlier, done)
        where = earlier.read if earlier is not None and one else read
        one = one or replace(read.item, resumed=_had_answers(read.item))
        pending[key] = _Pending(where, one, _chars(one))
        chars += pending[key].chars
        while len(pending) > PENDING_CONVERSATIONS or (chars > PENDING_CHARS and len(pending) > 1):
            _, oldest = pending.popitem(last=False)
            chars -= oldest.chars
            yield _emitted(oldest, done)
    for last in pending.values():
        yield _emitted(last, done)


def _emitted(pending: _Pending, done: int) -> Read:
    is_spoken = bool(pending.conversation.said_by("user"))
    return Read(pending.read.where, done, pending.conversation if is_spoken else Skipped(NO_USER_TEXT))


def _key(conversation: Conversation, thread: str | None, *, is_message: bool) -> bytes:
    """By the stated id; else by account and first words. A digest: what is held longest is no text."""
    opening = thread if thread is not None else next(iter(conversation.said_by("user")), "")
    kind = "id" if thread is not None else "opening"
    account = "" if is_message else conversation.account or ""
    return hashlib.blake2b("\n".join((kind, account, opening)).encode(), digest_size=16).digest()


def _one(earlier: Conversation, later: Conversation, *, by_id: bool) -> Conversation | None:
    """Both as one conversation, or None where nothing says that they are one."""
    before, after = spoken(earlier), spoken(later)
    if after[: len(before)] == before and (by_id or _goes_on(earlier, later)):
        turns = later.turns
    elif before[: len(after)] == after and (by_id or _goes_on(later, earlier)):
        turns = earlier.turns
    elif by_id and len(earlier.turns) < _MAX_TURNS:
        # A list may have the newest first.
        is_before = earlier.time is not None and later.time is not None and later.time < earlier.time
        turns = (*later.turns, *earlier.turns) if is_before else (*earlier.turns, *later.turns)
    else:
        return None
    times = [moment for moment in (earlier.time, later.time) if moment is not None]
    flags = [flag for flag in (earlier.flagged, later.flagged) if flag is not None]
    return replace(
        earlier,
        turns=turns,
        account=earlier.account or later.account,
        time=min(times, default=None),
        flagged=any(flags) if flags else None,
        resumed=bool(earlier.resumed) and _had_answers(later),
        language=earlier.language or later.language,
    )


def _had_answers(request: Conversation) -> bool:
    """Whether something was answered before what the user says last."""
    roles = [turn.role for turn in spoken(request)]
    return "user" in roles and "assistant" in roles[: len(roles) - roles[::-1].index("user")]


def _goes_on(shorter: Conversation, longer: Conversation) -> bool:
    """Whether the longer goes on from what the shorter was answered; the same first words alone may be two people's."""
    was_answered = any(turn.role in ("assistant", "tool") for turn in shorter.turns)
    return was_answered and len(longer.turns) > len(shorter.turns)


def _chars(conversation: Conversation) -> int:
    return sum(len(turn.text) for turn in conversation.turns)
