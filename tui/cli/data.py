"""Commands that fill and keep an index: ingest, publish, snapshots, erasing, the audit, looking it over.

They parse, call the composition root, and print; they decide nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.core.errors import IndexFault, SettingsError
from tui.cli.options import BuiltInOption, IndexOption, JsonOption, fail, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.wiring import App
    from index.ingest.pipeline import IngestReport
    from index.sources import Place, Source
    from index.sources.files import FileSource


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files of conversations, folders or patterns of them, in any of the formats of docs/guide/ingest.md; "
            "- reads standard input; s3://, gs:// and az:// read an object store."
        ),
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
    built_in: BuiltInOption = False,
    inspect: Annotated[
        bool,
        typer.Option("--inspect", help="Show what the file holds and what ingest would do with it; write nothing."),
    ] = False,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help="Map a field to a column (repeat): --map account=user_hash."
        ),
    ] = None,
    no_accounts: Annotated[
        bool, typer.Option("--no-accounts", help="The file states no accounts: count each conversation alone.")
    ] = False,
    facets: Annotated[
        Path | None, typer.Option("--facets", help="A TOML file of facets of the index's own (docs/guide/ingest.md).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With a model: show what it would read and cost; send and write nothing.")
    ] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="With a model: extract by Message Batches, at half the price, within a day.")
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", min=0.0, help="With a model: stop before it costs more, in US dollars."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", help="local, or ray: shards are read by a cluster's workers (docs/guide/cluster.md)."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option("--address", help="With --engine ray: the cluster. Left out: processes of this machine."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Of a folder: take its files, and go on taking new ones until Ctrl-C.")
    ] = False,
) -> None:
    """Take files of conversations into an index and publish a snapshot. Safe to stop and to run again."""
    from agent.wiring import App
    from index.sources import files_at, open_files, parse_mapping, require_account

    async def work() -> None:
        mapping = parse_mapping(mapped or [])
        if inspect:
            _inspect_all([place for path in paths for place in files_at(path)], mapping, as_json=as_json)
            return
        check = (lambda _: None) if no_accounts else require_account
        if watch:
            more = {"built_in": built_in, "facets": facets, "batch": batch, "max_cost": max_cost}
            await _watch(App.start(index), paths, lambda files: open_files(files, mapping, check), as_json, more)
            return
        if engine == "local" and address is not None:
            raise SettingsError("--address is for --engine ray.", "Add --engine ray, or leave --address out.")
        if engine != "local":
            await _on_cluster(App.start(index), paths, mapping, check, engine, address, as_json=as_json, facets=facets)
            return
        started, source = App.start(index), open_files(paths, mapping, check)
        if dry_run:
            _estimate(started, source, facets, batch=batch, as_json=as_json)
            return
        await take(started, source, as_json=as_json, built_in=built_in, facets=facets, batch=batch, max_cost=max_cost)

    run(work())


async def _on_cluster(
    app: "App",
    paths: list[Path],
    mapping: Mapping[str, str],
    check: Callable[["FileSource"], None],
    engine: str,
    address: str | None,
    *,
    as_json: bool,
    facets: Path | None,
) -> None:
    from agent.services.cluster import ingest_on_ray
    from index.sources import ManyFiles, is_held, open_files
    from index.sources.many import NOT_READ
    from tui.cli.progress import ProgressBar
    from tui.rendering.tables import taken_lines, taken_values

    if engine != "ray":
        raise SettingsError(f"There is no engine {engine!r}.", "Use --engine local or --engine ray.")
    if app.settings.has_model:
        raise SettingsError("Workers of a cluster read by the built-in rules.", "Use --engine local with a model.")
    source = open_files(paths, mapping, check)
    sources, unread = (source.sources, source.unread) if isinstance(source, ManyFiles) else ((source,), ())
    files = [item.path for item in sources]
    if any(is_held(file) for file in files):
        raise SettingsError(
            "Workers of a cluster cannot read what this process holds.", "Give files that every node sees."
        )
    with ProgressBar() as bar:
        taken = await ingest_on_ray(app, files, mapping, address, bar.update, facets)
    for place in unread:
        taken.outcome.skip(NOT_READ, place.name)
    say_json(taken_values(source, taken)) if as_json else say("\n".join(taken_lines(source, taken)))
    fail_unless_taken(taken.outcome)


async def _watch(
    started: "App", paths: list[Path], opened: Callable[[list[Path]], "Source"], as_json: bool, more: dict[str, Any]
) -> None:
    """Take what a folder holds, and what comes. A file that cannot be read is said and passed over."""
    from agent.services.folder_watch import arrivals

    if len(paths) != 1 or not paths[0].is_dir():
        raise SettingsError("--watch takes one folder.", "shoal ingest --watch FOLDER")
    say(f"Watching {paths[0]}; Ctrl-C ends.", err=True)
    async for files in arrivals(paths[0]):
        try:
            await take(started, opened(files), as_json=as_json, **more)
        except IndexFault as fault:
            say(f"error: {fault.message}\n  next: {fault.hint}", err=True)
        except typer.Exit:
            continue  # its reason is said


def _inspect_all(places: "Sequence[Place]", mapping: Mapping[str, str], *, as_json: bool) -> None:
    """Look at each. Of several, one that holds no conversations is said and passed over, as ingest does."""
    faults: list[IndexFault] = []
    for place in places:
        try:
            _inspect(place, mapping, as_json=as_json)
        except IndexFault as fault:
            faults.append(fault)
            if len(places) > 1:
                say(f"{place.name} would be passed over: {fault.message}", err=True)
    if len(faults) == len(places):
        raise faults[0] if faults else IndexFault("There is no file.", "Give a file, or a folder that holds some.")


def _inspect(place: "Place", mapping: Mapping[str, str], *, as_json: bool) -> None:
    from index.ingest.pipeline import Progress
    from index.sources import inspect_file
    from tui.cli.progress import ProgressBar
    from tui.rendering.tables import inspection_table

    with ProgressBar() as bar:
        seen = inspect_file(
            place.path, mapping, lambda done, total: bar.update(Progress("inspecting", done, total)), name=place.name
        )
    say_json(seen.as_dict()) if as_json else say(inspection_table(seen))


def _estimate(started: "App", source: "Source", facets: Path | None, *, batch: bool, as_json: bool) -> None:
    from agent.services.ingest import estimate
    from tui.rendering.tables import estimate_table

    found = estimate(started, source, facets, batch=batch)
    say_json(asdict(found)) if as_json else say(estimate_table(found))


async def take(
    started: "App",
    source: "Source",
    *,
    as_json: bool = False,
    built_in: bool = False,
    landmarks: Mapping[str, date] | None = None,
    facets: Path | None = None,
    batch: bool = False,
    max_cost: float | None = None,
    quiet: bool = False,
) -> None:
    """Ingest with a progress bar and print the closing summary (`quiet`: on stderr)."""
    from agent.services.ingest import ingest as take_in
    from tui.cli.progress import ProgressBar
    from tui.rendering.tables import taken_lines, taken_values

    with ProgressBar() as bar:
        taken = await take_in(
            started,
            source,
            bar.update,
            built_in=built_in,
            landmarks=landmarks,
            facets=facets,
            batch=batch,
            max_cost=max_cost,
        )
    if as_json:
        say_json(taken_values(source, taken))
    else:
        say("\n".join(taken_lines(source, taken)), err=quiet)
    fail_unless_taken(taken.outcome)


def fail_unless_taken(outcome: "IngestReport") -> None:
    """End with an error where the reading was stopped, or nothing was taken and nothing of it was known: a file that was taken
    before is no error, whatever else is wrong in it."""
    from index.ingest.pipeline import DUPLICATE

    if outcome.stopped is not None:
        fail(outcome.stopped)
    if not outcome.taken and outcome.skipped and DUPLICATE not in outcome.skipped:
        fail(
            IndexFault(
                "Nothing was taken in: every record was skipped.",
                "shoal ingest FILE --inspect shows what the file holds and why; --map names its columns.",
            )
        )


def publish(
    index: IndexOption = None,
    anew: Annotated[
        bool,
        typer.Option(
            "--anew",
            help="Place and name everything together again: after other labels, or with another namer. Without enough new "
            "accounts: the conversations of the last snapshot alone.",
        ),
    ] = False,
    built_in: BuiltInOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a snapshot of what is stored (ingest does this by itself)."""
    from agent.services.ingest import publish as publish_snapshot
    from agent.wiring import App
    from tui.cli.progress import ProgressBar
    from tui.rendering.tables import published_line

    async def work() -> None:
        with ProgressBar() as bar:
            published = await publish_snapshot(App.start(index), bar.update, built_in=built_in, anew=anew)
        say_json(asdict(published)) if as_json else say(published_line(published))

    run(work())


