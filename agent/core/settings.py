"""Settings of one analyst: models, prices, budgets, index, policy. Every one has a default and a sentence.

Read once at start, from `settings.toml` in Shoal's home and the environment. Credentials come from the environment alone
and are never written. No other module reads the environment for settings.
"""

import getpass
import os
from datetime import time
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from index.core.errors import SettingsError
from index.core.settings_file import SettingsModel, checked, read_toml

FILE = "settings.toml"
ENVIRONMENT = {
    "api_key": "ANTHROPIC_API_KEY",
    "auth_token": "ANTHROPIC_AUTH_TOKEN",
    "base_url": "ANTHROPIC_BASE_URL",
}  # fmt: skip
"""Settings that only the environment gives, and the variables."""

Service = Literal["anthropic", "bedrock", "vertex"]
Profile = Literal["full", "local"]
Effort = Literal["", "low", "medium", "high"]


class Price(SettingsModel):
    """US dollars a million tokens. Cached input costs a tenth of `input`, writing the cache a quarter more."""

    input: float = Field(ge=0)
    """For what is sent."""
    output: float = Field(ge=0)
    """For what is received."""


SinkKind = Literal["webhook", "slack", "email"]


class Sink(SettingsModel):
    """Where a watch's messages go. A secret is never here: `secret_env` names the variable that holds it."""

    kind: SinkKind
    """webhook: signed JSON; slack: what Slack, Mattermost and others take; email: by SMTP."""
    url: str = ""
    """Of a webhook or slack."""
    secret_env: str = ""
    """The environment variable that holds the key of a webhook's signature, or the password of the mail server."""
    host: str = ""
    """The mail server."""
    port: int = Field(587, ge=1, le=65535)
    """Its port."""
    starttls: bool = True
    """Whether mail is sent over TLS."""
    user: str = ""
    """Who logs in at the mail server; the sender where left out."""
    sender: str = ""
    """The address that mail comes from."""
    to: list[str] = Field(default_factory=list)
    """The addresses that mail goes to."""
    digest: bool = True
    """Whether all messages that wait are sent as one."""
    gather_minutes: int = Field(15, ge=0, le=10_080)
    """After a delivery, further messages are gathered for so long."""
    quiet: str = Field("", pattern=r"^(\d\d:\d\d-\d\d:\d\d)?$")
    """Hours of this machine's clock in which nothing is sent, for example 22:00-07:00."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "email" and not (self.host and self.sender and self.to):
            raise ValueError("needs host, sender and to")
        if self.kind != "email" and not self.url.startswith(("https://", "http://")):
            raise ValueError("needs a url that begins with https://")
        if self.quiet and not all(int(part[:2]) < 24 and int(part[3:]) < 60 for part in self.quiet.split("-")):
            raise ValueError("quiet needs two times of day, for example 22:00-07:00")
        return self

    def is_quiet(self, at: time) -> bool:
        """Whether nothing is sent at this time of day."""
        if not self.quiet:
            return False
        start, end = (time.fromisoformat(part) for part in self.quiet.split("-"))
        return start <= at < end if start <= end else at >= start or at < end


class Settings(SettingsModel):
    """All settings. `settings.toml` may set any of them but those of `ENVIRONMENT`."""

    analyst: str = Field(default_factory=getpass.getuser, min_length=1)
    """A name for the record, beside the operating system's user in each entry of the ledger. It changes nothing else."""
    index: str = "default"
    """The index to ask: a name under Shoal's home, or a path."""
    encoder: str | None = None
    """The embedding model: minilm-multilingual, all-MiniLM-L6-v2, or the name of another where a hub is reachable. Left
    out: the one that the index was made with, and minilm-multilingual for a new one."""
    lead_model: str = "claude-opus-5-5"
    """Plans, audits and writes."""
    worker_model: str = "claude-sonnet-5-5"
    """Investigates with tools."""
    reader_model: str = "claude-haiku-5-5"
    """Extracts at ingest and names clusters."""
    profile: Profile = "full"
    """What models are asked to do. full: every role. local, for a small model: it reads questions that the built-in lead does
    not understand, words the answer and names groups; built-in roles plan, investigate and audit. shoal doctor --probe
    says which suits."""
    effort: Effort = "medium"
    """Effort asked of the lead: low, medium or high; "" asks for none."""
    worker_effort: Effort = "low"
    """Effort asked of the investigators."""
    thinking: bool = True
    """Whether the lead and the investigators are asked to think first, as much as they see fit."""
    max_tool_calls: int = Field(8, ge=1)
    """Tool calls a task may make."""
    max_run_seconds: float = Field(600.0, ge=0)
    """Seconds after which a run ends with what it has."""
    max_run_cost: float = Field(2.0, ge=0)
    """US dollars after which no further model call is made."""
    max_run_tokens: int = Field(2_000_000, ge=0)
    """Tokens, in and out, after which no further model call is made. This cap also holds where prices are unknown."""
    approve_over_cost: float = Field(1.0, ge=0)
    """A plan that may cost more, in US dollars, is shown first and waits for your approval."""
    approve_text_under: int = Field(0, ge=0)
    """A plan that would name groups within fewer conversations than this is shown first and waits. 0: never. Counting
    them is a release like any other."""
    approve_all: bool = False
    """Never wait for approval, as with --yes."""
    agents: int = Field(3, ge=1)
    """Tasks that run at the same time."""
    prices: dict[str, Price] = Field(default_factory=dict)
    """US dollars a million tokens by model: [prices.NAME] input = ..., output = .... Unknown prices show as unknown."""
    sinks: dict[str, Sink] = Field(default_factory=dict)
    """Where watches send their messages, by name: [sinks.NAME] kind = ..., url = .... See docs/guide/cases-and-watches.md."""
    policy: dict[str, Any] = Field(default_factory=dict)
    """Privacy values stricter than the index's, for example min_conversations = 50."""
    service: Service = "anthropic"
    """Who offers the Messages API. anthropic: the hosted service, a gateway or a local server. bedrock, vertex: Amazon's and
    Google's, with credentials from the environment (docs/guide/models.md)."""
    api_key: str | None = Field(None, repr=False)
    """The key of the Messages API."""
    auth_token: str | None = Field(None, repr=False)
    """A token, which gateways and local servers take in place of a key."""
    base_url: str | None = None
    """The address of a gateway or a local model server that speaks the Messages API."""

    @property
    def has_model(self) -> bool:
        """Whether model roles can run: a credential, an endpoint of one's own, or a cloud's service."""
        return bool(self.api_key or self.auth_token or self.base_url) or self.service != "anthropic"


def load_settings(home: Path) -> Settings:
    """Settings from `home/settings.toml` and the environment. Raises SettingsError naming file and setting."""
    values = read_toml(home / FILE)
    for name in sorted(ENVIRONMENT.keys() & values.keys()):
        raise SettingsError(
            f"{home / FILE}: {name!r} cannot be set here: credentials and endpoints come from the environment alone.",
            f"Remove it, and set {ENVIRONMENT[name]}.",
        )
    given = {name: os.environ.get(variable) or None for name, variable in ENVIRONMENT.items()}
    return checked(Settings, {**values, **given}, str(home / FILE), left_out=ENVIRONMENT)
