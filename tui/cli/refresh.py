"""`shoal refresh`: the daily step, made for cron and systemd timers."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tui.cli.data import fail_unless_taken
from tui.cli.options import BuiltInOption, IndexOption, JsonOption, run
from tui.cli.output import say, say_json
from tui.cli.watches import say_failed


def refresh(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, folders, patterns or object stores, as for shoal ingest.")
    ] = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
    built_in: BuiltInOption = False,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Map a field to a column (repeat).")
    ] = None,
    no_accounts: Annotated[bool, typer.Option("--no-accounts", help="The files state no accounts.")] = False,
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", min=0.0, help="With a model: stop before it costs more, in US dollars."),
    ] = None,
) -> None:
    """Take new files in, publish if enough accounts are new, apply retention, answer due watches, and print one line.
    Files that were taken before are recognised. Exit code: 0 nothing notable, 10 notable, 11 serious, else an error's."""

    async def work() -> None:
        from agent.services.refresh import refresh as refreshed
        from agent.wiring import App
        from index.sources import open_files, parse_mapping, require_account
        from tui.cli.progress import ProgressBar
        from tui.rendering.tables import taken_values

        app = App.start(index)
        check = (lambda _: None) if no_accounts else require_account
        source = open_files(paths, parse_mapping(mapped or []), check) if paths else None
        store = app.watches()
        try:
            with ProgressBar() as bar:
                found = await refreshed(
                    app, source, store, datetime.now(UTC), bar.update, say_failed, built_in=built_in, max_cost=max_cost
                )
        finally:
            store.close()
        if as_json:
            taken = taken_values(source, found.taken) if source is not None and found.taken is not None else None
            say_json(
                {
                    "taken": taken,
                    "published": asdict(found.published),
                    "watches": [asdict(look) for look in found.looks],
                }
            )
        else:
            say(found.in_words())
        if found.taken is not None:
            fail_unless_taken(found.taken.outcome)
        if found.exit_code:
            raise typer.Exit(found.exit_code)

    run(work())
