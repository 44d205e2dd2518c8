"""What the signs of coordination are worth: `python -m bench.coordination FOLDER HOME`.

FOLDER holds clinc150, wildchat_en, oasst1_en and youtube_spam (.jsonl); HOME keeps the three indexes that the first run builds (the demo with
made groups in it, real prompts with made groups in them, and the YouTube comments). Prints how often groups of each kind are called, in the half on which the
rule was chosen and in the half that only measures it, and precision and recall over published clusters.
"""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from agent.services.ingest import ingest
from agent.services.oversight import newest_snapshot
from agent.wiring import App
from bench.coordination_groups import Listed, MadeGroup, made_groups, natural, youtube
from index.core.records import Conversation
from index.demo.generate import conversations
from index.demo.source import DemoSource
from index.handle import Index
from index.privacy.sketch import sketch, unpacked
from index.snapshots.snapshot import Rows
from tools.coordination.bands import Reader
from tools.coordination.signals import SAME_FORM, SIGNALS
from tools.core.finding import Band
from tools.core.policy import PrivacyPolicy

POLICY = PrivacyPolicy()
STRONG = ("high", "very high")
RING = "seo-spam-articles"

Readings = Mapping[str, list[dict[str, Band]]]


def opened(name: str, held: Sequence[Conversation]) -> Index:
    """The index of this name, built when HOME has none."""
    app = App.start(name)
    if not newest_snapshot(app):
        asyncio.run(ingest(app, Listed(held), lambda _: None, built_in=True))
    index = app.open_index()
    if len(index.snapshot) != len(held):
        raise SystemExit(f"{app.path} holds other conversations than this run expects: remove it.")
    return index


def is_readable(rows: Rows, index: Index) -> bool:
    """What the gate asks of a group before it gets bands."""
    each = np.unique(index.snapshot.accounts[rows], return_counts=True)[1]
    bounded = int(np.minimum(each, POLICY.max_per_account).sum())
    return bounded >= POLICY.text_min_conversations and len(each) >= POLICY.text_min_accounts


def table(title: str, readings: Readings) -> None:
    print(f"\n{title:<44}{'groups':>8}{'called':>8}{'very high':>11}" + "".join(f"{name:>15}" for name in SIGNALS))
    for kind, found in sorted(readings.items()):
        called = sum(bands["coordination"] in STRONG for bands in found)
        surely = sum(bands["coordination"] == "very high" for bands in found)
        strong = [sum(bands[name] in STRONG for bands in found) for name in SIGNALS]
        print(f"{kind:<44}{len(found):>8}{called:>8}{surely:>11}" + "".join(f"{count:>15}" for count in strong))


def halves(reader: Reader, groups: Sequence[MadeGroup], themes: NDArray[np.str_], start: int) -> Mapping[str, Readings]:
    """Bands of every made group (they begin at row `start`) and every ordinary theme, by half and kind; the demo's ring
    only measures."""
    found: dict[str, dict[str, list[dict[str, Band]]]] = {
        "chosen on": defaultdict(list),
        "measured on": defaultdict(list),
    }
    place_of: dict[str, int] = defaultdict(int)
    for group in groups:
        rows = np.arange(start, start + len(group.conversations), dtype=np.int64)
        start += len(rows)
        half = ("chosen on", "measured on")[place_of[group.kind] % 2]
        place_of[group.kind] += 1
        found[half][group.kind].append(reader.bands(rows))
    for place, theme in enumerate(sorted(set(themes.tolist()) - {""})):
        rows = np.flatnonzero(themes == theme).astype(np.int64)
        half = "measured on" if theme == RING else ("chosen on", "measured on")[place % 2]
        if is_readable(rows, reader.index):
            kind = "demo: the planted ring" if theme == RING else "demo: an ordinary theme"
            found[half][kind].append(reader.bands(rows))
    return found


