"""A home for a test: a copy of a built one beside the compiled encoders that all tests share."""

import shutil
from pathlib import Path


def copied(built: Path, home: Path) -> Path:
    """What a built home holds, in `home`, which may exist; the encoders there stay as they are."""
    return Path(shutil.copytree(built, home, ignore=shutil.ignore_patterns("encoders"), dirs_exist_ok=True))


def with_encoders(home: Path, encoders: Path) -> Path:
    """The home with the shared encoders in it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (home / "encoders").exists():
        (home / "encoders").symlink_to(encoders)
    return home
