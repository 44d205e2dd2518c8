"""The command `shoal eval`: measure Shoal, with or without a model, and compare two runs.

It parses, runs the suites and writes their report; it decides nothing. Everything happens beside the user's own ledger and
sessions.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.core.errors import SettingsError
from tui.cli.options import BuiltInOption, IndexOption, JsonOption, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.core.settings import Settings
    from agent.evaluation.record import Record
    from agent.redteam.lab import Report
    from agent.wiring import App


def evaluate(
    suites: Annotated[
        list[str] | None,
        typer.Argument(help="answers, themes, abuse, privacy, cost, speed. Default: all that the index has truth for."),
    ] = None,
    index: IndexOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="Measure on the bundled demo, whose truth is known.")] = False,
    model_settings: Annotated[
        Path | None,
        typer.Option("--model-settings", help="A settings.toml with other models, for this run alone.", exists=True),
    ] = None,
    built_in: BuiltInOption = False,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=20, help="Measure every item so many times.")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A quarter of the questions, small corpora, two attacks.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for the record and the report. A folder with a stopped run is gone on with."
        ),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", help="Set two runs side by side: their folders, the earlier first."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure answers, themes, leads, privacy, cost and speed, and write one report (HTML and Markdown) with the record of
    every item. A run that is stopped goes on with the same --out. Nothing of it enters your ledger or sessions."""
    if compare is not None:
        _compare(*compare, as_json=as_json)
        return
    run(
        _evaluate(
            suites or [], index, demo=demo, model_settings=model_settings, built_in=built_in, repeat=repeat, quick=quick,
            out=out, as_json=as_json,
        )
    )  # fmt: skip


def _compare(first: Path, second: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from agent.evaluation import compare
    from agent.evaluation.record import Record
    from tui.cli.options import fail

    try:
        before, after = Record.read(first), Record.read(second)
    except SettingsError as error:
        fail(error)
    if as_json:
        say_json([asdict(change) for change in compare.changes(before, after)])
    else:
        say(compare.markdown(before, after), nl=False)


async def _evaluate(
    suites: list[str],
    index: str | None,
    *,
    demo: bool,
    model_settings: Path | None,
    built_in: bool,
    repeat: int,
    quick: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    import tempfile

    from agent.evaluation import report, suite
    from agent.evaluation.bench import Bench
    from agent.evaluation.record import Record
    from agent.wiring import DEMO, App
    from tui.cli.progress import ProgressBar

    if demo and index is not None:
        raise SettingsError("--demo and --index exclude each other.", "Give one of them.")
    started = App.start(DEMO if demo else index)
    names = suite.chosen(suites, started.path.name)
    settings = _settings(started, model_settings)
    is_built_in = built_in or not settings.has_model
    roles = "built-in roles" if is_built_in else f"{settings.lead_model}, {settings.worker_model}"
    folder = out or Path.cwd() / f"shoal-eval-{datetime.now(UTC):%Y-%m-%d-%H%M}"
    with tempfile.TemporaryDirectory(prefix="shoal-eval-") as home, ProgressBar() as bar:
        await _ready(started, bar.update, demo=demo)
        bench = Bench.of(Path(home), started, settings, bar.update, built_in=is_built_in, quick=quick)
        record = Record.begin(folder, suite.setting(bench, roles))
        record = await suite.run(bench, names, record, bar.update, repeat)
    written = _written(record)
    if as_json:
        say_json({"folder": str(folder), **record.setting, "figures": report.summary(record)})
        return
    for section in report.sections(record):
        say(f"{section.title}: {section.lead}")
    for worse in report.regressions(record):
        say(f"Below the last release: {worse}")
    say(f"Report: {written}")


async def _ready(started: "App", report: "Report", *, demo: bool) -> None:
    """Index the demo where it is not yet, as `shoal demo` does."""
    from agent.services.ingest import ingest
    from agent.services.oversight import newest_snapshot
    from index.demo.source import LAUNCH, DemoSource

    if demo and not newest_snapshot(started):
        await ingest(started, DemoSource(), report, built_in=True, landmarks={"launch": LAUNCH})


def _settings(started: "App", file: Path | None) -> "Settings":
    """The settings of the home, or those of a file with the credentials of the environment."""
    from agent.core.settings import Settings
    from index.core.settings_file import checked, read_toml

    if file is None:
        return started.settings
    kept = {name: getattr(started.settings, name) for name in ("api_key", "auth_token")}
    return checked(Settings, {**kept, "base_url": started.settings.base_url, **read_toml(file)}, str(file))


def _written(record: "Record") -> Path:
    """The report beside the record; where its page is."""
    from agent.evaluation import report

    (record.folder / "report.md").write_text(report.markdown(record), "utf-8")
    page = record.folder / "report.html"
    page.write_text(report.html(record), "utf-8")
    return page