def clusters(reader: Reader, places: Iterable[int], truth: NDArray[np.bool_], what: str) -> None:
    """Precision and recall over clusters: those that are for the most part `truth` should be called."""
    labels = reader.index.snapshot.base_labels
    true, read = [], []
    for place in places:
        rows = np.flatnonzero(labels == place).astype(np.int64)
        if is_readable(rows, reader.index):
            true.append(bool(truth[rows].mean() > 0.5))
            read.append(reader.bands(rows))
    print(f"\n{what}: {len(read)} clusters, {sum(true)} of them true")
    print(f"{'called by':<22}{'called':>8}{'right':>8}{'precision':>11}{'recall':>9}")
    for name in ("coordination", *SIGNALS):
        called = [bands[name] in STRONG for bands in read]
        right = sum(one and other for one, other in zip(called, true, strict=True))
        precision = f"{right / sum(called):.2f}" if any(called) else "-"
        print(f"{name:<22}{sum(called):>8}{right:>8}{precision:>11}{right / max(1, sum(true)):>9.2f}")


def measured(name: str, ordinary: Sequence[Conversation], themes: Sequence[str], folder: Path) -> None:
    """Made groups among ordinary conversations: `themes` are those of `ordinary`, empty where there are none."""
    people = sorted({item.account for item in ordinary if item.account})
    groups = made_groups(folder, people)
    index = opened(name, [*ordinary, *(item for group in groups for item in group.conversations)])
    labels, count = index.snapshot.base_labels, len(ordinary)
    is_ordinary = np.arange(len(labels)) < count
    places = [place for place in range(len(index.snapshot.base_clusters)) if is_ordinary[labels == place].mean() > 0.9]
    reader = Reader(index, POLICY, places)
    print(f"\n=== {name}: {len(labels):,} conversations, base rates from {len(places)} clusters of ordinary ones")
    for half, readings in halves(reader, groups, np.array(themes), count).items():
        table(f"the half it was {half}", readings)
    is_ring = np.zeros(len(labels), dtype=bool)
    is_ring[:count] = np.array(themes) == RING
    clusters(reader, places, is_ring, "Published clusters, those of the demo's ring being true")


def families(comments: Sequence[tuple[Conversation, bool]]) -> None:
    """How much of the spam is made from a form that other accounts use too, as `template` sees it, with nothing suppressed:
    what no threshold can go beyond."""
    made = [sketch(bytes(32), conversation) for conversation, _ in comments]
    formed = [place for place, found in enumerate(made) if found is not None]
    sketches = unpacked([found for found in made if found is not None])
    twins = (sketches[:, None] == sketches[None, :]).sum(axis=2) >= SAME_FORM
    _, family = connected_components(csr_matrix(twins), directed=False)
    spam = np.array([is_spam for _, is_spam in comments])
    accounts = np.array([conversation.account or "" for conversation, _ in comments])
    print(f"\nForms that 3 accounts or more share, of {spam.sum()} spam and {(~spam).sum()} other comments:")
    for number in range(family.max() + 1):
        rows = np.array(formed)[family == number]
        people = len(set(accounts[rows].tolist()))
        if people >= 3:
            dated = sum(comments[row][0].time is not None for row in rows)
            print(f"  {people} accounts, {len(rows)} comments, {spam[rows].sum()} of them spam, {dated} dated")


def main(folder: Path, home: Path) -> None:
    os.environ["SHOAL_HOME"] = str(home)
    demo = [read.item for read in DemoSource() if isinstance(read.item, Conversation)]
    measured("demo", demo, [item.theme for item in conversations()], folder)
    people = natural(folder)
    measured("natural", people, [""] * len(people), folder)
    comments = youtube(folder)
    families(comments)
    index = opened("youtube", [conversation for conversation, _ in comments])
    everything = range(len(index.snapshot.base_clusters))
    clusters(Reader(index, POLICY), everything, np.array([spam for _, spam in comments]), "YouTube, spam being true")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(
            "Which folder holds the data, and where are indexes kept?  python -m bench.coordination FOLDER HOME"
        )
    main(Path(sys.argv[1]), Path(sys.argv[2]))
