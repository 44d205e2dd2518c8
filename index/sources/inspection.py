"""What a file would give, without taking it: counts and names of fields, never a text or a value.

It reads the file as ingest would, to its end or to a bound that it states, and keeps counters alone.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from index.core.records import Conversation
from index.sources.base import Skipped
from index.sources.files import FileSource, open_file
from index.sources.shapes.aliases import ALIASES
from index.sources.shapes.base import Record

MAX_RECORDS = 100_000
MAX_SECONDS = 30.0

_MAX_ACCOUNTS = 100_000
_MAX_FIELDS = 200
_FIELD_CHARS = 40
_REPORT_EVERY = 500
IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Field:
    """A field that records have: how many have it, and what becomes of it."""

    name: str
    records: int
    becomes: str


@dataclass(slots=True)
class Inspection:
    """What was seen. `complete` False: only the file's beginning was read, up to `MAX_RECORDS` or `MAX_SECONDS`.

    `records` counts those that were whole; `accounts` is None beyond 100,000. `first` and `last` bound the stated times.
    """

    name: str
    format: str
    unit: str
    records: int = 0
    conversations: int = 0
    complete: bool = True
    skipped: Counter[str] = field(default_factory=Counter)
    first_skips: dict[str, str] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    dated: int = 0
    with_account: int = 0
    accounts: int | None = 0
    flagged: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    surfaces: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    fields: list[Field] = field(default_factory=list)
    unread_accounts: tuple[str, ...] = ()
    """Fields that look like an account and that nobody reads."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("first", "last"):
            plain[name] = plain[name].isoformat() if plain[name] else None
        return plain | {"fields": [asdict(each) for each in self.fields]}


def inspect_file(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    report: Callable[[int, int], None] | None = None,
    max_records: int = MAX_RECORDS,
    name: str = "",
) -> Inspection:
    """Look at a file, called `name` where its path is none. `report` gets the progress. Raises IndexFault as `open_file` does."""
    source = open_file(path, mapping)
    seen = Inspection(name or source.name, source.format, source.shape.unit, unread_accounts=source.unread)
    accounts: set[int] = set()
    names: Counter[str] = Counter()

    def note(record: Record) -> None:
        if not seen.complete:
            return
        seen.records += 1
        names.update(name for key in record if (name := str(key)) in names or len(names) < _MAX_FIELDS)

    until = time.monotonic() + MAX_SECONDS
    reads = source.reads(note)
    for number, read in enumerate(reads, start=1):
        _count(seen, accounts, read.where, read.item)
        if number % _REPORT_EVERY == 0:
            if report:
                report(read.done, source.total)
            if seen.records >= max_records or time.monotonic() > until:
                seen.complete = False
                seen.complete = next(reads, None) is None
                break
    seen.accounts = len(accounts) if len(accounts) < _MAX_ACCOUNTS else None
    seen.fields = [Field(name[:_FIELD_CHARS], count, _becomes(source, name)) for name, count in names.most_common()]
    return seen


def _becomes(source: FileSource, name: str) -> str:
    plain = name.strip().lower().replace(" ", "_")
    names = (name, plain)
    stated = next((what for what, known in ALIASES.items() if any(each in known for each in names)), IGNORED)
    read = next((source.shape.fields[each] for each in names if each in source.shape.fields), None)
    return read or ("conversation id" if stated == "conversation" else stated)


def _count(seen: Inspection, accounts: set[int], where: str, item: Conversation | Skipped) -> None:
    if isinstance(item, Skipped):
        seen.skipped[item.reason] += 1
        seen.first_skips.setdefault(item.reason, where)
        return
    conversation = item
    seen.conversations += 1
    seen.turns.update(turn.role for turn in conversation.turns)
    seen.languages[conversation.language or "not stated"] += 1
    seen.surfaces[conversation.surface] += 1
    seen.flagged["not stated" if conversation.flagged is None else "yes" if conversation.flagged else "no"] += 1
    if conversation.account is not None:
        seen.with_account += 1
        if len(accounts) < _MAX_ACCOUNTS:
            accounts.add(hash(conversation.account))
    if conversation.time is not None:
        seen.dated += 1
        seen.first = min(filter(None, (seen.first, conversation.time)))
        seen.last = max(filter(None, (seen.last, conversation.time)))