def audit(
    index: IndexOption = None,
    as_json: JsonOption = False,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write every release and refusal to a .csv or .json file.")
    ] = None,
    redact: Annotated[
        int | None, typer.Option("--redact", help="Take the words that were typed out of the entry of this number.")
    ] = None,
) -> None:
    """Verify the ledger's chain, list what was released and refused, and print the privacy report of the newest
    snapshot."""
    from agent.services.oversight import audit as read_audit
    from agent.services.oversight import redact as redact_entry
    from agent.wiring import App
    from tools.core.ledger import REFUSED
    from tui.cli import oversight

    async def work() -> None:
        if redact is not None:
            if not await asyncio.to_thread(redact_entry, App.start(index), redact):
                raise SettingsError(
                    f"Entry {redact} cannot be redacted: there is none, or an older Shoal wrote it.",
                    "List the entries: shoal audit --json",
                )
            say(f"Entry {redact}: what was typed is removed. The chain holds without it.", err=True)
        found = await asyncio.to_thread(read_audit, App.start(index))
        if export is not None:
            oversight.export(export, found.entries, REFUSED, found.broken)
        if as_json:
            values = {
                "releases": [asdict(item) for item in found.releases],
                "refusals": [asdict(item) for item in found.refusals],
                "privacy": [asdict(item) for item in found.privacy],
            }
            budget = {"spent": found.epsilon[0], "total": found.epsilon[1]} if found.epsilon is not None else None
            phrases = {"asked": found.phrases[0], "total": found.phrases[1]}
            say_json({"broken_at": found.broken, "epsilon": budget, "phrases_this_month": phrases, **values})
        else:
            from tui.rendering.tables import epsilon_line, ledger_table, phrases_line, privacy_table, refusal_table

            say(ledger_table(found.releases, found.broken))
            if found.epsilon is not None:
                say("\n" + epsilon_line(*found.epsilon))
            say("\n" + phrases_line(*found.phrases))
            say("\n" + refusal_table(found.refusals, found.releases))
            say("\n" + privacy_table(found.privacy))
        if found.broken is not None:
            raise typer.Exit(6)

    run(work())


