"""Settings of one analyst: models, prices, budgets, index, policy. Every one has a default and a sentence.

Read once at start, from `settings.toml` in Shoal's home and the environment. Keys come from the environment alone and
are never written. No other module reads the environment for settings.
"""

import getpass
import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from index.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens. Cached input costs a tenth of `input`, writing the cache a quarter more."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `settings.toml` may set any of them but the key."""

    analyst: str = field(default_factory=getpass.getuser)
    """Whose ledger is written. Default: the operating system's user."""
    index: str = "default"
    """The index to ask: a name under Shoal's home, or a path."""
    encoder: str = "all-MiniLM-L6-v2"
    """The embedding model: the packaged one, or the name of another where a hub is reachable."""
    lead_model: str = "claude-opus-5-5"
    """Plans, audits and writes."""
    worker_model: str = "claude-sonnet-5-5"
    """Investigates with tools."""
    reader_model: str = "claude-haiku-5-5"
    """Extracts at ingest and names clusters."""
    effort: str = "medium"
    """Effort asked of the lead: low, medium or high; "" asks for none."""
    worker_effort: str = "low"
    """Effort asked of the investigators."""
    thinking: bool = True
    """Whether the lead and the investigators are asked to think first, as much as they see fit."""
    max_tool_calls: int = 8
    """Tool calls a task may make."""
    max_run_seconds: float = 600.0
    """Seconds after which a run ends with what it has."""
    max_run_cost: float = 2.0
    """US dollars after which no further model call is made."""
    max_run_tokens: int = 2_000_000
    """Tokens, in and out, after which no further model call is made; this cap holds where prices are not known."""
    approve_over_cost: float = 1.0
    """A plan that may cost more, in US dollars, is shown first and waits for a yes."""
    approve_text_under: int = 0
    """A plan that would name groups within fewer conversations than this is shown first and waits; 0: never. Counting
    them is a release like any other."""
    approve_all: bool = False
    """Never wait for a yes, as with --yes."""
    agents: int = 3
    """Tasks that run at the same time."""
    prices: dict[str, Price] = field(default_factory=dict)
    """US dollars a million tokens by model: [prices.NAME] input = ..., output = .... Unknown prices show as unknown."""
    policy: dict[str, Any] = field(default_factory=dict)
    """Privacy values stricter than the index's, for example min_conversations = 50."""
    api_key: str | None = field(default=None, repr=False)
    """From ANTHROPIC_API_KEY."""
    base_url: str | None = None
    """From ANTHROPIC_BASE_URL: a gateway or a local model server that speaks the Messages API."""

    @property
    def has_model(self) -> bool:
        """Whether Claude roles can run: a key, or an endpoint of one's own."""
        return bool(self.api_key or self.base_url)


def load_settings(home: Path) -> Settings:
    """Settings from `home/settings.toml` and the environment. Raises SettingsError naming file and setting."""
    settings = Settings(
        api_key=os.environ.get("ANTHROPIC_API_KEY") or None, base_url=os.environ.get("ANTHROPIC_BASE_URL") or None
    )
    file = home / "settings.toml"
    if not file.exists():
        return settings
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.", "Correct it.") from error
    kinds = {item.name: item.type for item in fields(Settings) if item.name not in ("api_key", "base_url")}
    for name, value in values.items():
        if name not in kinds:
            raise SettingsError(f"{file} sets {name!r}, which is no setting.", f"Known: {', '.join(sorted(kinds))}.")
        default = getattr(settings, name)
        wanted = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise SettingsError(f"{file}: {name} has the wrong kind of value.", f"It should look like {default!r}.")
    if "prices" in values:
        values["prices"] = {model: Price(**price) for model, price in values["prices"].items()}
    return replace(settings, **values)
