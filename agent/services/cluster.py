"""Ingest on a cluster: shards are read by Ray's workers, and one committer takes what they read into the index.

Raw text never enters Ray: a worker opens its part of the input itself, and returns a number. Ray's usage statistics are off
(R10), its dashboard is not started, and nothing of ours is printed. The input and the index must lie where every node sees
them. A worker that dies costs its shard, which another one reads.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.core.settings import Settings
from agent.services.ingest import Report, Taken, ingest_by
from agent.wiring import App
from index.core.errors import IndexFault, SettingsError
from index.core.home import Home

if TYPE_CHECKING:
    from index.core.facets import FacetSpec
    from index.handle import Writer
    from index.ingest.pipeline import Ingest, IngestReport
    from index.ingest.shards import Shard
    from index.kinds import KindReader
    from index.privacy.sealing import Sealer

_TRIES = 20
"""How often a shard whose worker died is given to another."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker is given: no text, no endpoint and no credential but the index's key."""

    home: str
    index: str
    sealer: "Sealer"
    own: "tuple[FacetSpec, ...]"
    mapping: Mapping[str, str]
    folder: str
    key: bytes

    def read(self, shard: "Shard") -> int:
        """Read a shard. In a worker's process."""
        from agent.roles.builtin.extractor import BuiltinExtractor
        from index.ingest.shards import ShardReader

        kinds = _kinds(self.home, self.index)
        reader = ShardReader(self.sealer, BuiltinExtractor(self.own), kinds, self.key)
        return reader.read(shard, self.mapping, Path(self.folder))


@cache
def _kinds(home: str, index: str) -> "KindReader":
    """Loaded once a process: it holds an encoder."""
    from agent.wiring import prepare_process

    prepare_process()
    return App(Home(Path(home)), Settings(), Path(index)).reader_of_kinds()


async def ingest_on_ray(
    app: App,
    files: Sequence[Path],
    mapping: Mapping[str, str],
    address: str | None,
    report: Report,
    facets: Path | None = None,
) -> Taken:
    """Take files into the index, read by the workers of the Ray cluster at `address` (None: by processes of this machine), and
    publish. Built-in roles. Stopped at any moment and run again, it goes on."""
    from index.handle import SHARDS
    from index.ingest.pipeline import Progress
    from index.ingest.shards import committed, shards_of

    async def engine(writer: "Writer", steps: "Ingest") -> "IngestReport":
        folder = app.path / SHARDS
        folder.mkdir(mode=0o700, exist_ok=True)
        key = writer.sealer.content(["shards"]).encode()
        shards = await asyncio.to_thread(shards_of, files, mapping)
        compiling = Progress("compiling the embedding model (once)", 0, 0)
        # Workers of this machine find it compiled.
        await asyncio.to_thread(app.reader_of_kinds(lambda: report(compiling)), [])
        own = writer.settings.facets
        task = _Task(str(app.home.root), str(app.path), writer.sealer, own, mapping, str(folder), key)
        await asyncio.to_thread(_read_all, ray, task, shards, report)
        outcome = await steps.run_read(committed(shards, folder, key), len(shards))
        shutil.rmtree(folder)
        return outcome

    with _ray(address) as ray:  # before an index is made: a wrong address leaves none behind
        return await ingest_by(app, engine, report, built_in=True, facets=facets)


def _read_all(ray: Any, task: _Task, shards: Sequence["Shard"], report: Report) -> None:
    """Give every shard to a worker until all are read."""
    from index.ingest.pipeline import Progress

    read = ray.remote(max_retries=_TRIES)(_Task.read)
    # The task goes with each call: an object of its own could be lost with the node that keeps it.
    waiting = [read.remote(task, shard) for shard in shards]
    done = taken = 0
    while waiting:
        (ready,), waiting = ray.wait(waiting, num_returns=1)
        try:
            taken += ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            raise (
                error.cause
                if isinstance(error.cause, IndexFault | SettingsError)
                else IndexFault(
                    f"A shard could not be read ({type(error.cause).__name__}).",
                    "Run the same command again: it goes on.",
                )
            ) from None
        except ray.exceptions.RayError as error:
            raise IndexFault(
                f"Workers of the cluster died while they read ({type(error).__name__}).",
                "See whether they have memory enough (1.5 GB each), and run the same command again: it goes on.",
            ) from error
        done += 1
        report(Progress("reading shards", done, len(shards), f"{taken:,} read"))


@contextmanager
def _ray(address: str | None) -> Iterator[Any]:
    """Ray, connected; nothing is reported to anybody and no dashboard is opened."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise SettingsError("--engine ray needs the package ray.", 'pip install "shoal[ray]"') from error
    try:
        more = {} if address else {"include_dashboard": False}
        ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=False, **more)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise IndexFault(
            f"No Ray cluster answers at {address}.", "Start one (ray start --head), or leave --address out."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
