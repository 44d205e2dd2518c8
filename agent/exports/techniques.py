"""Which published technique a theme's name stands for: MITRE ATT&CK and ATLAS, by our table (`techniques.toml`)."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Matrix = Literal["attack", "atlas"]
_PAGES: dict[Matrix, str] = {
    "attack": "https://attack.mitre.org/techniques/{}",
    "atlas": "https://atlas.mitre.org/techniques/{}",
}


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique of a matrix; `label` is the kind of request that it stands for."""

    matrix: Matrix
    id: str
    name: str
    tactic: str
    label: str

    @property
    def url(self) -> str:
        return _PAGES[self.matrix].format(self.id.replace(".", "/") if self.matrix == "attack" else self.id)


@cache
def techniques() -> tuple[Technique, ...]:
    """The whole table."""
    table = tomllib.loads((files("agent.exports") / "techniques.toml").read_text("utf-8"))
    matrices: tuple[Matrix, ...] = ("attack", "atlas")
    return tuple(
        Technique(matrix, identity, name, tactic, label)
        for matrix in matrices
        for label, (identity, name, tactic) in table[matrix].items()
    )


def named_in(texts: Iterable[str]) -> list[Technique]:
    """The techniques whose kind of request a text names, in the table's order."""
    said = "\n".join(texts).casefold()
    return [technique for technique in techniques() if technique.label.casefold() in said]
