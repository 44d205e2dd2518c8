"""Heavy clustering in a process of its own: UMAP and HDBSCAN hold Python's lock for seconds, and a screen whose loop
shares that lock cannot take a key meanwhile.

A process starts when first needed, is kept for the next question, and is killed when the question is stopped. It is a
plain child with pipes, not one of `multiprocessing`, which would run the main module of a program that uses Shoal as a
library a second time. Where no process can start, the same function runs in a thread. It is sent vectors and
coordinates only, never a text; its results are those of `index.geometry.clustering`, which it calls.
"""

import asyncio
import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from math import prod
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from index.core.errors import IndexFault
from index.core.orphan import leave_with
from index.geometry import clustering
from index.geometry.clustering import Labels, Space
from index.stores.vectors import Vectors

_Array = NDArray[np.float32] | NDArray[np.int32]
_Name = Literal["density_clusters", "cluster_space"]
_WORK: dict[str, Callable[[_Array, int], _Array]] = {
    "density_clusters": lambda space, size: clustering.density_clusters(np.asarray(space, np.float32), size),
    "cluster_space": lambda vectors, _: clustering.cluster_space(np.asarray(vectors, np.float32)),
}

_HERE_UP_TO = 500
"""Rows that HDBSCAN clusters in a thread: it holds the lock for some milliseconds then."""

_COMMAND = "import sys; sys.path[:] = {path!r}; from index.geometry.clustering_process import serve; serve({parent})"
_READY = b"+"
_NICER = 5
"""How far the process steps back where the screen wants the core too."""


async def density_clusters(space: Space, min_size: int) -> Labels:
    """`index.geometry.clustering.density_clusters`, while the caller's loop stays free. Cancelling ends the work at once."""
    if len(space) <= _HERE_UP_TO:
        return await asyncio.to_thread(clustering.density_clusters, space, min_size)
    return (await _elsewhere("density_clusters", space, min_size)).astype(np.int32, copy=False)


async def cluster_space(vectors: Vectors) -> Space:
    """`index.geometry.clustering.cluster_space`, in the same way."""
    if len(vectors) < clustering.SMALLEST_FOR_UMAP:
        return await asyncio.to_thread(clustering.cluster_space, vectors)
    return (await _elsewhere("cluster_space", vectors, 0)).astype(np.float32, copy=False)


def prepare(rows: int) -> None:
    """Start the process that `density_clusters` of so many rows will need, and return at once: what it loads takes longer
    than to find where the rows lie."""
    if rows <= _HERE_UP_TO:
        return
    with _idle_lock:
        if _idle:
            return
        child = _Child()
        _idle.append(child)
    child.begin()


class _Gone(Exception):
    """The child ended before it was done."""


class _Child:
    """One process, for one piece of work at a time. Its methods wait, and are called in a thread; `stop` does not."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.is_stopped = False
        self._is_ready = False
        self._lock = threading.Lock()

    def do(self, name: _Name, values: _Array, size: int) -> _Array:
        """The result of a function of `index.geometry.clustering`. Raises _Gone after `stop`, IndexFault when the child dies."""
        process = self._started()
        if process is None:
            if self.is_stopped:
                raise _Gone
            return _WORK[name](values, size)
        try:
            answer = self._asked(process, name, values, size)
        except (EOFError, OSError):
            self.close()
            if self.is_stopped:
                raise _Gone from None
            raise IndexFault(
                "Clustering ended before it was done; there was probably too little memory.",
                "Ask about less: a shorter period, one language, or one group.",
            ) from None
        _keep(self)
        return answer

    @staticmethod
    def _asked(process: "subprocess.Popen[bytes]", name: _Name, values: _Array, size: int) -> _Array:
        if process.stdin is None or process.stdout is None:
            raise EOFError
        _send(process.stdin, name, values, size)
        return _received(process.stdout)[1]

    def _started(self) -> "subprocess.Popen[bytes] | None":
        """The running child; None when it was stopped or none can start here."""
        started = self.begin()
        if self._is_ready or (started is not None and started.stdout is not None and started.stdout.read(1) == _READY):
            self._is_ready = True
            return started
        self.close()
        return None

    def begin(self) -> "subprocess.Popen[bytes] | None":
        """Start the child where none runs, without waiting until it is ready."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return self._process
            self.close()
            if self.is_stopped or not sys.executable:
                return None
            command = _COMMAND.format(path=sys.path, parent=os.getpid())
            pipe = subprocess.PIPE
            with suppress(OSError):
                self._process = subprocess.Popen(
                    [sys.executable, "-c", command], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
                )
            return self._process

    def stop(self) -> None:
        """Kill the child, whatever it is doing."""
        with self._lock:
            self.is_stopped = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Let go of a child that has nothing to do or is dead."""
        process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            process.kill()
            with suppress(OSError), process:
                pass


def _send(pipe: IO[bytes], work: str, values: _Array, size: int = 0) -> None:
    """One line that says what it is, then the array's bytes."""
    head = {"work": work, "size": size, "type": values.dtype.str, "shape": values.shape}
    pipe.write(json.dumps(head).encode() + b"\n")
    pipe.write(np.ascontiguousarray(values).tobytes())
    pipe.flush()


def _received(pipe: IO[bytes]) -> tuple[str, _Array, int]:
    """What `_send` sent. Raises EOFError when there is no more."""
    line = pipe.readline()
    if not line:
        raise EOFError
    head = json.loads(line)
    kind, shape = np.dtype(head["type"]), tuple(head["shape"])
    sent = pipe.read(kind.itemsize * prod(shape))
    if len(sent) < kind.itemsize * prod(shape):
        raise EOFError
    return head["work"], np.frombuffer(sent, kind).reshape(shape).copy(), head["size"]


_idle: list[_Child] = []
_idle_lock = threading.Lock()


def _keep(child: _Child) -> None:
    """Keep one child for the next question; a second has no use."""
    with _idle_lock:
        if not _idle:
            _idle.append(child)
            return
    child.close()


def _taken() -> _Child:
    with _idle_lock:
        while _idle:
            child = _idle.pop()
            if not child.is_stopped:  # a stop may come just after the work is done
                return child
            child.close()
    return _Child()


@atexit.register
def _close_idle() -> None:
    with _idle_lock:
        for child in _idle:
            child.close()


async def _elsewhere(name: _Name, values: _Array, size: int) -> _Array:
    child = _taken()
    work = asyncio.ensure_future(asyncio.to_thread(child.do, name, values, size))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        work.add_done_callback(lambda ended: ended.exception())  # it ends as the child does, and that is no news
        child.stop()
        raise


def serve(parent: int) -> None:
    """What the child does: work until there is no more, or until `parent` (a process id) is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    if hasattr(os, "nice"):
        os.nice(_NICER)
        leave_with(parent)
    answers.write(_READY)
    answers.flush()
    clustering.load()
    with suppress(EOFError):
        while True:
            name, values, size = _received(sys.stdin.buffer)
            _send(answers, name, _WORK[name](values, size))
