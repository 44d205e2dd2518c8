"""The indexes of a home: which there are, and whether one can be asked."""

from dataclasses import dataclass
from pathlib import Path

from agent.wiring import App
from index.core.errors import IndexFault
from index.snapshots.history import newest
from index.snapshots.snapshot import snapshot_numbers


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
    """Every index under the home, by name, and the one that is open where it lies elsewhere. It opens each."""
    default = app.home.index_path(app.settings.index)
    return [_entry(path, is_default=path == default) for path in index_paths(app)]


def index_paths(app: App) -> list[Path]:
    """Where these lie. Opens none."""
    found = {file.parent for file in (app.home.root / "indexes").glob("*/index.toml")}
    if (app.path / "index.toml").exists():
        found.add(app.path)
    return sorted(found)


def others(app: App) -> list[str]:
    """The names of other indexes of which something is published. Opens none."""
    return [path.name for path in index_paths(app) if path != app.path and snapshot_numbers(path / "snapshots")]


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
