"""The red team in full, and what shows that it has teeth: `python -m bench.redteam [ATTACK ...] [--injections FILE]`.

Prints the table of `shoal redteam`, and for the attacks that the gate holds off, the same bot against a gate with the
protections against combining answers taken out (tests/fakes/open_gate.py), with and without rounding. The injections
file is BIPIA's attacks, one {"text": ...} a line; they are not part of this project.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from agent.redteam import differencing, people, poisoning
from agent.redteam.lab import Lab
from agent.redteam.result import Outcome
from agent.redteam.suite import ATTACKS, Attack, chosen
from agent.wiring import App
from index.ingest.pipeline import Progress
from tests.fakes.open_gate import opened
from tui.rendering.tables import redteam_table


def quiet(_: Progress) -> None:
    """Says nothing: the table is all that is wanted."""


async def differencing_arms(lab: Lab) -> list[Outcome]:
    """The bot against the gate and against an open one, rounded to five and not rounded."""
    app = await lab.fill(lab.app("arms"), differencing.corpus(quick=lab.quick))
    found = []
    for step in (5, 1):
        for name in ("the gate", "an open gate"):
            made = lab.apart(app, f"{step}-{name}").tool_context(built_in=True)
            closed = replace(made, gate=made.gate.with_policy(made.gate.policy.with_values(round_to=step)))
            context = closed if name == "the gate" else opened(closed)
            outcomes = await differencing.attack(context, quiet, quick=lab.quick)
            found += [replace(item, figure=f"{item.figure} ({name}, rounded to {step})") for item in outcomes]
            made.gate.ledger.close()
    return found + _together([await differencing.run(lab, draw) for draw in range(1, 1 + _DRAWS)])


async def poisoning_arms(lab: Lab) -> list[Outcome]:
    """Several draws of a dozen victims, told together, so that an effect too small for one dozen would show: a dozen invented
    accounts, and from nine to fifty of them, on one day and on all."""
    found = _together([await poisoning.run(lab, draw=draw) for draw in range(_DRAWS)])
    for accounts in (9, 25, 50):
        for days in (1, people.DAYS):
            invented = poisoning.Invented(accounts, days)
            draws = [await poisoning.run(lab, draw=draw, invented=invented) for draw in range(_DRAWS_OF_EACH)]
            found += _together(draws)
    return found


def _together(draws: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    """The same figures of several draws as one each."""
    return [
        replace(
            same[0],
            figure=f"{same[0].figure} ({len(draws)} draws)",
            tried=sum(item.tried for item in same),
            succeeded=sum(item.succeeded for item in same),
            base_rate=None
            if same[0].base_rate is None
            else sum((item.base_rate or 0.0) * item.tried for item in same) / sum(item.tried for item in same),
            notes=(),
        )
        for same in zip(*draws, strict=True)
    ]


ARMS = {"differencing": differencing_arms, "poisoning": poisoning_arms}
_DRAWS = 6
_DRAWS_OF_EACH = 2
"""Of each number of invented accounts."""


async def _attacked(attack: Attack, lab: Lab) -> Iterable[Outcome]:
    return await attack(lab)


def main(arguments: Sequence[str]) -> int:
    """Runs the attacks and prints; 6 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*")
    parser.add_argument("--injections", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--arms",
        action="store_true",
        help="the gate against an open one, and six draws of targets and of victims of poison, in place of the table",
    )
    given = parser.parse_args(arguments)
    encoders = App.start().home.folder("encoders")
    outcomes: list[Outcome] = []
    for name in chosen(given.attacks):
        if given.arms and name not in ARMS:
            continue
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            lab = Lab(Path(folder) / name, quiet, given.quick, encoders, given.injections)
            outcomes += asyncio.run(_attacked(ARMS[name] if given.arms else ATTACKS[name], lab))
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(redteam_table(outcomes))
    return 0 if all(outcome.is_met for outcome in outcomes) else 6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
