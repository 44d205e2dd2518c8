"""The privacy policy: every threshold of the gate in one frozen value.

An analyst may make it stricter; only the index's own settings file may make it looser. It must never be read from a
question, a model's output or a tool's arguments.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, Self

from pydantic import Field, model_validator

from index.core.errors import SettingsError
from index.core.settings_file import SettingsModel, checked

_MOST_EPSILON = 10.0
"""Above this a release would be exact in all but name, and the exact rules were the better ones."""


class PrivacyPolicy(SettingsModel):
    """Defaults follow published practice: closed cells from the Anthropic Economic Index (15 conversations, 5
    accounts), free text from CanaryBench (25) and above."""

    min_conversations: int = 15
    """Conversations that a released count must at least stand for."""
    min_accounts: int = Field(5, ge=2)
    """Accounts that a released count must at least stand for."""
    text_min_conversations: int = 25
    """Conversations that a group with a name must at least have."""
    text_min_accounts: int = 10
    """Accounts of a group that must use each specific in its name."""
    soft_edge: float = Field(1.0, ge=0, le=4)
    """By what share each of these four thresholds may be higher: between none of it and all of it, secret, drawn for each set
    and kept for it. So whoever invents all accounts of a group but one cannot tell from what is released whether that one
    is in it. 0: every threshold is exact."""
    round_to: int = Field(5, ge=1)
    """Rounding base of released counts. With a soft edge a count goes to the multiple below or above by a secret draw of its set,
    more likely to the nearer one; without it to the nearest."""
    max_facets: int = Field(2, ge=1)
    """Facets that one table may cross."""
    max_per_account: int = Field(10, ge=1)
    """Conversations of one account that count towards a threshold. Released counts are of all conversations."""
    max_dominance: float = Field(0.5, gt=0, le=1)
    """Share of a cell above which one account dominates it and the cell is suppressed ((n, k) rule with n = 1)."""
    max_dominance_of_two: float = Field(0.75, gt=0, le=1)
    """The same for the two accounts with the most ((n, k) rule with n = 2)."""
    min_unknown: float = Field(0.2, ge=0)
    """What a cell must hold beside its two largest accounts, as a share of the largest (p % rule): whoever knows the second
    one cannot tell the largest more exactly than this."""
    established_days: int = Field(2, ge=0)
    """Days on which an account must have been seen to count towards text, unless it was seen before the scope's period
    began. 1: every account counts, as in sources without dates or accounts, where none can be older than another."""
    phrases_per_month: int = Field(2_000, ge=1)
    """Distinct phrases that may be asked near in a calendar month, by everybody together: each selects another set."""
    coordinated_as_one: int = Field(2, ge=1)
    """Accounts of clusters with very high signs of coordination that count as one towards text: whoever invents accounts
    has to invent so many times more. 1: each counts by itself. A ring that is large enough keeps its name."""
    epsilon_per_release: float = 0.0
    """Differential privacy of closed counts: ε that a table of them costs. 0: off. Only the index can switch it, because
    noise takes the place of exact thresholds."""
    epsilon_total: float = 10.0
    """ε that all questions to the index may spend, whoever asks, where it is on."""

    @model_validator(mode="after")
    def _protects_somebody(self) -> Self:
        if self.min_conversations < self.min_accounts:
            raise ValueError("min_conversations must be at least min_accounts")
        if not 0 <= self.epsilon_per_release <= min(_MOST_EPSILON, self.epsilon_total) or self.epsilon_total <= 0:
            raise ValueError(
                f"epsilon_per_release must be between 0 and {_MOST_EPSILON:g} and at most epsilon_total, and epsilon_total "
                "must be above 0"
            )
        return self

    @property
    def adds_noise(self) -> bool:
        """Whether closed counts are released with noise (differential privacy)."""
        return self.epsilon_per_release > 0

    @property
    def rounds_too_little(self) -> bool:
        """Whether three numbers together leave fewer values open than a suppressed one must keep: then rounding does not
        keep it from following across tables, and every number that was said has to be looked at."""
        return 3 * (self.round_to - 1) + 1 < self.min_conversations - self.round_to

    @property
    def always_shown(self) -> int:
        """Conversations from which no threshold of conversations suppresses a count: its soft edge ends there."""
        return ceil(self.min_conversations * (1 + self.soft_edge))

    @property
    def noisy_threshold(self) -> int:
        """From which on a noisy count is said: so many conversations, with each account bounded, are of enough accounts."""
        return max(self.min_conversations, (self.min_accounts - 1) * self.max_per_account + 1)

    @property
    def rounding_room(self) -> tuple[int, int]:
        """By how many a count may be lower, and higher, than the number that leaves of it."""
        nearest = self.round_to // 2, (self.round_to - 1) // 2
        return (self.round_to - 1, self.round_to - 1) if self.soft_edge else nearest

    def nearest(self, count: int) -> int:
        """The nearest multiple, halves up: what leaves where edges are exact."""
        return (count + self.round_to // 2) // self.round_to * self.round_to

    def describe(self) -> str:
        return (
            f"counts {self.min_conversations}+ conversations of {self.min_accounts}+ accounts, names "
            f"{self.text_min_conversations}+ of {self.text_min_accounts}+"
            + (f" (a secret edge up to {1 + self.soft_edge:g} times these)" if self.soft_edge else "")
            + f", rounded to {self.round_to}, at most {self.max_per_account} of an account towards these"
            + (f", names from accounts seen on {self.established_days}+ days" if self.established_days > 1 else "")
            + (f", {self.coordinated_as_one} coordinated accounts count as 1" if self.coordinated_as_one > 1 else "")
            + (f", ε {self.epsilon_per_release:g} per table of closed counts" if self.adds_noise else "")
        )

    def as_dict(self) -> dict[str, int | float]:
        return self.model_dump()


_OF_THE_INDEX = ("round_to", "soft_edge", "max_per_account", "max_dominance", "max_dominance_of_two", "min_unknown")
"""What an analyst cannot choose: answers under several values together would tell what each of them hides."""
_LOWER_IS_STRICTER = {
    "max_facets", "max_per_account", "max_dominance", "max_dominance_of_two", "phrases_per_month", "epsilon_per_release", "epsilon_total",
}  # fmt: skip


def load_policy(index_settings: Mapping[str, Any], analyst: Mapping[str, Any] | None = None) -> PrivacyPolicy:
    """The index's policy, then the analyst's stricter values. A looser analyst value is an error, not ignored."""
    policy = checked(
        PrivacyPolicy, index_settings, "[policy] of index.toml", hint="Correct [policy] in the index's index.toml."
    )
    if not analyst:
        return policy
    stricter = checked(PrivacyPolicy, {**policy.as_dict(), **analyst}, "[policy] of the analyst's settings")
    if stricter.adds_noise != policy.adds_noise:
        raise SettingsError(
            f"epsilon_per_release = {stricter.epsilon_per_release} switches differential privacy, which only the index can.",
            "Set it in the index's own index.toml. An analyst may make it smaller, not 0.",
        )
    for name in PrivacyPolicy.model_fields:
        before, after = getattr(policy, name), getattr(stricter, name)
        if name in _OF_THE_INDEX and after != before:
            raise SettingsError(
                f"{name} = {after} cannot be chosen by an analyst; the index has {before}.",
                "Answers under several values together would tell what each of them hides. Set it in the index's index.toml.",
            )
        if (after > before) if name in _LOWER_IS_STRICTER else (after < before):
            raise SettingsError(
                f"{name} = {after} is looser than the index's {before}.",
                "A policy can be made looser only in the index's own index.toml.",
            )
    return stricter
