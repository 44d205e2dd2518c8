"""What is typed after a slash: the commands of the prompt, what can be offered while one is typed, and plain words that
mean one. Pure. A command is an action of `tui.state.actions` by its slash name; it is never a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.state.actions import ACTIONS, Action
from tui.state.view import View

PLAIN = {"help": "help", "?": "help", "quit": "quit", "exit": "quit", "export": "export", "clear": "new"}
"""Words that are a command where they are all that is typed."""
BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the prompt would hold, and a sentence about it. `is_whole`: it can be sent as it is."""

    text: str
    says: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was typed: its name, what followed, and the action, None where there is no such command."""

    name: str
    rest: str
    action: Action | None


def read(text: str) -> Command | None:
    """The command in a text; None where it is a question."""
    plain = PLAIN.get(text.strip().casefold())
    if plain is not None:
        return Command(plain, "", BY_SLASH[plain])
    if not text.startswith("/") or text.startswith("//"):
        return None
    name, _, rest = text[1:].strip().partition(" ")
    name = name.casefold() or "help"
    return Command(name, rest.strip(), BY_SLASH.get(name))


def offers(text: str, view: View, arguments: Mapping[str, Sequence[tuple[str, str]]]) -> list[Offer]:
    """What could be meant while a text is typed: commands that begin so, or what may follow the one that is typed.
    `arguments`: by command, what it may be given, each with a sentence."""
    if not text.startswith("/") or "\n" in text:
        return []
    name, space, rest = text[1:].partition(" ")
    if space:
        known = arguments.get(name.casefold(), ())
        return [
            Offer(f"/{name} {value}", says) for value, says in known if value.casefold().startswith(rest.casefold())
        ]
    return [
        Offer(f"/{slash}{' ' if action.needs else ''}", f"{action.says}{f' ({action.takes})' if action.takes else ''}",
              not action.needs)
        for slash, action in sorted(BY_SLASH.items())
        if slash.startswith(name.casefold()) and action.works(view)
    ]  # fmt: skip
