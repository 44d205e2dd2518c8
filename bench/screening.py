"""What each layer of screening takes: `python -m bench.screening FOLDER`, FOLDER holding presidio_spans.jsonl,
clinc150.jsonl, wildchat_en.jsonl and screening.jsonl.

Prints, for each layer alone and for all together: the share of identifiers of which no word is left, by kind; names in
eight languages; the demo corpus's planted canaries; what screening costs clustering; privacy scores stage by stage.
An installed name recognition pipeline (`SHOAL_NER`) is measured too. It prints counts, never a text.
"""

import json
import os
import platform
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from agent.roles.builtin.extractor import BuiltinExtractor
from agent.wiring import App
from index.core.records import Conversation, Turn
from index.core.words import words
from index.demo.source import DemoSource
from index.demo.truth import __file__ as demo_file
from index.geometry.clustering import centres_of, density_clusters, space_and_plane
from index.ingest.extraction import NotExtracted
from index.ingest.reading import excerpt
from index.privacy.score import shares
from index.privacy.sealing import SUMMARY, Attested, Sealer, marks_of, render
from index.screening import mask, mask_identifiers, ner

MIN_ACCOUNTS = 5
MIN_SIZE = 15
NAMES = Path(__file__).parent.parent / "tests" / "fixtures" / "screening" / "names.json"

Screen = Callable[[str], str]


@dataclass(frozen=True)
class Layer:
    """A screen of each text, and whether the built-in summary's sealed words are looked at instead of the text."""

    name: str
    screen: Screen
    sealed: bool = False


def names_only(text: str) -> str:
    for start, end in sorted(ner.spans(text), reverse=True):
        text = text[:start] + " " + text[end:]
    return text


def layers() -> list[Layer]:
    found = [Layer("patterns", mask_identifiers)]
    if ner.ner_available():
        found.append(Layer("names by model", names_only))
    return [*found, Layer("attestation", str, sealed=True), Layer("all together", mask, sealed=True)]


def summaries(conversations: Sequence[Conversation], accounts: Sequence[str]) -> list[str]:
    """Built-in summaries, rendered with the words that enough accounts use."""
    sealer = Sealer(b"a key for measuring")
    drafts: list[str] = []
    clear: dict[int, str] = {}
    for item in BuiltinExtractor().extract_here(conversations):
        if isinstance(item, NotExtracted):
            raise RuntimeError("the built-in extractor reads everything")
        draft, named = sealer.seal({SUMMARY: item.draft})
        drafts.append(draft)
        clear.update(named)
    users: defaultdict[int, set[str]] = defaultdict(set)
    uses: Counter[int] = Counter()
    for draft, account in zip(drafts, accounts, strict=True):
        for mark in marks_of(draft):
            users[mark].add(account)
            uses[mark] += 1
    vocabulary = {
        mark: Attested(clear[mark], uses[mark]) for mark, using in users.items() if len(using) >= MIN_ACCOUNTS
    }
    return [render(draft, vocabulary)[SUMMARY] for draft in drafts]


def read(texts: Iterable[str], language: str = "English") -> list[Conversation]:
    return [Conversation((Turn("user", text),), language=language) for text in texts]


def what_is_left(layer: Layer, texts: Sequence[str], language: str = "English") -> list[str]:
    screened = [layer.screen(text) for text in texts]
    return summaries(read(screened, language), [str(n) for n in range(len(texts))]) if layer.sealed else screened


def is_gone(value: str, text: str, left: str, sealed: bool) -> bool:
    """Whether no word of a value is left. In a masked text a word may still stand elsewhere, where it always stood."""
    here, after = Counter(words(value)), Counter(words(left))
    if sealed:
        return not any(after[word] for word in here if len(word) > 1)
    outside = Counter(words(text)) - here
    return not any(after[word] > outside[word] for word in here)


