"""The attacks by name, in the order in which they are run and printed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from agent.redteam import analyst, canaries, differencing, files, injection, one_short, pairs, poisoning
from agent.redteam.lab import Lab, data_behind
from agent.redteam.result import Outcome
from agent.wiring import App
from index.core.errors import SettingsError

_WORDS = 6
"""Words of a summary from which on it is a sentence that may not be quoted."""

Attack = Callable[[Lab], Awaitable[list[Outcome]]]

ATTACKS: Mapping[str, Attack] = {
    "canaries": canaries.run,
    "differencing": differencing.run,
    "pairs": pairs.run,
    "one-short": one_short.run,
    "poisoning": poisoning.run,
    "injection": injection.run,
    "analyst": analyst.run,
    "files": files.run,
}


ON_AN_INDEX = ("differencing", "analyst")
"""Attacks that can be pointed at somebody's index: they only ask."""


async def on_index(name: str, lab: Lab, started: App) -> list[Outcome]:
    """An attack on the index of `started`. Raises SettingsError for an attack that needs a corpus of its own."""
    if name not in ON_AN_INDEX:
        raise SettingsError(
            f"The attack {name} plants conversations and runs on no index but its own.",
            f"With --index: shoal redteam {' '.join(ON_AN_INDEX)} --index NAME",
        )
    session = lab.visiting(started).session(built_in=True)
    if name == "analyst":
        snapshot = data_behind(session).index.snapshot
        texts = snapshot.texts(np.arange(len(snapshot), dtype=np.int64))
        summaries = sorted({text for text in texts if len(text.split()) >= _WORDS})
        return [await analyst.attack(lab, session, summaries, "built-in")]
    try:
        return await differencing.attack(data_behind(session), lab.report, quick=lab.quick)
    finally:
        await session.close()


def chosen(names: Sequence[str]) -> list[str]:
    """The attacks of these names, all where none is named. Raises SettingsError for a name that is none."""
    for name in names:
        if name not in ATTACKS:
            raise SettingsError(f"There is no attack {name!r}.", f"Attacks: {', '.join(ATTACKS)}.")
    return [name for name in ATTACKS if not names or name in names]