def snapshots(
    index: IndexOption = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Remove all but the newest this many snapshots.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the published snapshots, or remove old ones with --keep. The newest is what questions read."""
    from agent.services.oversight import keep_snapshots
    from agent.services.oversight import snapshots as published_snapshots
    from agent.wiring import App

    async def work() -> None:
        started = App.start(index)
        if keep is not None:
            say(f"{keep_snapshots(started, keep)} snapshots removed.", err=True)
        found = published_snapshots(started)
        if as_json:
            say_json([asdict(item) for item in found])
            return
        from tui.rendering.tables import snapshot_table

        say(snapshot_table(found))

    run(work())


def forget(
    account: Annotated[
        str | None, typer.Option("--account", help="Erase everything of this account, named as in the source.")
    ] = None,
    before: Annotated[
        datetime | None, typer.Option("--before", formats=["%Y-%m-%d"], help="Erase everything before this day.")
    ] = None,
    index: IndexOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase what an index holds of an account, or from before a day: facts, vectors and every snapshot. It cannot be
    undone. Words that many accounts used stay words; released findings stay in the ledger."""
    from agent.services.ingest import forget as erase
    from agent.wiring import App
    from tui.cli.progress import ProgressBar

    async def work() -> None:
        if (account is None) == (before is None):
            raise SettingsError(
                "Give an account or a day, one of the two.",
                "shoal forget --account NAME, or: shoal forget --before 2026-01-31",
            )
        day: date | None = before.date() if before else None
        started = App.start(index)
        if not yes:
            what = f"account {account!r}" if account is not None else f"everything before {day}"
            typer.confirm(f"This erases {what} from {started.path} for good. Go on?", abort=True, err=True)
        with ProgressBar() as bar:
            gone = await erase(started, bar.update, account=account, before=day)
        if account is not None and not gone.summaries and not gone.waiting:
            raise IndexFault(
                "Nothing was erased: this index holds no conversation of that account.",
                "Write the name as it is in the source. An account that is forgotten already has nothing left.",
            )
        if as_json:
            say_json(asdict(gone))
            return
        say(
            f"{gone.summaries:,} summaries and {gone.waiting:,} waiting drafts erased; {gone.accounts:,} accounts have "
            f"nothing left; {gone.snapshots} snapshots rewritten."
        )

    run(work())
