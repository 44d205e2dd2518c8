"""The indexes of a home: which there are, and whether one can be asked."""

from dataclasses import dataclass
from pathlib import Path

from agent.wiring import App
from index.core.errors import IndexFault
from index.snapshots.history import newest


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One index. `snapshot` is its newest, 0 where none is published; `conversations` (rounded down to tens), `clusters` and
    `published` are that snapshot's. `problem` says why it cannot be read, where that is so."""

    name: str
    path: str
    is_default: bool
    snapshot: int = 0
    conversations: int = 0
    clusters: int = 0
    published: str = ""
    problem: str = ""


def indexes(app: App) -> list[IndexEntry]:
    """Every index under the home, by name, and the one that is open where it lies elsewhere."""
    home = app.home.root / "indexes"
    default = app.home.index_path(app.settings.index)
    found = {file.parent for file in home.glob("*/index.toml")}
    if (app.path / "index.toml").exists():
        found.add(app.path)
    return [_entry(path, is_default=path == default) for path in sorted(found)]


def _entry(path: Path, *, is_default: bool) -> IndexEntry:
    try:
        known = newest(path / "snapshots")
    except (IndexFault, OSError) as error:
        text = error.message if isinstance(error, IndexFault) else "its snapshots cannot be read"
        return IndexEntry(path.name, str(path), is_default, problem=text)
    if known is None:
        return IndexEntry(path.name, str(path), is_default)
    about = known.summaries // 10 * 10
    return IndexEntry(path.name, str(path), is_default, known.number, about, known.clusters, known.published)
