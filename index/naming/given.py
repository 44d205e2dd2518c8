"""Names that analysts gave to themes, kept with the index.

A cluster keeps its id from one snapshot to the next, and so does its given name. Whether a name may be given is decided in
`tools.naming.given_names`, before it is written here; this file holds nothing that was read from a conversation.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from index.core.errors import IndexFault
from index.core.files import written_whole

FILE = "names.json"


@dataclass(frozen=True, slots=True)
class GivenName:
    """What an analyst calls a theme. `by` is who gave the name, `on` the day, ISO."""

    text: str
    by: str
    on: str


def read_names(folder: Path) -> dict[str, GivenName]:
    """Given names by cluster. Raises IndexFault where the file is damaged."""
    file = folder / FILE
    if not file.exists():
        return {}
    try:
        return {str(cluster): GivenName(**values) for cluster, values in json.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        raise IndexFault(
            f"The file of themes' names {file} is damaged.",
            "Correct it, or delete it: themes have their own names then.",
        ) from None


@contextmanager
def names_in_turn(folder: Path) -> Iterator[None]:
    """Reading and writing the names, one process after the other."""
    with (folder / FILE).with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def write_names(folder: Path, names: Mapping[str, GivenName]) -> None:
    """Keep these names, whole or not at all."""
    stored = {cluster: asdict(name) for cluster, name in sorted(names.items())}
    with written_whole(folder / FILE) as partial:
        partial.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", "utf-8")
