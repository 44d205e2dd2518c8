"""Thresholds (R3, R7): bounded counts of conversations and accounts, dominance, and which accounts count towards text.

One place for every threshold, so that no tool counts otherwise. Data plane: it sees members and answers numbers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from index.core.records import as_day
from index.handle import Index
from index.snapshots.snapshot import UNDATED, Rows, Snapshot
from tools.coordination.suspects import suspected
from tools.core.counting import complement_of, distinct, how_often
from tools.core.memo import MemoByArray
from tools.core.policy import PrivacyPolicy
from tools.history.candidates import Combination


@dataclass(frozen=True)
class Thresholds:
    """Counts over an index's snapshot under one policy."""

    index: Index
    policy: PrivacyPolicy

    @property
    def snapshot(self) -> Snapshot:
        return self.index.snapshot

    def counted(self, rows: Rows) -> tuple[int, int, int]:
        """(conversations with each account bounded, accounts, conversations of the largest account) (R7)."""
        return self._remembered(rows)

    @cached_property
    def _remembered(self) -> MemoByArray[tuple[int, int, int]]:
        return MemoByArray(self._counted)

    def _counted(self, rows: Rows) -> tuple[int, int, int]:
        if not len(rows):
            return 0, 0, 0
        each = how_often(self.snapshot.accounts[rows])
        return int(np.minimum(each, self.policy.max_per_account).sum()), int(np.count_nonzero(each)), int(each.max())

    def counted_of(self, combination: Combination, parts: Sequence[Rows]) -> tuple[int, int]:
        """(conversations, accounts) of parts as if the accounts that tell their whole from a combination of earlier
        sets were in it as they are in the combination, whether they are or not (R5)."""
        kept = [part[~np.isin(self.snapshot.accounts[part], combination.differing)] for part in parts]
        most = self.policy.max_per_account
        count = sum(self.counted(part)[0] for part in kept) + int(np.minimum(combination.contributions, most).sum())
        accounts = len(distinct(self.snapshot.accounts[np.concatenate(kept)])) + int(
            (combination.contributions > 0).sum()
        )
        return count, accounts

    def meets(self, rows: Rows) -> bool:
        """Whether a closed cell of these members may be shown."""
        count, accounts, largest = self.counted(rows)
        policy = self.policy
        is_large = count >= policy.min_conversations and accounts >= policy.min_accounts
        return is_large and largest <= policy.max_dominance * len(rows)

    @cached_property
    def always_met_from(self) -> int:
        """Conversations from which any group meets the thresholds: in one that does not, some account has at least
        the smallest of these shares, and no account has more than the largest one has in all."""
        policy = self.policy
        least_share = min(1 / policy.min_conversations, 1 / policy.min_accounts, policy.max_dominance)
        return ceil(int(how_often(self.snapshot.accounts).max(initial=0)) / least_share) + 1

    def complement_meets(self, rows: Rows, whole: Rows) -> bool:
        """Whether what a whole holds beside these rows of it may be shown as a closed cell."""
        count, _, largest = self.counted(whole)
        policy, rest = self.policy, len(whole) - len(rows)
        # Of a whole in which no account has much, a large complement meets them whoever it holds.
        least = rest - (len(whole) - count)
        accounts = rest // max(1, largest)
        if (
            least >= policy.min_conversations
            and accounts >= policy.min_accounts
            and largest <= policy.max_dominance * rest
        ):
            return True
        return self.meets(complement_of(rows, whole))

    def established(self, rows: Rows, since: date | None) -> Rows:
        """Those of the rows whose account counts towards text: it was seen on so many days as the policy asks, or before
        the scope's period (`since`). A group's text and each specific in it are held to these rows alone."""
        if self.policy.established_days <= 1:
            return rows
        days, first = self._seen
        accounts = self.snapshot.accounts[rows]
        counts = days[accounts] >= self.policy.established_days
        if since is not None:
            counts |= (first[accounts] != UNDATED) & (first[accounts] < as_day(since))
        return rows[counts]

    def distinct_voices(self, accounts: Collection[int]) -> int:
        """As how many these distinct accounts count towards text: of those that look coordinated some count as one. It is
        what makes it dear to lift a text over its threshold by accounts invented for that (Annamalai et al. 2026)."""
        each = self.policy.coordinated_as_one
        if each == 1 or not accounts:
            return len(accounts)
        coordinated = int(np.count_nonzero(self._suspected[np.fromiter(accounts, np.int64, len(accounts))]))
        return len(accounts) - coordinated + -(-coordinated // each)

    def meets_text(self, rows: Rows, since: date | None) -> bool:
        """Whether a group's name may be shown, if it is attested."""
        established = self.established(rows, since)
        count, accounts, _ = self.counted(established)
        least = self.policy.text_min_accounts
        if count < self.policy.text_min_conversations or accounts < least:
            return False
        # Of so many that all of them could be coordinated, nobody needs to be looked at.
        return accounts >= least * self.policy.coordinated_as_one or (
            self.distinct_voices(distinct(self.snapshot.accounts[established]).tolist()) >= least
        )

    def meets_reading(self, rows: Rows) -> bool:
        """Whether more than a group's size may be released, such as bands: accounts that look coordinated count as any,
        or no coordination could be reported."""
        count, accounts, _ = self.counted(self.established(rows, None))
        return count >= self.policy.text_min_conversations and accounts >= self.policy.text_min_accounts

    @cached_property
    def _suspected(self) -> NDArray[np.bool_]:
        return suspected(self.index, self.policy)

    def rounded(self, count: int) -> int:
        """To the nearest step, halves up."""
        step = self.policy.round_to
        return (count + step // 2) // step * step

    @cached_property
    def _seen(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """By account: on how many days it was seen, and the first of them (UNDATED: on none)."""
        accounts, days = self.snapshot.accounts, self.snapshot.days
        dated = days != UNDATED
        most = int(accounts.max(initial=0)) + 1
        pairs = np.unique(np.column_stack([accounts[dated], days[dated]]), axis=0)
        number = np.bincount(pairs[:, 0], minlength=most)
        first = np.full(most, UNDATED, dtype=np.int64)
        # Pairs ascend by account, then day, so that the first of each account is its first day.
        who, places = np.unique(pairs[:, 0], return_index=True)
        first[who] = pairs[places, 1]
        return number, first
