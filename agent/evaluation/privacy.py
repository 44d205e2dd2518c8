"""The suite `privacy`: the red team's attacks, and the privacy scores of an index by stage (Clio, Figure 5).

An attack is right as often as one of its goals was met. A stage's figure is the mean score of what it made, from 1
(identifiable) to 5 (nothing to identify anybody by), by rules.
"""

from functools import partial

from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Result
from agent.redteam.lab import Lab
from agent.redteam.suite import ATTACKS

NAME = "privacy"
ATTACK, STAGE = "red team", "privacy score"
_QUICK = ("differencing", "pairs")


def items(bench: Bench) -> list[Item]:
    """An attack each, and a stage each."""
    scores = bench.app.open_index().snapshot.privacy_scores
    stages = sorted({stage for stage, _ in scores})
    found = [
        Item(NAME, f"stage {stage}", STAGE, stage, f"mean privacy score, {stage}", partial(_scored, scores, stage))
        for stage in stages
    ]
    attacks = _QUICK if bench.quick else tuple(ATTACKS)
    return found + [
        Item(NAME, f"attack {name}", ATTACK, name, name, partial(_attacked, bench, name)) for name in attacks
    ]


async def _scored(scores: dict[tuple[str, int], int], stage: str) -> Result:
    of_stage = {score: count for (name, score), count in scores.items() if name == stage}
    things = sum(of_stage.values())
    mean = sum(score * count for score, count in of_stage.items()) / things
    low = sum(count for score, count in of_stage.items() if score <= 2)
    return Result(things - low, things, mean, "of 5", figures={"things": float(things)})


async def _attacked(bench: Bench, name: str) -> Result:
    lab = Lab(bench.lab.root / f"attack-{name}", bench.lab.report, True, bench.lab.encoders)
    outcomes = await ATTACKS[name](lab)
    met = sum(outcome.is_met for outcome in outcomes)
    missed = [outcome.figure for outcome in outcomes if not outcome.is_met]
    return Result(
        met,
        len(outcomes),
        verdict="goal missed" if missed else "",
        detail="; ".join(missed),
        figures={outcome.figure: float(outcome.succeeded) for outcome in outcomes},
    )
