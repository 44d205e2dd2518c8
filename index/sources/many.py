"""Several files as one source: those that are named, and those in folders that are.

A file that holds no conversations costs itself: it is counted with its reason, and the others are read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path

from index.core.errors import IndexFault
from index.sources.base import Read, Skipped
from index.sources.files import FileSource, open_file, require_account
from index.sources.in_memory import STANDARD_INPUT, Place, address_of, objects_at, standard_input

NOT_READ = "a file that holds no conversations that Shoal reads"


@dataclass(frozen=True, slots=True)
class ManyFiles:
    """Files one after the other. `total` and `Read.done` count files; `unread` are those that could not be opened."""

    sources: tuple[FileSource, ...]
    unread: tuple[Place, ...]

    @property
    def name(self) -> str:
        return f"{len(self.sources)} files"

    @property
    def format(self) -> str:
        return "; ".join(dict.fromkeys(source.format for source in self.sources))

    @property
    def total(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[Read]:
        for number, source in enumerate(self.sources):
            for read in source:
                yield Read(f"{source.name} {read.where}", number, read.item)
        for place in self.unread:
            yield Read(place.name, self.total, Skipped(NOT_READ))


def open_files(
    paths: Sequence[Path],
    mapping: Mapping[str, str] | None = None,
    check: Callable[[FileSource], None] = require_account,
) -> FileSource | ManyFiles:
    """The files at these places, with those in folders. `check` looks at each before anything is read. Raises IndexFault as
    `open_file` does where one file is given, or where none of several can be read."""
    for path in paths:
        if path != STANDARD_INPUT and not address_of(path) and not path.exists() and not has_magic(str(path)):
            raise IndexFault(
                f"There is no file {path}.", "Check the path."
            )  # a file of a folder may be gone, a named one not
    files = [file for path in paths for file in files_at(path)]
    if not files:
        raise IndexFault(f"{paths[0]} is a folder without files.", "Give a file, or a folder that holds some.")
    if len(files) == 1:
        source = _opened(files[0], mapping)
        check(source)
        return source
    found: list[FileSource] = []
    faults: list[tuple[Place, IndexFault]] = []
    for file in files:
        try:
            found.append(_opened(file, mapping))
        except IndexFault as fault:
            faults.append((file, fault))
    if not found:
        raise faults[0][1]
    for source in found:
        check(source)
    return ManyFiles(tuple(found), tuple(file for file, _ in faults))


def _opened(place: Place, mapping: Mapping[str, str] | None) -> FileSource:
    try:
        return replace(open_file(place.path, mapping), name=place.name)
    except IndexFault as fault:
        raise IndexFault(fault.message.replace(str(place.path), place.name), fault.hint) from fault


def files_at(path: Path) -> list[Place]:
    """The file, the files of a folder or pattern, or the objects of a store, in the order of their names; hidden ones are not
    meant."""
    if path == STANDARD_INPUT:
        return [standard_input()]
    if address := address_of(path):
        return objects_at(address)
    return [Place(file, file.name) for file in _on_disk(path)]


def _on_disk(path: Path) -> list[Path]:
    if not path.exists() and has_magic(str(path)):
        return sorted(Path(found) for found in glob(str(path), recursive=True) if Path(found).is_file()) or [path]
    if not path.is_dir():
        return [path]
    inside = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts)]