def spans(folder: Path) -> None:
    rows = read_rows(folder / "presidio_spans.jsonl")
    texts = [row["text"] for row in rows]
    totals = Counter(span["type"] for row in rows for span in row["spans"])
    table: dict[str, list[float]] = {kind: [] for kind, _ in totals.most_common()}
    precision: list[str] = []
    kept: list[str] = []
    for layer in layers():
        left = what_is_left(layer, texts)
        gone: Counter[str] = Counter()
        removed = right = other = stays = 0
        for row, after in zip(rows, left, strict=True):
            inside: Counter[str] = Counter()
            for span in row["spans"]:
                value = row["text"][span["start"] : span["end"]]
                inside.update(words(value))
                gone[span["type"]] += is_gone(value, row["text"], after, layer.sealed)
            taken = Counter(words(row["text"])) - Counter(words(after))
            removed += taken.total()
            right += (taken & inside).total()
            outside = Counter(words(row["text"])) - inside
            other += outside.total()
            stays += (outside & Counter(words(after))).total()
        for kind, shown in table.items():
            shown.append(100 * gone[kind] / totals[kind])
        precision.append("-" if layer.sealed else f"{100 * right / removed:.1f}")
        kept.append("-" if layer.sealed else f"{100 * stays / other:.1f}")
    head("1. Identifiers of which no word is left, % (1,500 sentences of presidio-research)", layers())
    for kind, shown in table.items():
        line(f"{kind} ({totals[kind]})", [f"{share:.1f}" for share in shown])
    line("precision: taken words in a span", precision)
    line("other words kept", kept)


def names() -> None:
    found: dict[str, list[dict[str, str]]] = json.loads(NAMES.read_text(encoding="utf-8"))
    head("2. Names in eight languages of which no word is left (of 10 each)", layers())
    for language, rows in found.items():
        texts = [row["text"] for row in rows]
        counts = []
        for layer in layers():
            left = what_is_left(layer, texts, language)
            counts.append(
                sum(
                    not any(part.casefold() in after.casefold() for part in row["name"].split())
                    for row, after in zip(rows, left, strict=True)
                )
            )
        line(language, [str(count) for count in counts])


def canaries() -> None:
    """Planted values that survive each layer, and the privacy scores of the same conversations stage by stage."""
    planted = json.loads((Path(demo_file).parent / "truth.json").read_text(encoding="utf-8"))["canaries"]
    portion = BuiltinExtractor().portion
    conversations = [
        excerpt(read_in.item, portion)[0] for read_in in DemoSource() if isinstance(read_in.item, Conversation)
    ]
    accounts = [item.account or "" for item in conversations]
    raw = ["\n".join(item.said_by("user")) for item in conversations]
    kinds = {
        "identifiers": [value for value in planted if any(letter.isdigit() or letter in "@:" for letter in value)],
        "names": [value for value in planted if value.replace(" ", "").replace("-", "").isalpha()],
    }
    head(f"3. Planted canaries found in {len(raw):,} demo conversations", [Layer("as read", str), *layers()])
    counts = {kind: [str(survivors(values, raw))] for kind, values in kinds.items()}
    last = raw
    for layer in layers():
        screened = [layer.screen(text) for text in raw]
        turned = [
            Conversation((Turn("user", text),), language=item.language)
            for text, item in zip(screened, conversations, strict=True)
        ]
        last = summaries(turned, accounts) if layer.sealed else screened
        for kind, values in kinds.items():
            counts[kind].append(str(survivors(values, last)))
    for kind, shown in counts.items():
        line(f"{kind} ({len(kinds[kind])})", shown)
    print("\n4. Privacy scores, % of texts at each (1 an individual, 2 a small group ... 5 nobody)")
    print(f"{'':<34}{'1':>8}{'2':>8}{'3':>8}{'4':>8}{'5':>8}")
    score("demo, as read", raw)
    score("demo, after screening", [mask(text) for text in raw])
    score("demo, summary", last)


def survivors(planted: Sequence[str], texts: Sequence[str]) -> int:
    whole = "\n".join(texts).casefold()
    return sum(value.casefold() in whole for value in planted)


