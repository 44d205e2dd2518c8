"""What the gate releases for a fixed list of drawn calls, so that two versions can be compared call by call.

    python -m bench.releases record OUT.jsonl [--index demo] [--calls 300] [--seed 1]
    python -m bench.releases compare BEFORE.jsonl AFTER.jsonl
    python -m bench.releases price BEFORE.jsonl AFTER.jsonl

`record` asks every tool, over scopes drawn from the index's own facets, periods, clusters and a few phrases. It does so
under four policies, each with a ledger of its own in a folder that is removed: the default, no rounding, few accounts
and differential privacy. `compare` lists the calls whose finding or refusal is not the same; `price` prints what a change of the
gate costs: answers, rows and numbers that are shown, after as a share of before. Ids of the drawn calls do
not depend on what is released, so the two files always hold the same calls.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

POLICIES: dict[str, dict[str, float]] = {
    "default": {},
    "no rounding": {"round_to": 1},
    "low thresholds": {"min_conversations": 6, "min_accounts": 3, "round_to": 3},
    "differential privacy": {"epsilon_per_release": 0.5, "epsilon_total": 10.0},
}
PHRASES = (
    "cooking",
    "job application",
    "python error",
    "seo backlinks",
    "wedding speech",
    "medical advice",
    "フィットネス",
)
BY = ("language", "surface", "concern", "flagged", "harm", "outcome", "turns", "month", "theme", "topic")


def drawn_calls(snapshot: Any, count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tool names and arguments."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _drawn(chance, snapshot)


def _drawn(chance: random.Random, snapshot: Any) -> tuple[str, dict[str, Any]]:
    tool = chance.choice(
        ("overview", "count_by", "count_by", "count_by", "count_by", "trend", "trend", "compare", "compare", "coverage",
         "search_topics", "drill_down", "cluster_scope", "emerging", "coordination", "flag_gaps", "precedent",
         "topic_map", "audit_claim")
    )  # fmt: skip
    scope = _scope(chance, snapshot)
    match tool:
        case "overview":
            return tool, {}
        case "count_by":
            across = {"across": chance.choice(BY[:8])} if chance.random() < 0.4 else {}
            return tool, {"by": chance.choice(BY), "scope": scope, **across}
        case "trend":
            return tool, {"scope": scope, "by": chance.choice(("week", "month"))}
        case "compare":
            second = {"second": _scope(chance, snapshot)} if chance.random() < 0.5 else {}
            return tool, {"first": scope, "by": chance.choice(BY), **second}
        case "coverage":
            return tool, {"scope": scope, **({"by": chance.choice(BY[:8])} if chance.random() < 0.5 else {})}
        case "search_topics":
            return tool, {"phrase": chance.choice(PHRASES)}
        case "drill_down":
            return tool, {"cluster": _cluster(chance, snapshot)}
        case "emerging":
            day = _day(chance, snapshot)
            return tool, {"since": day}
        case "audit_claim":
            number = {"row": "Japanese", "kind": "count", "stated": chance.choice((100, 1000))}
            return tool, {"tool": "count_by", "arguments": {"by": "language"}, "numbers": [number]}
        case _:
            return tool, {"scope": scope}


def _day(chance: random.Random, snapshot: Any) -> str:
    from index.core.records import as_date

    days = snapshot.days[snapshot.days > 0]
    return str((as_date(int(days.min())) + timedelta(days=chance.randrange(int(days.max() - days.min())))).isoformat())


def _cluster(chance: random.Random, snapshot: Any) -> str:
    return str(chance.choice(snapshot.clusters).id)


def _scope(chance: random.Random, snapshot: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        kind = chance.choice(("language", "surface", "harm", "flagged", "concern", "since", "near", "cluster"))
        if kind in ("language", "surface", "harm"):
            found[kind] = chance.choice(snapshot.facet(kind).values)
        elif kind == "flagged":
            found[kind] = chance.choice(("yes", "no"))
        elif kind == "concern":
            found["concern_at_least"] = chance.choice((2, 3))
        elif kind == "since":
            found["since"] = _day(chance, snapshot)
        elif kind == "near":
            found["near"] = chance.choice(PHRASES)
        else:
            found["cluster"] = _cluster(chance, snapshot)
    return found


async def record(out: Path, name: str, count: int, seed: int) -> None:
    from agent.wiring import App
    from tools.context import ToolContext
    from tools.core.errors import ToolRefusal
    from tools.core.ledger import Ledger
    from tools.core.policy import load_policy
    from tools.registry import call
    from tools.release.gate import Gate

    index = App.start(name).open_index()
    with out.open("w", encoding="utf-8") as file, tempfile.TemporaryDirectory() as folder:
        for policy, values in POLICIES.items():
            ledger = Ledger(Path(folder) / policy / "a.sqlite3")
            gate = Gate(index, load_policy(values), ledger)
            ctx = ToolContext(gate)
            for place, (tool, arguments) in enumerate(drawn_calls(index.snapshot, count, seed)):
                row: dict[str, Any] = {"policy": policy, "place": place, "tool": tool, "arguments": arguments}
                try:
                    row["finding"] = (await call(tool, arguments, ctx)).as_dict()
                except ToolRefusal as refusal:
                    row["refusal"] = str(refusal)
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                print(f"\r{policy}: {place + 1} of {count}", end="", file=sys.stderr)
            row = {"policy": policy, "place": "ledger", "broken": ledger.verify(), "entries": len(ledger.entries())}
            file.write(json.dumps(row) + "\n")
            ledger.close()
    print(file=sys.stderr)


def compare(before: Path, after: Path) -> int:
    """Print the calls that differ; returns their number."""
    old, new = ([json.loads(line) for line in path.open(encoding="utf-8")] for path in (before, after))
    differing = 0
    for one, other in zip(old, new, strict=True):
        if (one["policy"], one["place"]) != (other["policy"], other["place"]):
            raise SystemExit("The two files hold other calls. Record both with the same index, --calls and --seed.")
        if _stable(one) != _stable(other):
            differing += 1
            print(f"{one['policy']} {one['place']} {one.get('tool')} {json.dumps(one.get('arguments'))}")
            for name in sorted({*one.get("finding", {}), *other.get("finding", {})}):
                if one.get("finding", {}).get(name) != other.get("finding", {}).get(name):
                    print(f"  {name}\n  - {one.get('finding', {}).get(name)}\n  + {other.get('finding', {}).get(name)}")
            if one.get("refusal") != other.get("refusal"):
                print(f"  - {one.get('refusal')}\n  + {other.get('refusal')}")
    released = sum("finding" in row for row in old)
    print(f"{len(old)} records, {released} findings, {differing} differ")
    return differing


def price(before: Path, after: Path) -> None:
    """Print by policy and tool what is shown after, of what was shown before."""
    found: dict[str, list[list[int]]] = {}
    for place, path in enumerate((before, after)):
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            if "tool" in row:
                for name in (f"{row['policy']:<22}all tools", f"{row['policy']:<22}{row['tool']}"):
                    counts = found.setdefault(name, [[0, 0, 0], [0, 0, 0]])[place]
                    for at, shown in enumerate(_shown(row.get("finding"))):
                        counts[at] += shown
    print(f"{'':<38}{'answers':>16}{'rows':>16}{'numbers':>18}")
    for name, (old, new) in sorted(found.items()):
        parts = [
            f"{now:,} of {was:,} {100 * now / was if was else 100:4.0f} %" for was, now in zip(old, new, strict=True)
        ]
        print(f"{name:<38}{parts[0]:>16}{parts[1]:>20}{parts[2]:>22}")


def _shown(finding: dict[str, Any] | None) -> tuple[int, int, int]:
    """An answer, its rows that show something, and its numbers."""
    if finding is None:
        return 0, 0, 0
    numbers = [sum(value["count"] is not None for value in row["values"]) for row in finding["rows"]]
    return 1, sum(map(bool, numbers)), sum(numbers)


def _stable(row: dict[str, Any]) -> dict[str, Any]:
    """A record without what differs from run to run: the digest covers the rest, and noise is drawn anew."""
    if row["policy"] == "differential privacy" and "finding" in row:
        return {**row, "finding": None}
    return {**row, "finding": {**row.get("finding", {}), "digest": None}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    recording = commands.add_parser("record")
    recording.add_argument("out", type=Path)
    recording.add_argument("--index", default="demo")
    recording.add_argument("--calls", type=int, default=300)
    recording.add_argument("--seed", type=int, default=1)
    for name in ("compare", "price"):
        of_two = commands.add_parser(name)
        of_two.add_argument("before", type=Path)
        of_two.add_argument("after", type=Path)
    args = parser.parse_args()
    if args.command == "record":
        asyncio.run(record(args.out, args.index, args.calls, args.seed))
    elif args.command == "price":
        price(args.before, args.after)
    else:
        raise SystemExit(bool(compare(args.before, args.after)))


if __name__ == "__main__":
    main()
