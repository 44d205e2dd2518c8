"""The record of an evaluation on disk: what was set, and one line of JSON for each item as soon as it is measured.

A run that was stopped goes on where it ended. A record of other settings is never gone on with.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.evaluation.items import Measured
from index.core.errors import SettingsError
from index.core.files import written_whole
from index.core.home import private_folder

SET, ITEMS = "run.json", "items.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """A folder with a run. `setting`: what it was made with (roles, index, version, machine)."""

    folder: Path
    setting: Mapping[str, Any]
    measured: Sequence[Measured]

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Raises SettingsError where the folder holds no record that can be read."""
        try:
            setting = json.loads((folder / SET).read_text("utf-8"))
            lines = _whole((folder / ITEMS).read_bytes()) if (folder / ITEMS).exists() else []
            return cls(folder, setting, tuple(Measured.from_dict(json.loads(line)) for line in lines))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SettingsError(
                f"{folder} holds no record of an evaluation that can be read.",
                "Give the folder that shoal eval wrote with --out.",
            ) from error

    @classmethod
    def begin(cls, folder: Path, setting: Mapping[str, Any]) -> "Record":
        """The record in a folder: a new one, or one with the same setting that is gone on with."""
        if (folder / SET).exists():
            found = cls.read(folder)
            changed = sorted(name for name in SAME if found.setting.get(name) != setting.get(name))
            if changed:
                raise SettingsError(
                    f"{folder} holds a run with another setting ({', '.join(changed)}).",
                    "Give another folder with --out, or remove this one.",
                )
            if (folder / ITEMS).exists():
                _cut_to_whole(folder / ITEMS)
            return found
        private_folder(folder)
        with written_whole(folder / SET) as partial:
            partial.write_text(json.dumps(setting, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return cls(folder, setting, ())

    def add(self, measured: Measured) -> "Record":
        """With one item more, which is on disk when this returns."""
        with (self.folder / ITEMS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(measured.as_dict(), ensure_ascii=False) + "\n")
        return Record(self.folder, self.setting, (*self.measured, measured))


SAME = ("roles", "index", "version", "quick")
"""Settings that two parts of one run must share."""


def _whole(held: bytes) -> list[bytes]:
    """Lines without a last one that a kill cut short."""
    return held.split(b"\n")[:-1]


def _cut_to_whole(file: Path) -> None:
    with file.open("r+b") as open_file:
        open_file.truncate(open_file.read().rfind(b"\n") + 1)
