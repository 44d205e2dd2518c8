"""Opens a file of conversations, recognised by content: its packing, its container, and the shape of its records.

Every whole record is read, whatever is wrong with others. What cannot be a log of conversations (a folder, a binary, an
empty file, another encoding, JSON of another shape) is refused before anything is written.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.core.errors import IndexFault
from index.core.records import Conversation
from index.sources.base import NO_USER_TEXT, NOT_OBJECT, OTHER_SHAPE, TOO_DEEP, Read, Skipped
from index.sources.containers import Container, containers_of
from index.sources.joining import Found, joined
from index.sources.shapes import SHAPES, BadRecord, Record, Shape, is_readable, recognise, recognise_inside
from index.sources.shapes.aliases import completed, conversation_id, holds_several, unread_accounts
from index.sources.shapes.base import decoded, opened
from index.sources.shapes.days import is_day_first, with_day_first
from index.sources.shapes.exports import EXPORT_OWNER
from index.sources.shapes.message_rows import NO_ID, WHOLE_FILE, is_without_id
from index.sources.shapes.speakers import is_dialogue, is_log, says_who
from index.sources.shapes.table import has_column, has_text, mapped, obvious
from index.sources.streams import packing_of

_DOCS = "See docs/reference/shapes.md for the forms that are read and their fields."
_HEADER_WORDS = set(
    "account answer content conversation created date datetime id input lang language message messages model output"
    " prompt query question response role session text time timestamp ts user uuid".split()
)
_NAMELIKE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,39}")


@dataclass(frozen=True, slots=True)
class FileSource:
    """A log on disk. `total` and `Read.done` are bytes on disk, or rows of a Parquet file."""

    path: Path
    name: str
    format: str
    shape: Shape
    container: Container
    owner: str | None
    is_day_first: bool = False
    """Whether dates such as 10/05/2025 are of May: a row of the sample shows it."""
    unread: tuple[str, ...] = ()
    """Fields that look like an account, where no conversation of the sample has one: nobody reads them."""

    @property
    def total(self) -> int:
        return self.container.total

    def __iter__(self) -> Iterator[Read]:
        return self.reads(_unseen)

    def reads(self, seen: Callable[[Record], None]) -> Iterator[Read]:
        """Every read; `seen` gets each record as it is in the file, for a look at its fields."""
        if self.shape.thread is None:
            return (found.read for found in self._found(seen))
        return joined(self._found(seen))

    def _found(self, seen: Callable[[Record], None]) -> Iterator[Found]:
        for where, done, value in self.container.rows():
            for record in self.unfolded(value):
                if isinstance(record, Mapping):
                    seen(record)
                item, thread = self.converted(record)
                yield Found(Read(where, done, item), thread, self.shape.is_message)

    def unfolded(self, value: object) -> Iterator[object]:
        """The records that a container's value holds; a Skipped for what is none of this file's shape."""
        value = opened(value)
        if not isinstance(value, Mapping):
            yield value if isinstance(value, Skipped) else Skipped(NOT_OBJECT)
        elif not self._shape_of(value):
            yield Skipped(OTHER_SHAPE)
        elif self.shape.unfold is None:
            yield value
        else:
            yield from self.shape.unfold(value)

    def _shape_of(self, record: Record) -> Shape | None:
        if self.shape.fits(record):
            return self.shape
        related = (shape for shape in SHAPES if shape.family and shape.family == self.shape.family)
        return next((shape for shape in related if shape.fits(record)), None)

    def converted(self, record: object) -> tuple[Conversation | Skipped, str | None]:
        """A record as a conversation, with the id of the conversation that it is a part of."""
        if isinstance(record, Skipped):
            return record, None
        if not isinstance(record, Mapping):
            return Skipped(NOT_OBJECT), None
        shape = self._shape_of(record) or self.shape
        record = decoded(record)
        record = with_day_first(record) if self.is_day_first else record
        try:
            conversation = shape.convert(record)
            thread = shape.thread(record) if shape.thread else None
        except BadRecord as error:
            return Skipped(str(error)), None
        except RecursionError:
            return Skipped(TOO_DEEP), None
        conversation = completed(conversation, record)
        if shape.is_message and not conversation.said_by("user"):
            conversation = replace(conversation, account=None)  # an answer's row may bear the assistant's own id
        if not conversation.said_by("user") and not shape.is_message:
            return Skipped(NO_USER_TEXT), None
        if self.owner and conversation.account == EXPORT_OWNER:
            conversation = replace(conversation, account=self.owner)
        return conversation, thread


def _unseen(_: Record) -> None:
    """Nobody looks at the records of an ingest."""


def open_file(path: Path, mapping: Mapping[str, str] | None = None) -> FileSource:
    """Recognise a file. Raises IndexFault saying what is wrong with it and what to do."""
    _check_place(path)
    packing = packing_of(path)
    containers, owner = containers_of(path, packing)
    said = mapping or {}
    looked: list[tuple[Container, list[object]]] = []

    def source(shape: Shape, container: Container, sample: list[object]) -> FileSource:
        form = ", ".join(filter(None, (shape.name, container.label, packing)))
        found = FileSource(path, path.name, form, _joined(shape, sample), container, owner, is_day_first(sample))
        return found if "account" in said else replace(found, unread=_unread(found, sample))

    for container in containers:
        sample = [opened(value) for value in container.sample()]
        if looked and _is_inner(container) and sum(isinstance(row, Mapping) for row in looked[0][1]) > 1:
            break  # the file is lines of records: lists inside them are no files of their own
        looked.append((container, sample))
        if (shape := _shape(container, sample, said)) is not None:
            return source(shape, container, sample)
    for container, sample in looked:
        if not said and (shape := _guessed(container, sample)) is not None:
            return source(shape, container, sample)
    # Lists in a document first: of a whole document one list alone would be read.
    for container, sample in sorted(looked, key=lambda each: not _is_inner(each[0])):
        if not said and (shape := recognise_inside(sample)) is not None:
            return source(shape, container, sample)
    raise _unrecognised(path, looked, said)


def _joined(shape: Shape, sample: list[object]) -> Shape:
    """The shape, which joins records by their conversation id only where they state one."""
    if shape.thread is conversation_id and not any(conversation_id(row) for row in sample if isinstance(row, Mapping)):
        return replace(shape, thread=None)
    return shape


def _is_file_of(shape: Shape, container: Container, sample: list[object]) -> bool:
    """Whether a container can hold records of a shape: a list inside a record is a file of messages only where these are of
    several conversations, and only a JSON array is
    taken to be the messages of one conversation that says nothing of itself."""
    if shape.name == WHOLE_FILE:
        return container.label.startswith("JSON array")
    if not (shape.is_message and container.label.startswith("JSON document")):
        return True
    return holds_several(sample)


def _unread(source: FileSource, sample: list[object]) -> tuple[str, ...]:
    converted = (source.converted(record) for value in sample for record in source.unfolded(value))
    if any(isinstance(item, Conversation) and item.account is not None for item, _ in converted):
        return ()
    return unread_accounts(sample)


def require_account(source: FileSource) -> None:
    """Refuse a file whose accounts nobody reads: each of its conversations would count as somebody else's. Raises
    IndexFault."""
    if source.unread:
        shown = ", ".join(name[:40] for name in source.unread[:4])
        raise IndexFault(
            f"{source.path} states no account that Shoal reads, and has fields that look like one: {shown}.",
            f"Say which it is: --map account={source.unread[0][:40]}, or --no-accounts if none is.",
        )


def _shape(container: Container, sample: list[object], mapping: Mapping[str, str]) -> Shape | None:
    columns = _columns(container, sample)
    base = None if has_text(mapping) else recognise(sample)
    if base is not None and not _is_file_of(base, container, sample):
        base = None
    if base is None and mapping and not has_text(mapping):
        mapping = {**obvious(columns), **mapping}  # what the names say by themselves, and what was said beside it
    if not mapping:
        return base
    if (base is None and not has_text(mapping)) or _missing(mapping, columns, sample):
        return None
    return mapped(mapping, base)


def _guessed(container: Container, sample: list[object]) -> Shape | None:
    """What names of columns suggest by themselves, where that gives a conversation."""
    if any(map(is_without_id, sample)):
        return None
    columns = _columns(container, sample)
    mapping = obvious(columns)
    is_lone = not {"response", "conversation"} & mapping.keys()
    if is_lone and (
        _is_inner(container) or any(map(says_who, sample)) or is_log(columns) or is_dialogue(sample, mapping)
    ):
        return None  # messages whose speaker nobody can tell: an answer would count as a user's words
    if not mapping or ("conversation" in mapping and not container.columns):
        return None  # a list of messages has a shape of its own, or none
    shape = mapped(mapping, None)
    return shape if is_readable(shape, sample) else None


def _is_inner(container: Container) -> bool:
    """Whether its records are the items of a list inside a document."""
    return container.label.split(",")[0] == "JSON document"


def _columns(container: Container, sample: list[object]) -> tuple[str, ...]:
    """The columns of a table; of other containers the fields that the first records have."""
    keys = (str(key) for record in sample if isinstance(record, Mapping) for key in record)
    return container.columns or tuple(dict.fromkeys(keys))


def _missing(mapping: Mapping[str, str], columns: Sequence[str], sample: Sequence[object]) -> list[str]:
    """Mapped columns that neither the table nor any record of the sample has."""
    records = [record for record in sample if isinstance(record, Mapping)]
    return [
        column
        for column in mapping.values()
        if column not in columns and not any(has_column(record, column) for record in records)
    ]


def _check_place(path: Path) -> None:
    try:
        if not path.exists():
            raise IndexFault(f"There is no file {path}.", "Check the path.")
        if path.is_dir():
            raise IndexFault(f"{path} is a folder.", "Give one file of conversations; run the command once a file.")
        if not path.is_file():
            raise IndexFault(
                f"{path} is not a file.", "Write what it gives to a file first: it is read more than once."
            )
    except OSError as error:
        raise IndexFault(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.") from error


def _unrecognised(path: Path, looked: list[tuple[Container, list[object]]], mapping: Mapping[str, str]) -> IndexFault:
    container, sample = next(((each, rows) for each, rows in looked if _columns(each, rows)), looked[0])
    columns = _columns(container, sample)
    missing = _missing(mapping, columns, sample)
    if mapping and columns and missing:
        return IndexFault(f"{path} has no column {', '.join(missing)}; {_named(container, columns)}.",
                          "Correct --map; names must be written as the file writes them.")  # fmt: skip
    if mapping and columns:
        return IndexFault(f"--map does not say which column of {path} holds the text; {_named(container, columns)}.",
                          "Add --map prompt=COLUMN or --map conversation=COLUMN.")  # fmt: skip
    if any(map(is_without_id, sample)):
        return IndexFault(f"{path}: {NO_ID}.", "Add a column such as conversation_id, or group the rows first.")
    answers = [row for row in sample if isinstance(row, Mapping) and "custom_id" in row and "result" in row]
    if answers:
        return IndexFault(f"{path} holds the answers of a batch and not its requests.", "Give the file of requests.")
    if any(isinstance(row, Mapping) and "url" in str(row) and {"files", "export_id"} <= row.keys() for row in sample):
        return IndexFault(
            f"{path} is the manifest of an export: links to its parts.",
            "Download the parts it links to and give these.",
        )
    if container.columns:
        return IndexFault(f"{path} is a table whose columns Shoal does not know; {_named(container, columns)}.",
                          f"Say which is which: --map prompt=COLUMN --map account=COLUMN. {_DOCS}")  # fmt: skip
    if columns:
        shown = ", ".join(repr(column[:24]) for column in columns[:8])
        seen = f" (its first record has the fields {shown})"
    else:
        reasons = sorted({row.reason for row in sample if isinstance(row, Skipped)})
        seen = f" (every record is {' or '.join(reasons)})" if reasons else ""
    return IndexFault(f"{path} holds no conversations that Shoal recognises{seen}.",
                      f"Say which field is which with --map, or export it in another form. {_DOCS}")  # fmt: skip


def _named(container: Container, columns: tuple[str, ...]) -> str:
    """The columns; of a CSV file only where its first row is surely a header, as it may be a record."""
    words = {word for column in columns for word in re.split(r"[_.\-]", column.lower())}
    is_header = all(_NAMELIKE.fullmatch(column) for column in columns) and bool(words & _HEADER_WORDS)
    if container.label.startswith("CSV") and not is_header:
        return "its first row is not shown, because it may be a record and not the names of columns"
    shown = ", ".join(column[:40] for column in columns[:20])
    return f"its columns are {shown}" + (" and others" if len(columns) > 20 else "")
