"""Ends a child process when the process that started it is gone, however that ended: nobody waits for its work."""

import os
import threading
import time


def leave_with(parent: int) -> None:
    """Watch the process id `parent` from a thread, and end this process, without cleaning up, once it is gone."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
