"""The conversations inside a zip: the account exports of ChatGPT and Claude.

Only `conversations.json` (or its numbered parts) is read, and of ChatGPT's `user.json` the id. The other members
(projects, feedback, files) are passed over unread, and their names, which people chose, are never shown. A zip that was
cut off has lost its table of contents; its members are then found one after the other.
"""

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from index.core.errors import IndexFault
from index.sources.shapes.base import optional_text
from index.sources.streams import PIECE, Damaged, Stream, inflated, unpacked

ZIP_HEADS = (b"PK\x03\x04", b"PK\x05\x06")

_CONVERSATIONS = re.compile(r"conversations(-\d{1,4})?\.json", re.IGNORECASE)
RECORDS = re.compile(r"\.(?:json|jsonl|ndjson|csv|tsv|txt)$", re.IGNORECASE)
"""Names of files that can hold records."""
_LOCAL = struct.Struct("<4s5H3I2H")
_MAX_USER_BYTES = 1024 * 1024
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, OverflowError, OSError, RuntimeError)
"""What `zipfile` raises for bytes that are not as they should be (RuntimeError: encrypted, or a method it lacks)."""
_AGAIN = "Download the export again, or give the conversations.json inside it."


@dataclass(frozen=True, slots=True)
class Member:
    """One part of the conversations. `offset` is where its bytes begin; `size` counts them packed, 0 when not known."""

    name: str
    offset: int
    method: int
    size: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip with conversations. `owner` is the account its user.json states; `whole` False: it was cut off."""

    reopen: Callable[[], BinaryIO]
    members: tuple[Member, ...]
    owner: str | None
    whole: bool

    def open(self, member: Member) -> Stream:
        """A member's bytes; positions are those in the zip."""
        file = self.reopen()
        if self.whole:
            return unpacked(_pieces(file, member.name), file)
        file.seek(member.offset)
        return unpacked(inflated(file, -15) if member.method == _DEFLATED else _stored(file, member.size), file)


def open_archive(name: str, reopen: Callable[[], BinaryIO]) -> Archive:
    """The archive's conversations. Raises IndexFault for a zip that holds none or cannot be read."""
    with reopen() as file:
        try:
            found = _listed(name, zipfile.ZipFile(file))
        except _UNREADABLE:
            file.seek(0)
            return Archive(reopen, _salvaged(name, file), None, whole=False)
    return Archive(reopen, *found, whole=True)


def _listed(name: str, archive: zipfile.ZipFile) -> tuple[tuple[Member, ...], str | None]:
    wanted = [info for info in archive.infolist() if _holds_conversations(info.filename)]
    if not wanted:
        # No account export: any files of records, of one kind, by their names.
        others = [
            info
            for info in archive.infolist()
            if RECORDS.search(info.filename) and "__MACOSX" not in info.filename and not _is_about(info.filename)
        ]
        kinds = {PurePosixPath(info.filename).suffix.lower() for info in others}
        wanted = others if len(kinds) == 1 else []
    if not wanted:
        files = sum(not info.is_dir() for info in archive.infolist())
        raise _without(name, files)
    for info in wanted:
        if info.flag_bits & _ENCRYPTED:
            raise _encrypted(name)
        if info.compress_type not in (_STORED, _DEFLATED):
            raise IndexFault(f"{name} is packed by a method that Shoal does not read.",
                             "Unpack it and give the conversations.json inside it.")  # fmt: skip
    members = [Member(info.filename, info.header_offset, info.compress_type, info.compress_size)
               for info in sorted(wanted, key=lambda info: info.header_offset)]  # fmt: skip
    return tuple(members), _owner(archive)


_ABOUT = frozenset(
    f"{name}.json"
    for name in (
        "user",
        "users",
        "projects",
        "channels",
        "dms",
        "groups",
        "mpims",
        "integration_logs",
        "canvases",
        "lists",
    )
)
"""Files of an export that say who and where, and hold no message."""


def _is_about(name: str) -> bool:
    return PurePosixPath(name).name in _ABOUT


def _holds_conversations(name: str) -> bool:
    path = PurePosixPath(name)
    return _CONVERSATIONS.fullmatch(path.name) is not None and "__MACOSX" not in path.parts


def _owner(archive: zipfile.ZipFile) -> str | None:
    """The id in ChatGPT's user.json: whose all of its conversations are."""
    for info in archive.infolist():
        if PurePosixPath(info.filename).name == "user.json" and info.file_size <= _MAX_USER_BYTES:
            try:
                with archive.open(info) as file:
                    user = json.loads(file.read(_MAX_USER_BYTES))
            except (RecursionError, EOFError, *_UNREADABLE):
                return None
            return optional_text(user.get("id")) if isinstance(user, dict) else None
    return None


def _pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file) as archive, archive.open(name) as member:
            while piece := member.read(PIECE):
                yield piece
    except _UNREADABLE as error:
        raise Damaged from error


def _salvaged(name: str, file: BinaryIO) -> tuple[Member, ...]:
    """The conversations found by walking from member to member, as far as the file goes."""
    found: list[Member] = []
    files = 0
    while (member := _next_member(name, file)) is not None:
        files += 1
        if _holds_conversations(member.name):
            found.append(member)
        if not _passed(file, member):
            break
    if not found:
        raise IndexFault(f"{name} is a damaged or cut off zip; no conversations were found in it.", _AGAIN)
    return tuple(found)


def _next_member(name: str, file: BinaryIO) -> Member | None:
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != ZIP_HEADS[0]:
        return None
    _, _, flags, method, _, _, _, size, _, name_length, extra_length = _LOCAL.unpack(head)
    encoded = file.read(name_length)
    file.seek(extra_length, 1)
    path = encoded.decode("utf-8", "replace")
    if _holds_conversations(path) and flags & _ENCRYPTED:
        raise _encrypted(name)
    is_told_later = bool(flags & _SIZES_FOLLOW) or size == 0xFFFFFFFF
    return Member(path, file.tell(), method, 0 if is_told_later else size)


def _passed(file: BinaryIO, member: Member) -> bool:
    """Move behind a member's bytes; False where its end cannot be found."""
    if member.size:
        file.seek(member.size, 1)
        return True
    if member.method != _DEFLATED:
        return member.method == _STORED and not member.name.endswith(".json")
    inflater = zlib.decompressobj(-15)
    waiting = b""
    try:
        while not inflater.eof:
            if not waiting and not (waiting := file.read(PIECE)):
                return False
            inflater.decompress(waiting, PIECE)
            waiting = inflater.unconsumed_tail
    except zlib.error:
        return False
    file.seek(-len(inflater.unused_data), 1)
    return _behind_descriptor(file)


def _behind_descriptor(file: BinaryIO) -> bool:
    """Move behind the sizes that follow a member: with or without a signature, of 32 or 64 bits."""
    after = file.read(28)
    place = after.find(ZIP_HEADS[0])
    if place < 0:
        return False
    file.seek(place - len(after), 1)
    return True


def _stored(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = file.read(min(size, PIECE))
        if not piece:
            raise EOFError
        size -= len(piece)
        yield piece


def _without(name: str, files: int) -> IndexFault:
    return IndexFault(
        f"{name} is a zip of {files} files, none of them a conversations.json.",
        "Of zips, Shoal reads account exports, and files of records of one kind (.json, .jsonl, .csv). Unpack any other.",
    )


def _encrypted(name: str) -> IndexFault:
    return IndexFault(f"{name} is encrypted.", "Unpack it with its password and give the conversations.json inside it.")
