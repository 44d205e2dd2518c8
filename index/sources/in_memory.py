"""What is no file on this machine as one: standard input, and the objects of a store (s3://, gs://, az://).

Both are read more than once, so they are held in memory, and never written to disk (R1).
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Any, BinaryIO

from index.core.errors import IndexFault

STANDARD_INPUT = Path("-")
"""How standard input is named on a command line."""

MOST_BYTES = 2 * 1024**3
"""Objects of a store that are taken at once may have so many bytes together."""
MOST_OBJECTS = 500
"""Each object that is held is an open file, of which a process may have about a thousand."""

_HELD = "/proc/self/fd/"
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(?=[^/])")
"""The beginning of an address: a path on a command line has lost one of its slashes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file can be opened, and what to call it."""

    path: Path
    name: str


def standard_input() -> Place:
    """What standard input gives, under a path that this process can open any number of times."""
    if sys.stdin.isatty():
        raise IndexFault("Standard input is a terminal.", "Pipe a file into it: cat log.jsonl | shoal ingest -")
    return _held(sys.stdin.buffer, "standard input")


def is_held(path: Path) -> bool:
    """Whether a path leads into this process's memory, where no other process can read it."""
    return str(path).startswith(_HELD)


def address_of(path: Path) -> str | None:
    """The address in an object store that a path on a command line stands for; None: it is a path on this machine."""
    text = path.as_posix()
    found = _ADDRESS.match(text)
    return f"{found[1]}://{text[found.end() :]}" if found and found[1] != "file" else None


def objects_at(address: str) -> list[Place]:
    """The object at an address, or those under a prefix or pattern, in the order of their names. Raises IndexFault where the
    store cannot be reached or they are too much for memory."""
    with _explained(address):
        store, inside = _store_of(address)
        sizes = _sizes(store, inside)
        if not sizes:
            raise FileNotFoundError
        if len(sizes) > MOST_OBJECTS or sum(sizes.values()) > MOST_BYTES:
            raise IndexFault(
                f"{address} has {len(sizes):,} objects with {sum(sizes.values()) / 1e9:,.1f} GB; they are held in memory, so "
                f"{MOST_OBJECTS} with {MOST_BYTES / 1e9:,.1f} GB can be taken at once.",
                "Take a part after the other by a pattern: what is in the index already is recognised.",
            )
        return [_fetched(store, name) for name in sorted(sizes)]


def _store_of(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    found: tuple[Any, str] = url_to_fs(address)
    return found


def _sizes(store: Any, inside: str) -> dict[str, int]:
    """Names of objects and their sizes in bytes; hidden ones are not meant."""
    if has_magic(inside):
        found = store.glob(inside, detail=True)
    elif store.isdir(inside):
        found = store.find(inside, detail=True)
    else:
        found = {inside: store.info(inside)}
    return {
        name: int(said.get("size") or 0)
        for name, said in found.items()
        if said.get("type") != "directory" and not name.rsplit("/", 1)[-1].startswith(".")
    }


def _fetched(store: Any, name: str) -> Place:
    with store.open(name, "rb") as file:
        return _held(file, name.rsplit("/", 1)[-1])


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Errors of a store's own library as a fault that says what to do. Their text may hold credentials, so it is left out."""
    scheme = address.partition("://")[0]
    try:
        yield
    except IndexFault:
        raise
    except (ImportError, ValueError) as error:
        raise IndexFault(
            f"Addresses that begin with {scheme}:// cannot be read here.",
            'Install the library for this store: pip install "shoal[objects]" (s3://, gs://, az://).',
        ) from error
    except FileNotFoundError as error:
        raise IndexFault(
            f"There is nothing at {address}.", "Check the name of the bucket and of the object."
        ) from error
    except Exception as error:  # each store raises errors of its own kind
        raise IndexFault(
            f"{address} cannot be read ({type(error).__name__}).",
            "Check the network, the address, and the credentials that the store's own tools use.",
        ) from error


def _held(source: BinaryIO, name: str) -> Place:
    if not hasattr(os, "memfd_create"):
        raise IndexFault(f"This system cannot hold {name} in memory.", "Write it to a file and give that.")
    memory = os.memfd_create("shoal-input")
    with open(memory, "wb", closefd=False) as file:
        shutil.copyfileobj(source, file)
    return Place(Path(f"{_HELD}{memory}"), name)
