"""`shoal facets`: make a file of an index's own facets, check it, and try it on a sample before it is used."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import BuiltInOption, IndexOption, JsonOption, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.services.facet_files import Preview

facets = typer.Typer(
    help="Facets of an index's own: write a file of them, check it, try it on a sample. Then: shoal ingest --facets FILE.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(help="A TOML file of facets.")]


@facets.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _, for example: mood.")],
    question: Annotated[
        str, typer.Option("--question", "-q", help='What is asked of each conversation: "How does the user sound?"')
    ],
    values: Annotated[
        list[str] | None, typer.Option("--value", "-v", help="A value it can have. Give several; none for free text.")
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option("--words", "-w", help="Words by which a value is seen without a model: annoyed=annoying,again."),
    ] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="The values are in order, the least first.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file it is added to.")] = Path("facets.toml"),
    as_json: JsonOption = False,
) -> None:
    """Write a facet into a file. It is checked first; nothing is written where something is wrong."""

    async def work() -> None:
        from agent.services.facet_files import add
        from index.core.errors import SettingsError

        listed: dict[str, list[str]] = {}
        for given in words or []:
            value, sign, rest = given.partition("=")
            if not sign:
                raise SettingsError(f"{given!r} names no value.", "Write: --words annoyed=annoying,again")
            listed[value.strip()] = [word.strip() for word in rest.split(",") if word.strip()]
        kind = "ordinal" if ordered else "closed" if values else "text"
        made = add(output, name, question, kind, values or [], listed)
        say_json({"file": str(output), **asdict(made)}) if as_json else say(
            f"{made.name} is in {output}. Try it: shoal facets preview {output} YOUR_LOG"
        )

    run(work())


@facets.command()
def check(file: FileArgument, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Say whether a file is right, and what of it works without a model; also beside the facets that an index has."""

    async def work() -> None:
        from agent.services.facet_files import check as checked
        from agent.wiring import App
        from index.handle import read_settings

        app = App.start(index)
        known = read_settings(app.path).facets if (app.path / "index.toml").exists() else ()
        found = checked(file, known)
        if as_json:
            say_json([asdict(item) for item in found])
            return
        for item in found:
            say(f"{item.name}  {item.kind}  {', '.join(item.values)}".rstrip())
            for remark in item.remarks:
                say(f"  - {remark}")

    run(work())


@facets.command()
def preview(
    file: FileArgument,
    paths: Annotated[list[Path], typer.Argument(help="Logs of conversations, as for shoal ingest.")],
    sample: Annotated[int, typer.Option("--sample", min=1, max=10_000, help="Conversations that are read.")] = 500,
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", min=0.0, help="With a model: stop before it costs more, in US dollars."),
    ] = None,
    index: IndexOption = None,
    built_in: BuiltInOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read a sample of your logs with the facets of a file, and say which values come out, and what all of it would cost with
    the model. Nothing is stored. With a model, the sample is sent to it."""

    async def work() -> None:
        from agent.services.facet_files import preview as tried
        from agent.wiring import App
        from index.sources import open_files
        from tools.core.policy import PrivacyPolicy
        from tui.cli.progress import ProgressBar

        source = open_files(paths, {}, lambda _: None)
        with ProgressBar() as bar:
            found = await tried(
                App.start(index),
                source,
                file,
                PrivacyPolicy(),
                bar.update,
                sample=sample,
                built_in=built_in,
                max_cost=max_cost,
            )
        say_json(asdict(found)) if as_json else say("\n".join(_lines(found)))

    run(work())


def _lines(found: "Preview") -> Iterator[str]:
    read = found.sampled - found.failed
    yield f"{read:,} of {found.conversations:,} conversations read by {found.extractor}; nothing was stored"
    if found.failed:
        yield f"  could not be read: {found.failed:,}"
    if found.spent != 0.0:
        yield f"  spent: {'unknown' if found.spent is None else f'{found.spent:.4f} US dollars'}"
    for facet in found.facets:
        yield f"{facet.name}:"
        width = max((len(value) for value in facet.counts), default=0)
        for value, count in facet.counts.items():
            yield f"  {value:<{width}}  {'none or too few to show' if count is None else f'about {count:,}'}"
    if found.whole is not None:
        cost = (
            "unknown (no price in settings.toml)"
            if found.whole.cost is None
            else f"about {found.whole.cost:,.2f} US dollars"
        )
        yield f"all {found.whole.conversations:,} conversations with {found.whole.model}: {cost}"