def sentences(folder: Path) -> None:
    """Single sentences: an identifier of which a word is left, or a look-alike that did not stay, is wrong."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in read_rows(folder / "screening.jsonl"):
        left = mask_identifiers(row["text"])
        here = set(words(left))
        gone = all(
            word.casefold() not in here and (len(word) < 4 or word not in left) for word in row.get("must_go") or ()
        )
        fine = left == row["text"] if row["kind"] == "look-alike" else gone and left != row["text"]
        right[row["kind"]] += fine
        total[row["kind"]] += 1
    print("\n7. Sentences screened as they should be")
    for kind in total:
        print(f"{kind:<34}{right[kind]:>8} of {total[kind]}")


def real(folder: Path) -> None:
    rows = read_rows(folder / "wildchat_en.jsonl")
    texts = [text for row in rows if (text := first_text(row))]
    masked = [mask(text) for text in texts]
    score("WildChat, as read", texts)
    score("WildChat, after screening", masked)
    score("WildChat, summary", summaries(read(masked), [str(n) for n in range(len(texts))]))
    score("CLINC150 requests", [row["text"] for row in read_rows(folder / "clinc150.jsonl")])
    rows = read_rows(folder / "presidio_spans.jsonl")
    people = [[span["value"] for span in row["spans"] if span["type"] == "PERSON"] for row in rows]
    full = [row["text"] for row, found in zip(rows, people, strict=True) if any(" " in name for name in found)]
    single = [
        row["text"] for row, found in zip(rows, people, strict=True) if found and not any(" " in n for n in found)
    ]
    score("presidio, a full name", full)
    score("presidio, one name only", single)


def first_text(row: dict[str, Any]) -> str:
    """The first prompt of a row, whatever the column is called."""
    for key in ("prompt", "text", "user"):
        if isinstance(row.get(key), str):
            return str(row[key])[:2_000]
    turns = row.get("turns") or row.get("messages") or row.get("conversation") or []
    return next((str(turn.get("content") or turn.get("text") or "")[:2_000] for turn in turns), "")


def score(name: str, texts: Sequence[str]) -> None:
    print(f"{name:<34}" + "".join(f"{share:>8.1f}" for share in shares(texts).values()))


def clustering(folder: Path) -> None:
    rows = [row for row in read_rows(folder / "clinc150.jsonl") if row["split"] in ("test", "oos_test")]
    texts = [row["text"] for row in rows]
    truth = np.array([row["intent"] for row in rows])
    known = truth != "oos"
    encoder = App.start().encoder()
    masked = [mask(text) for text in texts]
    changed = sum(before != after for before, after in zip(texts, masked, strict=True))
    print(f"\n5. Clustering of {len(rows):,} CLINC150 requests ({changed} of them changed by masking)")
    print(f"{'':<34}{'clusters':>9}{'ARI':>8}{'AMI':>8}")
    accounts = [str(n) for n in range(len(texts))]
    for name, stage in (
        ("as written", texts),
        ("masked", masked),
        ("built-in summary", summaries(read(masked), accounts)),
    ):
        vectors = encoder.encode(stage)
        labels = density_clusters(space_and_plane(vectors)[0], MIN_SIZE)
        centres = centres_of(vectors, labels)
        scored = np.where(labels < 0, (vectors @ centres.T).argmax(axis=1), labels)
        ari = adjusted_rand_score(truth[known], scored[known])
        ami = adjusted_mutual_info_score(truth[known], scored[known])
        print(f"{name:<34}{len(centres):>9}{ari:>8.3f}{ami:>8.3f}")


def speed(folder: Path) -> None:
    texts = [text for row in read_rows(folder / "wildchat_en.jsonl") if (text := first_text(row))]
    print(
        f"\n6. Milliseconds a text ({len(texts):,} first prompts of WildChat, {np.mean([len(t) for t in texts]):.0f} characters)"
    )
    timed: list[tuple[str, Callable[[str], object]]] = [("mask", mask), ("privacy score", lambda text: shares([text]))]
    if ner.ner_available():
        timed.insert(0, ("mask without names by model", mask_identifiers))
    for name, call in timed:
        started = time.process_time()
        for text in texts:
            call(text)
        print(f"{name:<34}{1000 * (time.process_time() - started) / len(texts):>9.2f}")


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.open(encoding="utf-8")]


def head(title: str, columns: Sequence[Layer]) -> None:
    print(f"\n{title}\n{'':<34}" + "".join(f"{layer.name:>16}" for layer in columns))


def line(name: str, values: Sequence[str]) -> None:
    print(f"{name:<34}" + "".join(f"{value:>16}" for value in values))


def main(folder: Path) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"names by model: {', '.join(ner.ner_models()) or 'none installed'}")
    spans(folder)
    names()
    canaries()
    real(folder)
    clustering(folder)
    speed(folder)
    sentences(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder holds presidio_spans.jsonl?  python -m bench.screening FOLDER")
    main(Path(sys.argv[1]))
