"""Loads texts/stories.toml: what the planted stories say, who tells them and when.

Kept apart from the language files because these texts carry truth (story names, marker words, planted instructions)
that must never reach a conversation record other than through the text itself.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from index.demo.texts import STORIES_FILE, Table, Theme, read, theme_from

_FEWEST = {"openings": 4, "followups": 4, "replies": 4}
_POOLS = ("own", "ordinary")


@dataclass(frozen=True, slots=True)
class Burst:
    day: date
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One planted theme and the plan for its conversations."""

    theme: Theme
    story: str
    conversations: int
    accounts: int
    own_accounts: bool
    keep_going: float
    bursts: tuple[Burst, ...]
    first_day: date | None
    ramp_days: int
    markers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reseller:
    conversations: int
    accounts: int
    system: str
    wrapper: str
    plans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Injections:
    conversations: int
    texts: tuple[str, ...]
    carriers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Canaries:
    conversations: int
    themes: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    hosts: tuple[str, ...]
    mentions: tuple[str, ...]
    echoes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoryTexts:
    groups: tuple[Group, ...]
    reseller: Reseller
    injections: Injections
    canaries: Canaries
    system_prompts: tuple[str, ...]

    @property
    def conversations(self) -> int:
        parts = (self.reseller, self.injections, self.canaries)
        return sum(group.conversations for group in self.groups) + sum(part.conversations for part in parts)


def _day(table: Table, key: str) -> date:
    try:
        return date.fromisoformat(table.text(key))
    except ValueError as error:
        raise table.fail(f"'{key}' must be a day such as 2026-03-01") from error


def _burst(table: Table) -> Burst:
    counts = tuple(count for count in table.list("counts") if isinstance(count, int))
    if not counts or len(counts) != len(table.list("counts")):
        raise table.fail("'counts' must be whole numbers")
    return Burst(_day(table, "day"), counts)


def _group(table: Table) -> Group:
    theme = theme_from(table, table.text("language"), _FEWEST)
    table = Table(table.values, f"{STORIES_FILE}, group '{theme.id}'")
    pool = table.text("pool")
    if pool not in _POOLS:
        raise table.fail(f"'pool' must be one of {_POOLS}")
    group = Group(
        theme=theme,
        story=table.text("story"),
        conversations=table.count("conversations"),
        accounts=table.count("accounts"),
        own_accounts=pool == "own",
        keep_going=table.number("keep_going", 0.0, 0.95),
        bursts=tuple(_burst(entry) for entry in table.tables("bursts")),
        first_day=_day(table, "first_day") if "first_day" in table.values else None,
        ramp_days=table.count("ramp_days") if "ramp_days" in table.values else 0,
        markers=table.texts("markers"),
    )
    if group.accounts > group.conversations or sum(sum(b.counts) for b in group.bursts) > group.conversations:
        raise table.fail("more accounts or burst conversations than conversations")
    return group


def _reseller(table: Table) -> Reseller:
    return Reseller(
        table.count("conversations"),
        table.count("accounts"),
        table.text("system"),
        table.text("wrapper"),
        table.texts("plans", 1),
    )


def _canaries(table: Table) -> Canaries:
    count = table.count("conversations")
    given, family = table.texts("given", count), table.texts("family", count)
    tokens = [part.lower() for name in (*given, *family) for part in name.split("-")]
    repeated = sorted({token for token in tokens if tokens.count(token) > 1})
    if repeated:
        raise table.fail(f"name tokens must be unique, these are not: {repeated}")
    return Canaries(
        count,
        table.texts("themes", 1),
        given,
        family,
        table.texts("streets", 1),
        table.texts("towns", 1),
        table.texts("hosts", 1),
        table.texts("mentions", 1),
        table.texts("echoes", 1),
    )


@cache
def story_texts() -> StoryTexts:
    table = read(STORIES_FILE)
    parts = {
        key: Table(table.values.get(key), f"{STORIES_FILE}, {key}") for key in ("reseller", "injections", "canaries")
    }
    injections = parts["injections"]
    return StoryTexts(
        groups=tuple(_group(entry) for entry in table.tables("group")),
        reseller=_reseller(parts["reseller"]),
        injections=Injections(
            injections.count("conversations"), injections.texts("texts", 15), injections.texts("carriers", 1)
        ),
        canaries=_canaries(parts["canaries"]),
        system_prompts=table.texts("system_prompts", 1),
    )
