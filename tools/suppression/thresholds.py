"""Thresholds (R3, R7): how many conversations and accounts a set has, who dominates it, and which accounts count towards text.

One place for every threshold, so that no tool counts otherwise. A threshold counts an account a bounded number of times;
what is released is the count of all conversations. Data plane: it sees members and answers numbers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.core.records import as_day
from index.handle import Index
from index.snapshots.snapshot import UNDATED, Rows, Snapshot
from tools.coordination.suspects import suspected
from tools.core.counting import complement_of, distinct, how_many, how_often
from tools.core.memo import MemoByArray
from tools.core.policy import PrivacyPolicy
from tools.core.soft_edge import SoftEdge
from tools.history.candidates import Combination


class Counts(NamedTuple):
    """How many a set holds: all its `conversations`; its `accounts`; conversations with each account `bounded`; those of the
    account with the most (`largest`), and of the next one (`second`)."""

    conversations: int
    accounts: int
    bounded: int
    largest: int
    second: int


_RETURNING = 10
_MOST_BESIDE = 0.2
"""Of a row, what may lie beside a cell that stands as the whole row."""
_NOBODY = Counts(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Thresholds:
    """Counts over an index's snapshot under one policy."""

    index: Index
    policy: PrivacyPolicy

    @property
    def snapshot(self) -> Snapshot:
        return self.index.snapshot

    def counted(self, rows: Rows) -> Counts:
        """What a set of members holds (R7)."""
        return self._remembered(rows)

    @cached_property
    def _remembered(self) -> MemoByArray[Counts]:
        return MemoByArray(self._counted)

    def _counted(self, rows: Rows) -> Counts:
        if not len(rows):
            return _NOBODY
        each = how_often(self.snapshot.accounts[rows])
        second, largest = np.partition(each, -2)[-2:].tolist() if len(each) > 1 else (0, int(each[0]))
        bounded = int(np.minimum(each, self.policy.max_per_account).sum())
        return Counts(len(rows), int(np.count_nonzero(each)), bounded, largest, second)

    def counted_of(self, combination: Combination, parts: Sequence[Rows]) -> tuple[int, int]:
        """(conversations, accounts) of parts as if the accounts that tell their whole from a combination of earlier
        sets were in it as they are in the combination, whether they are or not (R5)."""
        kept = [part[~np.isin(self.snapshot.accounts[part], combination.differing)] for part in parts]
        count = sum(map(len, kept)) + int(combination.contributions.sum())
        accounts = len(distinct(self.snapshot.accounts[np.concatenate(kept)])) + int(
            (combination.contributions > 0).sum()
        )
        return count, accounts

    def meets(self, rows: Rows) -> bool:
        """Whether a closed cell of these members may be shown."""
        return self._known_to_meet(rows)

    @cached_property
    def _known_to_meet(self) -> MemoByArray[bool]:
        return MemoByArray(lambda rows: self.is_large(rows) and not self._is_dominated(rows))

    def is_large(self, rows: Rows) -> bool:
        """Whether these are enough conversations of enough accounts, whoever dominates them."""
        return self._reaches(rows, self.counted(rows), self.policy.min_conversations, self.policy.min_accounts)

    def _reaches(self, rows: Rows, found: Counts, conversations: int, accounts: int) -> bool:
        """Whether a set that holds so many reaches two thresholds, each with the set's soft edge."""
        most = 1 + self.policy.soft_edge
        if found.bounded >= conversations * most and found.accounts >= accounts * most:
            return True
        if found.bounded < conversations or found.accounts < accounts:
            return False
        edge = 1 + self.policy.soft_edge * self._edge.of_set(rows)
        return found.bounded >= int(conversations * edge) and found.accounts >= int(accounts * edge)

    def most_suppressed(self, rows: Rows) -> int:
        """From how many conversations on this set is not suppressed for being small, by its soft edge. Whatever a reader is taken
        to know of a suppressed number goes by this, because an exact number would tell 14 from 15."""
        return int(self.policy.min_conversations * (1 + self.policy.soft_edge * self._edge.of_set(rows)))

    def most_small(self, rows: Rows) -> int:
        """From how many conversations on a suppressed set is not taken for a small one: the policy's, or by a draw a third more."""
        edge = min(1.0, self.policy.soft_edge) / 3 * self._edge.of_set(rows, "choice")
        return int(self.policy.min_conversations * (1 + edge))

    def text_accounts(self, word: str, rows: Rows) -> int:
        """Accounts of these rows that must use a word for it to be shown in their name."""
        return int(self.policy.text_min_accounts * (1 + self.policy.soft_edge * self._edge.of_word(word, rows)))

    def key_of(self, rows: Rows) -> bytes:
        """What tells sets of conversations apart, whatever order they are in."""
        return self._edge.key_of(rows)

    @cached_property
    def _edge(self) -> SoftEdge:
        return SoftEdge(self.index.settings.id, self.snapshot.numbers)

    def _is_dominated(self, rows: Rows) -> bool:
        """By the (n, k) rule for one account and for two, or by the p % rule: the account with the second most could tell
        too well how many the largest has (Hundepool et al. 2012, 4.2). Each limit has the set's soft edge on its strict side."""
        policy, found = self.policy, self.counted(rows)
        most, others = found.conversations, found.conversations - found.largest - found.second
        if found.largest > policy.max_dominance * most:
            return True
        edge = 1 - self._most_lowered * self._edge.of_set(rows, "dominance")
        return (
            found.largest > policy.max_dominance * edge * most
            or found.largest + found.second > policy.max_dominance_of_two * edge * most
            or others * edge < policy.min_unknown * found.largest
        )

    @property
    def _most_lowered(self) -> float:
        """By which part the soft edge may lower a limit of dominance."""
        return min(1.0, self.policy.soft_edge) / 3

    def is_of_size(self, rows: Rows, smallest: int) -> bool:
        """Whether a group that was found by its size is so large, with the set's soft edge."""
        return self._reaches(rows, self.counted(rows), smallest, self.policy.min_accounts)

    def leads(self, ahead: int, rows: Rows) -> bool:
        """Whether the value of most accounts of these rows may be said, that is so many accounts ahead of the next."""
        margin = self.policy.min_accounts * self.policy.soft_edge
        return ahead >= int(margin * (1 + self._edge.of_set(rows, "choice")))

    def is_most_of(self, rows: Rows, whole: Rows) -> bool:
        """Whether so much of a whole is in these rows that its number may stand for theirs: all but a tenth to a fifth, by a
        draw of the rest, so that the edge is no test for one of them."""
        edge = 1 - min(1.0, self.policy.soft_edge) / 2 * self._edge.of_set(complement_of(rows, whole), "choice")
        return len(whole) - len(rows) <= _MOST_BESIDE * edge * len(whole)

    def of_value(self, value: int) -> float:
        """A draw for a value of a facet, 0 where edges are exact."""
        return self._edge.of_value(value) if self.policy.soft_edge else 0.0

    @cached_property
    def always_met_from(self) -> int:
        """Conversations from which any group meets the thresholds: in one that does not, some account has at least
        the smallest of these shares, and no account has more than the largest one has in all."""
        policy = self.policy
        lowered = 1 - self._most_lowered
        least_share = min(
            1 / (policy.min_conversations * (1 + policy.soft_edge)),
            1 / (policy.min_accounts * (1 + policy.soft_edge)),
            policy.max_dominance * lowered,
            policy.max_dominance_of_two * lowered / 2,
            1 / (2 + policy.min_unknown / lowered),
        )
        return ceil(int(how_often(self.snapshot.accounts).max(initial=0)) / least_share) + 1

    def complement_meets(self, rows: Rows, whole: Rows) -> bool:
        """Whether what a whole holds beside these rows of it may be shown as a closed cell."""
        # A complement so large meets them whoever it holds.
        return len(whole) - len(rows) >= self.always_met_from or self.meets(complement_of(rows, whole))

    def established(self, rows: Rows, since: date | None) -> Rows:
        """Those of the rows whose account counts towards text: it was seen on so many days as the policy asks, or before
        the scope's period (`since`). A group's text and each specific in it are held to these rows alone."""
        if self.policy.established_days <= 1 or not self._has_history:
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
        found = self.counted(established)
        least = self.policy.text_min_accounts
        if not self._reaches(established, found, self.policy.text_min_conversations, least):
            return False
        # Of so many that all of them could be coordinated, nobody needs to be looked at.
        most = least * (1 + self.policy.soft_edge)
        return found.accounts >= most * self.policy.coordinated_as_one or (
            self.distinct_voices(distinct(self.snapshot.accounts[established]).tolist())
            >= int(least * (1 + self.policy.soft_edge * self._edge.of_set(established)))
        )

    def meets_reading(self, rows: Rows) -> bool:
        """Whether more than a group's size may be released, such as bands: accounts that look coordinated count as any,
        or no coordination could be reported."""
        established, policy = self.established(rows, None), self.policy
        return self._reaches(
            established, self.counted(established), policy.text_min_conversations, policy.text_min_accounts
        )

    @cached_property
    def _suspected(self) -> NDArray[np.bool_]:
        return suspected(self.index, self.policy)

    def rounded(self, count: int, rows: Rows) -> int:
        """A count of conversations of these rows as it leaves. With a soft edge: the multiple below or above, by a secret draw of
        the set, so that it is the count on average (fixed random rounding; Hundepool et al. 2012, 5.4)."""
        return self._rounded(count, rows, self.policy.min_conversations)

    def rounded_accounts(self, accounts: int, rows: Rows) -> int:
        """The same for a number of accounts."""
        return self._rounded(accounts, rows, self.policy.min_accounts)

    def _rounded(self, count: int, rows: Rows, threshold: int) -> int:
        """Never to under the threshold what is at least that."""
        step = self.policy.round_to
        below = count // step * step
        if not self.policy.soft_edge or below == count:
            return self.policy.nearest(count)
        is_up = count - below > step * self._edge.of_set(rows, "rounding")
        return below + step if is_up or below < threshold <= count else below

    @property
    def most_near(self) -> int:
        """Accounts that tell any two sets apart (R5)."""
        return int(self.policy.min_accounts * (1 + self.policy.soft_edge))

    def is_near(self, differing: Rows, more: int = 0) -> bool:
        """Whether two sets that differ by these conversations, and by so many `more` accounts, are nearly the same (R5). From
        how many accounts on they are not is drawn for the difference: an exact number is a test for whoever supplies all
        of it but one."""
        accounts, least = how_many(self.snapshot.accounts[differing]) + more, self.policy.min_accounts
        if not least <= accounts < self.most_near:
            return accounts < least
        return accounts < int(least * (1 + self.policy.soft_edge * self._edge.of_set(differing, "difference")))

    @cached_property
    def _has_history(self) -> bool:
        """Whether a tenth of the accounts, or by a draw down to half as many, were seen on more than one day: else hardly any is
        older than another, and a name would rest on those few."""
        days = self._seen[0]
        everything = np.arange(len(self.snapshot), dtype=np.int64)
        times = _RETURNING * (1 + min(1.0, self.policy.soft_edge) * self._edge.of_set(everything, "choice"))
        return bool(np.count_nonzero(days > 1) * times >= np.count_nonzero(days))

    @cached_property
    def _seen(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """By account: on how many days it was seen, and the first of them (UNDATED: on none)."""
        accounts, days = self.snapshot.accounts, self.snapshot.days
        dated = days != UNDATED
        most = int(accounts.max(initial=0)) + 1
        earliest = int(days[dated].min(initial=0))
        span = int(days.max(initial=0)) - earliest + 1
        # One number for each account and day. Sorted here, because `np.unique` takes fifty times as long.
        pairs = np.sort(accounts[dated] * span + (days[dated] - earliest))
        pairs = pairs[np.diff(pairs, prepend=-1) != 0]
        who, day = np.divmod(pairs, span)
        number = np.bincount(who, minlength=most)
        first = np.full(most, UNDATED, dtype=np.int64)
        # They ascend by account, then day, so that the first of each account is its first day.
        is_first = np.diff(who, prepend=-1) != 0
        first[who[is_first]] = day[is_first] + earliest
        return number, first
