"""What differential privacy costs in accuracy: `python -m bench.dp`, on the demo index (`shoal demo`), or on another:
`python -m bench.dp INDEX`.

For languages and months of everything: the median, over the values that are shown and over many draws, of the relative error
of the noisy count against the count with each account bounded (the noise), and against all conversations (the noise and
the bounding); the half-width of the 95 % interval; and how many of the values are shown at all. The draws are the
product's own, made here without a ledger; a policy like these would let an analyst see one of them.
"""

import sys
from collections.abc import Sequence

import numpy as np

from agent.wiring import DEMO, App
from index.snapshots.snapshot import Rows, Snapshot
from tools.core.facets import facet_codes
from tools.core.policy import PrivacyPolicy
from tools.dp.bounding import bounded
from tools.dp.noise import Noise
from tools.suppression.recoding import recoded

EPSILONS = (0.1, 0.5, 1.0, 3.0)
BOUNDS = (10, 3)
DRAWS = 200


def measured(snapshot: Snapshot, cells: Sequence[Rows], policy: PrivacyPolicy) -> str:
    exact = bounded(snapshot, cells, policy.max_per_account, 1)
    noise = Noise(policy.epsilon_per_release, exact.sensitivity)
    true, whole = np.array(exact.counts), np.array([len(rows) for rows in cells])
    noisy = np.array([noise.add(exact.counts) for _ in range(DRAWS)])
    shown = noisy >= policy.noisy_threshold
    told = (noisy + policy.round_to // 2) // policy.round_to * policy.round_to
    of_bounded = np.abs(told - true)[shown] / np.broadcast_to(np.maximum(true, 1), noisy.shape)[shown]
    of_all = np.abs(told - whole)[shown] / np.broadcast_to(np.maximum(whole, 1), noisy.shape)[shown]
    inside = (np.abs(told - true) <= noise.half_width() + policy.round_to // 2).mean()
    errors = [f"{100 * np.median(found):>9.1f} %" if len(found) else f"{'-':>11}" for found in (of_bounded, of_all)]
    count = f"{shown.sum(axis=1).mean():.1f} of {np.count_nonzero(whole)}"
    return f"{''.join(errors)}{noise.half_width() + policy.round_to // 2:>10}{count:>15}{100 * inside:>9.1f} %"


def main(name: str) -> None:
    snapshot = recoded(App.start(name).open_index(), PrivacyPolicy()).snapshot
    print(f"{len(snapshot):,} conversations of {len(np.unique(snapshot.accounts)):,} accounts; {DRAWS} draws")
    print(f"{'':<12}{'ε':>5}{'bound':>7}{'bounded':>11}{'all':>11}{'95 % ±':>10}{'values shown':>15}{'covered':>11}")
    for facet in ("language", "month"):
        codes = facet_codes(snapshot, facet)
        cells = [np.flatnonzero(codes.codes == place).astype(np.int64) for place in range(len(codes.values))]
        for most in BOUNDS:
            for epsilon in EPSILONS:
                policy = PrivacyPolicy(epsilon_per_release=epsilon, max_per_account=most)
                print(f"{facet:<12}{epsilon:>5g}{most:>7}{measured(snapshot, cells, policy)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else DEMO)
