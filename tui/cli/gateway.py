"""`shoal mcp`, `shoal serve-gate` and `shoal token`: the gate for other programs, and for people who may not read the index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from index.core.errors import SettingsError
from tui.cli.options import BuiltInOption, IndexOption, JsonOption, run
from tui.cli.output import say, say_json

if TYPE_CHECKING:
    from agent.gateway.people import Limits
    from agent.gateway.tokens import TokenStore

token = typer.Typer(help="Tokens for a gate: make, list, limit and revoke them.", no_args_is_help=True)

_Questions = Annotated[int | None, typer.Option("--questions", min=0, help="Questions and tool calls in a day.")]
_Dollars = Annotated[float | None, typer.Option("--dollars", min=0.0, help="US dollars for models in a month.")]
_Epsilon = Annotated[float | None, typer.Option("--epsilon", min=0.0, help="ε of differential privacy, in all.")]
_TokenArgument = Annotated[str, typer.Argument(help="A token's id, as shoal token list has it.")]


def mcp(index: IndexOption = None, built_in: BuiltInOption = False) -> None:
    """Serve the gate to an MCP client over standard input and output (Claude Code, Claude Desktop, an agent of yours).

    The client acts in your name: entries of the ledger bear your user. Set-up to paste: docs/guide/mcp.md.
    """

    async def work() -> None:
        from agent.gateway.serving import over_stdio
        from agent.wiring import App

        await over_stdio(App.start(index), built_in=built_in)

    run(work())


def serve_gate(
    index: IndexOption = None,
    built_in: BuiltInOption = False,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8780,
    public: Annotated[
        list[str] | None,
        typer.Option(
            "--public", help="The address that clients use, such as https://gate.example.org. May be repeated."
        ),
    ] = None,
) -> None:
    """Serve the gate to many people, each with a token: MCP under /mcp, terminals by shoal --connect.

    This process owns the index: run it as a user of its own, and let nobody else read the folder (docs/guide/deployment.md).
    """

    async def work() -> None:
        from agent.gateway.serving import over_http
        from agent.wiring import App

        await over_http(App.start(index), host, port, public or [], lambda text: say(text, err=True), built_in=built_in)

    run(work())


@contextmanager
def _tokens(index: str | None) -> "Iterator[TokenStore]":
    from agent.gateway.serving import tokens_of
    from agent.wiring import App

    store = tokens_of(App.start(index))
    try:
        yield store
    finally:
        store.close()


def _limits(questions: int | None, dollars: float | None, epsilon: float | None) -> "Limits":
    from agent.gateway.people import Limits

    return Limits(questions_per_day=questions, dollars_per_month=dollars, epsilon=epsilon)


@token.command()
def make(
    identity: Annotated[str, typer.Argument(help="Who it is for; the ledger names them so.")],
    role: Annotated[str, typer.Option("--role", help="analyst, oversight, operator or admin.")] = "analyst",
    index: IndexOption = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Days after which it ends.")] = None,
    questions: _Questions = None,
    dollars: _Dollars = None,
    epsilon: _Epsilon = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it once. An analyst asks; oversight reads ledger and policy; an operator ingests, publishes and
    erases; an admin makes tokens."""

    async def work() -> None:
        from agent.gateway.people import ABOUT, ROLES

        chosen = next((known for known in ROLES if known == role), None)
        if chosen is None:
            raise SettingsError(f"There is no role {role!r}.", f"Use one of: {', '.join(ROLES)}.")
        with _tokens(index) as store:
            made = store.make(identity, chosen, _limits(questions, dollars, epsilon), days)
        if as_json:
            say_json({"token": made, "identity": identity, "role": chosen})
            return
        say(made)
        say(f"{identity} {ABOUT[chosen]}. The token is not shown again; keep it as a password.", err=True)

    run(work())


@token.command("list")
def list_(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the tokens: whose, which role, limits, last use. Secrets are not kept."""

    async def work() -> None:
        with _tokens(index) as store:
            found = store.tokens()
        if as_json:
            say_json([{**asdict(item), "limits": item.limits.model_dump()} for item in found])
            return
        for item in found:
            state = (
                f"revoked {item.revoked[:10]}" if item.revoked else f"until {item.expires[:10]}" if item.expires else ""
            )
            limits = ", ".join(f"{name} {value:g}" for name, value in item.limits.model_dump(exclude_none=True).items())
            used = f"used {item.used}" if item.used else "never used"
            say("  ".join(filter(None, (item.id, f"{item.role:<9}", item.identity, used, state, limits))))
        if not found:
            say("There are no tokens. Make one: shoal token make ana@example.org", err=True)

    run(work())


@token.command()
def limit(
    name: _TokenArgument,
    index: IndexOption = None,
    questions: _Questions = None,
    dollars: _Dollars = None,
    epsilon: _Epsilon = None,
) -> None:
    """Give a token other limits; what is left out is not limited."""

    async def work() -> None:
        with _tokens(index) as store:
            store.limit(name, _limits(questions, dollars, epsilon))
        say(f"Token {name} has new limits.")

    run(work())


@token.command()
def revoke(name: _TokenArgument, index: IndexOption = None) -> None:
    """Make a token useless, at once."""

    async def work() -> None:
        with _tokens(index) as store:
            store.revoke(name)
        say(f"Token {name} is revoked.")

    run(work())
