"""`shoal watch`: questions asked again and again, and only what changed materially is reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from index.core.errors import ShoalError
from tui.cli.ask import YesOption
from tui.cli.options import BuiltInOption, IndexOption, JsonOption, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.alerts.outbox import Outbox
    from agent.core.settings import Sink
    from agent.services.watches import Look
    from agent.storage.watches import Watch, WatchStore
    from agent.wiring import App

watch = typer.Typer(
    help="Questions that are asked again on newer data; only material changes are shown.", no_args_is_help=True
)


@contextmanager
def _open() -> "Iterator[tuple[App, WatchStore]]":
    from agent.wiring import App

    app = App.start()
    store = app.watches()
    try:
        yield app, store
    finally:
        store.close()


@watch.command()
def add(
    question: Annotated[str, typer.Argument(help="The question, in plain language.")],
    every: Annotated[str, typer.Option("--every", help="day, week or month.")] = "week",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="A sink of settings.toml that changes go to. Can be given several times."),
    ] = None,
    only_if: Annotated[
        list[str] | None,
        typer.Option(
            "--if",
            help="Report only this: new-theme, growth>20 (percent, by the lower end of the interval), coordination (high or "
            "more), change-point, count>500. Can be given several times; without it, every material change.",
        ),
    ] = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a question. The next `shoal watch run` answers it for the first time."""

    async def work() -> None:
        from agent.wiring import App
        from index.handle import read_settings

        app = App.start(index)
        read_settings(app.path)
        for name in to or []:
            _sink(app, name)
        with _open() as (_, store):
            made = store.add(question, every, app.path, to or [], only_if or [])
        say_json(asdict(made)) if as_json else say(f"{made.id}  every {made.every}  {made.question}")

    run(work())


@watch.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the watches."""

    async def work() -> None:
        with _open() as (_, store):
            found = store.watches()
        if as_json:
            say_json([asdict(item) for item in found])
            return
        for item in found:
            last = f"answered {item.last[:10]} on snapshot {item.snapshot}" if item.last else "not answered yet"
            only = f"  if {', '.join(item.conditions)}" if item.conditions else ""
            goes = f"  → {', '.join(item.sinks)}" if item.sinks else ""
            say(f"{item.id}  every {item.every:<5}  {last}  {item.question}{only}{goes}")
        with _outbox() as (_, outbox):
            if dead := outbox.dead():
                say(f"{dead} messages could not be delivered: {outbox.dead_letters}", err=True)

    run(work())


@watch.command()
def remove(name: Annotated[str, typer.Argument(help="A watch, by its id.")], as_json: JsonOption = False) -> None:
    """Remove a watch, what it found and its messages. Its sessions stay."""

    async def work() -> None:
        with _open() as (_, store), _outbox() as (_, outbox):
            chosen = store.find(name)
            outbox.forget(chosen.id)
            store.remove(chosen)
        say_json({"removed": chosen.id}) if as_json else say(f"{chosen.id} is removed.")

    run(work())


@watch.command("run")
def run_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are not due.")] = False,
    yes: YesOption = False,
    built_in: BuiltInOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer the watches that are due, on the newest snapshot, and tell only what changed materially. Exit code: 0
    nothing, 10 notable, 11 serious, else that of a run that failed. Made for cron."""

    async def work() -> None:
        from agent.services.watches import exit_code, looks, message_of

        found = []
        with _open() as (app, store), _outbox() as (_, outbox):
            now = datetime.now(UTC)
            due = [item for item in store.watches() if everything or item.is_due(now)]
            goes = {item.id: item.sinks for item in due}
            limited = app.limited(None, None, yes=yes)
            async for seen in looks(limited, store, due, now, say_failed, built_in=built_in):
                for name in goes[seen.watch] if seen.changes else ():
                    outbox.put(name, message_of(seen), now)  # at once: the next run compares with this one
                found.append(seen)
                say_json(asdict(seen)) if as_json else say("\n".join(_lines(seen)))
            await _deliver(app, outbox, now)
        if not found and not as_json:
            say("No watch is due. --all runs them anyway.", err=True)
        if code := exit_code(found):
            raise typer.Exit(code)

    run(work())


@watch.command()
def deliver() -> None:
    """Send what waits for a sink: after gathering, after quiet hours, or after a failure. `watch run` does it too."""

    async def work() -> None:
        with _outbox() as (app, outbox):
            await _deliver(app, outbox, datetime.now(UTC))

    run(work())


@watch.command()
def test(name: Annotated[str, typer.Argument(help="A sink, by its name in settings.toml.")]) -> None:
    """Send a sink one message that says it is a test, and say whether it arrived."""

    async def work() -> None:
        from agent.alerts.sinks import Message, NotDelivered, send
        from agent.wiring import App
        from index.core.errors import SettingsError

        sink = _sink(App.start(), name)
        message = Message("test", "nothing", 0, ("This is a test of Shoal; nothing happened.",), "shoal:watch/test")
        try:
            await send(sink, [message])
        except NotDelivered as reason:
            raise SettingsError(
                f"{name} did not take the test: {reason}.", "Look at its address and its log."
            ) from None
        say(f"{name} took the test.")

    run(work())


def _sink(app: "App", name: str) -> "Sink":
    from index.core.errors import SettingsError

    if name not in app.settings.sinks:
        known = ", ".join(app.settings.sinks) or "none"
        raise SettingsError(
            f"There is no sink {name!r} in settings.toml.", f"Sinks: {known}. Write [sinks.{name}] there."
        )
    return app.settings.sinks[name]


@contextmanager
def _outbox() -> "Iterator[tuple[App, Outbox]]":
    from agent.alerts.outbox import Outbox
    from agent.wiring import App

    app = App.start()
    outbox = Outbox(app.home.folder("watches"))
    try:
        yield app, outbox
    finally:
        outbox.close()


async def _deliver(app: "App", outbox: "Outbox", now: datetime) -> None:
    from agent.alerts.sinks import send

    for seen in await outbox.deliver(app.settings.sinks, send, now):
        because = f": {seen.reason}" if seen.reason else ""
        say(f"{seen.sink}: {seen.messages} messages, {seen.state}{because}", err=True)


def say_failed(item: "Watch", error: ShoalError) -> None:
    """A watch that could not be answered, and why."""
    say(f"{item.id}: {error.message}\n  next: {error.hint}", err=True)


def _lines(seen: "Look") -> Iterator[str]:
    yield f"{seen.watch}  {seen.question}  (snapshot {seen.snapshots[0] or '–'} → {seen.snapshots[1]})"
    if seen.state == "no newer snapshot":
        yield "  not asked: there is no newer snapshot"
    elif seen.state == "not answered":
        see = f"; see: shoal sessions show {seen.session}" if seen.session else ""
        yield f"  not answered (exit code {seen.exit_code}){see}"
    elif seen.state == "first answer" and not seen.changes:
        yield "  first answer; later runs show what changed"
        yield seen.answer
    elif not seen.changes:
        yield "  nothing to tell"
    else:
        yield f"  {seen.severity}:"
        yield from (f"  - {change.in_words()}" for change in seen.changes)
        yield seen.answer
    if seen.regrouped:
        yield f"  themes under a new name that hold mostly older conversations, so no change: {seen.regrouped}"
    if seen.unmatched:
        yield f"  {seen.unmatched} findings had no counterpart last time and were not compared"
