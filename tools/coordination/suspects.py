"""Which accounts look coordinated: those of the published clusters that read so, kept beside the snapshot.

Reading every cluster takes seconds where there are many summaries, and each process that names groups needs it, so
publishing reads once and keeps the numbers of the accounts. They are as sensitive as the index's: data plane, never said.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.core.files import written_whole
from index.handle import Index
from tools.coordination.bands import Reader
from tools.core.policy import PrivacyPolicy


def suspected(index: Index, policy: PrivacyPolicy) -> NDArray[np.bool_]:
    """By account: whether it has a conversation in a published cluster whose coordination is very high. Shape (highest
    number of an account + 1,)."""
    found = np.zeros(int(index.snapshot.accounts.max(initial=0)) + 1, dtype=bool)
    kept = _kept(index.derived, _basis(index, policy))
    found[_read(index, policy) if kept is None else kept] = True
    return found


def keep_suspected(index: Index, policy: PrivacyPolicy) -> None:
    """Read the newest snapshot, and keep what was found beside it. Only the writer may."""
    with written_whole(index.derived) as partial:
        np.save(partial, np.concatenate([_basis(index, policy), _read(index, policy)]))


def _read(index: Index, policy: PrivacyPolicy) -> NDArray[np.int64]:
    reader, accounts = Reader(index, policy), index.snapshot.accounts
    called = [rows for rows in reader.members.values() if reader.bands(rows)["coordination"] == "very high"]
    return np.unique(accounts[np.concatenate(called)]) if called else accounts[:0]


def _basis(index: Index, policy: PrivacyPolicy) -> NDArray[np.int64]:
    """What the reading rests on: another policy or another snapshot of this number reads otherwise."""
    accounts = index.snapshot.accounts
    return np.array([policy.min_accounts, policy.max_per_account, len(accounts), int(accounts.sum())], dtype=np.int64)


def _kept(path: Path, basis: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """What was kept, where it rests on the same; None: nothing that does."""
    try:
        stored: NDArray[np.int64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return stored[len(basis) :] if np.array_equal(stored[: len(basis)], basis) else None
