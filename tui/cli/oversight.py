"""What an oversight team gets of a ledger: every release and refusal with its policy, and whether the chain holds.

The file holds no member of any set: sizes and questions only, as the ledger's entries have them.
"""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from index.core.errors import SettingsError

if TYPE_CHECKING:
    from tools.core.ledger import Release


def export(path: Path, entries: "Sequence[Release]", refused: str, broken: int | None) -> None:
    """Write entries to a CSV or JSON file by its suffix, 0600. `refused` is the digest that marks a refusal. Raises
    SettingsError for another suffix or a file that is there already."""
    rows = [
        {
            "kind": "refusal" if entry.digest == refused else "release",
            **asdict(entry),
            "chain": _chain(entry.seq, broken),
        }
        for entry in entries
    ]
    if path.suffix not in (".csv", ".json"):
        raise SettingsError("An export is a .csv or a .json file.", "shoal audit --export audit.csv")
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SettingsError(f"{path.name} is there already.", "Name a file that is not.") from error
    except OSError as error:
        raise SettingsError(f"{path} could not be written: {error.strerror}.", "Name another file.") from error
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as file:
        if path.suffix == ".json":
            whole = [{**row, "policy": json.loads(str(row["policy"])), "arguments": json.loads(str(row["arguments"]))}
                     for row in rows]  # fmt: skip
            json.dump({"broken_at": broken, "entries": whole}, file, ensure_ascii=False, indent=1)
        elif rows:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)


def _chain(seq: int, broken: int | None) -> str:
    return "holds" if broken is None or seq < broken else "not verified"
