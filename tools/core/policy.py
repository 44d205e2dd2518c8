"""The privacy policy: every threshold of the gate in one frozen value.

An analyst may make it stricter; only the index's own settings file may make it looser. It must never be read from a
question, a model's output or a tool's arguments.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from typing import Any

from index.core.errors import SettingsError

_MOST_EPSILON = 10.0
"""Above this a release would be exact in all but name, and the exact rules were the better ones."""


@dataclass(frozen=True, slots=True)
class PrivacyPolicy:
    """Defaults follow published practice: closed cells from the Anthropic Economic Index (15 conversations, 5
    accounts), free text from CanaryBench (25) and above."""

    min_conversations: int = 15
    min_accounts: int = 5
    text_min_conversations: int = 25
    text_min_accounts: int = 10
    round_to: int = 5
    max_facets: int = 2
    max_per_account: int = 10
    """Conversations that one account may contribute to a cell."""
    max_dominance: float = 0.5
    """Share of a cell above which one account dominates it and the cell is withheld."""
    established_days: int = 1
    """Days on which an account must have been seen to count towards text, unless it was seen before the scope's period
    began. 1: every account counts, as in sources without dates, where no account can be older than another."""
    coordinated_as_one: int = 2
    """Accounts of clusters with very high signs of coordination that count as one towards text: whoever invents accounts
    has to invent so many times more. 1: each counts by itself. A ring that is large enough keeps its name."""
    epsilon_per_release: float = 0.0
    """Differential privacy of closed counts: ε that a table of them costs. 0: off; the index alone can switch it, because
    noise takes the place of exact thresholds."""
    epsilon_total: float = 10.0
    """ε that one analyst may spend in all, where it is on."""

    def __post_init__(self) -> None:
        if not (
            self.min_accounts >= 2
            and self.min_conversations >= self.min_accounts
            and self.round_to >= 1
            and self.coordinated_as_one >= 1
        ):
            raise SettingsError(
                "The privacy policy is not one: it needs at least 2 accounts, as many conversations a cell, and steps of 1.",
                "Correct [policy] in the index's index.toml.",
            )
        if not 0 <= self.epsilon_per_release <= min(_MOST_EPSILON, self.epsilon_total) or self.epsilon_total <= 0:
            raise SettingsError(
                f"ε is at most {_MOST_EPSILON:g} a release and at most epsilon_total, and both are above 0 where it is on.",
                "Correct epsilon_per_release and epsilon_total in [policy].",
            )

    @property
    def adds_noise(self) -> bool:
        """Whether closed counts are released with noise (differential privacy)."""
        return self.epsilon_per_release > 0

    @property
    def rounds_too_little(self) -> bool:
        """Whether three numbers together leave fewer values open than a withheld one must keep: then rounding does not
        keep it from following across tables, and every number that was said has to be looked at."""
        return 3 * (self.round_to - 1) + 1 < self.min_conversations - self.round_to

    @property
    def noisy_threshold(self) -> int:
        """From which on a noisy count is said: so many conversations, with each account bounded, are of enough accounts."""
        return max(self.min_conversations, (self.min_accounts - 1) * self.max_per_account + 1)

    def describe(self) -> str:
        return (
            f"cells ≥{self.min_conversations} conversations of ≥{self.min_accounts} accounts, names "
            f"≥{self.text_min_conversations}/{self.text_min_accounts}, rounded to {self.round_to}, "
            f"≤{self.max_per_account} an account and cell"
            + (f", names from accounts seen on ≥{self.established_days} days" if self.established_days > 1 else "")
            + (f", coordinated accounts {self.coordinated_as_one} for 1" if self.coordinated_as_one > 1 else "")
            + (f", ε {self.epsilon_per_release:g} a table of closed counts" if self.adds_noise else "")
        )

    def as_dict(self) -> dict[str, int | float]:
        return asdict(self)


_LOWER_IS_STRICTER = {
    "max_facets", "max_per_account", "max_dominance", "epsilon_per_release", "epsilon_total",
}  # fmt: skip


def load_policy(index_settings: Mapping[str, Any], analyst: Mapping[str, Any] | None = None) -> PrivacyPolicy:
    """The index's policy, then the analyst's stricter values. A looser analyst value is an error, not ignored."""
    policy = _with(PrivacyPolicy(), index_settings, "index.toml [policy]")
    stricter = _with(policy, analyst or {}, "the analyst's settings")
    if stricter.adds_noise != policy.adds_noise:
        raise SettingsError(
            f"epsilon_per_release = {stricter.epsilon_per_release} switches differential privacy, which only the index can.",
            "Set it in the index's own index.toml; an analyst may make it smaller, not 0.",
        )
    for item in fields(PrivacyPolicy):
        before, after = getattr(policy, item.name), getattr(stricter, item.name)
        if (after > before) if item.name in _LOWER_IS_STRICTER else (after < before):
            raise SettingsError(
                f"{item.name} = {after} is looser than the index's {before}.",
                "A policy can be made looser only in the index's own index.toml.",
            )
    return stricter


def _with(policy: PrivacyPolicy, values: Mapping[str, Any], where: str) -> PrivacyPolicy:
    known = {item.name for item in fields(PrivacyPolicy)}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(
                f"{where} sets {name!r}, which is no policy value.", f"Known: {', '.join(sorted(known))}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise SettingsError(f"{where} sets {name} to something that is not a number.", "Give a number.")
    return replace(policy, **values)
