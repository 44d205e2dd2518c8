"""Who may do what: a role has one right, and a request that needs another is refused.

The roles are apart on purpose. Who asks cannot change what is asked of, who runs the index cannot ask, and who oversees both
does neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import Field

from index.core.errors import ShoalError
from index.core.settings_file import SettingsModel

Role = Literal["analyst", "oversight", "operator", "admin"]
Right = Literal["ask", "oversee", "operate", "administer"]
ROLES: tuple[Role, ...] = get_args(Role)
RIGHTS: Mapping[Role, Right] = {
    "analyst": "ask",
    "oversight": "oversee",
    "operator": "operate",
    "admin": "administer",
}
ABOUT: Mapping[Role, str] = {
    "analyst": "asks questions and exports answers",
    "oversight": "reads the ledger, the policy and the list of exports, and asks nothing",
    "operator": "ingests, publishes and erases, and cannot ask",
    "admin": "makes, limits and revokes tokens",
}


class NotAllowed(ShoalError):
    """The role of whoever asks does not have the right that is needed."""

    exit_code = 6

    def __init__(self, role: Role, needed: Right) -> None:
        holder = next(name for name, right in RIGHTS.items() if right == needed)
        super().__init__(
            f"A token of the role {role} cannot do this: it {ABOUT[role]}.", f"Ask for a token of the role {holder}."
        )


class Limits(SettingsModel):
    """What one identity may spend."""

    questions_per_day: int | None = Field(None, ge=0)
    """Questions and tool calls in a day (UTC)."""
    dollars_per_month: float | None = Field(None, ge=0)
    """US dollars for models in a calendar month (UTC)."""
    epsilon: float | None = Field(None, ge=0)
    """ε of the index's differential privacy, in all."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the ledger names the identity, the token is the one it was proved with."""

    identity: str
    role: Role
    token: str = ""
    limits: Limits = field(default_factory=Limits)

    def require(self, right: Right) -> None:
        """Raises NotAllowed where the role does not have the right."""
        if RIGHTS[self.role] != right:
            raise NotAllowed(self.role, right)
