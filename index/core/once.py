"""A value that is made once in a process, also where several threads ask for it first at the same moment.

`functools.cache` lets each of them make its own and keeps the last. That is no harm where the values are equal, and a hole
where they are told apart by identity: compiled patterns are, so screening that was made of one thread's patterns and asked
with another's would find nothing.
"""

from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import TypeVar

_Made = TypeVar("_Made")


def once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    """`make`, called by the first who asks; the others wait for what it gives. Where it raises, the next one tries again."""
    lock, made = RLock(), cache(make)

    def value() -> _Made:
        with lock:
            return made()

    return value
