"""Files that are written whole or not at all, for their owner alone.

Sessions run beside each other, as threads and as processes, and may write the same file at the same moment. So what is being
written has a name of its own, and takes the file's place when it is whole.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A new file that takes `target`'s place when the block ends; the last of several writers holds. Where the block fails
    or the process is killed, `target` stays as it was. Raises OSError."""
    descriptor, name = tempfile.mkstemp(".partial" + target.suffix, f".{target.name}.", target.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o600)  # libraries that put a file of their own there give it other permissions
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
