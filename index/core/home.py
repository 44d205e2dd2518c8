"""Where Shoal keeps things, and with which permissions.

Every folder is made 0700 and every file 0600, because vectors and summaries are as sensitive as the text they stand
for. The account key lies in a folder of its own, outside any index, so that a copied index names nobody.
"""

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from index.core.errors import IndexFault, SettingsError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one user. `SHOAL_HOME` moves all of them."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        configured = os.environ.get("SHOAL_HOME")
        return cls(Path(configured).expanduser() if configured else Path(platformdirs.user_data_dir("shoal")))

    def folder(self, name: str) -> Path:
        """A private sub-folder, made when missing."""
        return private_folder(self.root / name)

    def index_path(self, name_or_path: str) -> Path:
        """An index by its name under this home, or by a path (anything with a separator)."""
        if os.sep in name_or_path or name_or_path.startswith((".", "~")):
            return Path(name_or_path).expanduser()
        if not _NAME.fullmatch(name_or_path):
            raise SettingsError(
                f"{name_or_path!r} cannot name an index.", "Use letters, digits, '.', '_' or '-', or give a path."
            )
        return self.root / "indexes" / name_or_path


def private_folder(path: Path) -> Path:
    """Make `path` (0700) and return it."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as error:
        raise IndexFault(
            f"Cannot make the folder {path}: {error.strerror}.", "Set SHOAL_HOME to a writable folder."
        ) from error
    return path


def restrict(folder: Path) -> None:
    """Take group and world permissions from every file below `folder` (stores of other libraries make their own)."""
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # another session put its own file in place meanwhile
            path.chmod(0o700 if path.is_dir() else 0o600)


def load_or_make_key(keys: Path, index_id: str) -> bytes:
    """The 32-byte secret of one index, made on first use with 0600."""
    path = keys / f"{index_id}.key"
    if path.exists():
        key = path.read_bytes()
        if len(key) != 32:
            raise IndexFault(
                f"The key file {path} is damaged.", "Restore it from a backup; without it accounts differ."
            )
        return key
    # Written under another name and linked, so that two processes that make it at once get the same one, whole.
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_bytes()
