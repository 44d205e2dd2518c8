"""Conditions of a watch: which changes are worth a message, read from released findings alone.

Without conditions a watch reports every material change. With some it reports these and nothing else. What held
already the last time is not reported again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any, Literal

import regex

from agent.figures.series import change_points
from agent.storage.changes import HIGH, UNNAMED, Change, policy_step, rows_of
from index.core.errors import SettingsError
from tools.statistics.measures import Z95

Finding = dict[str, Any]
On = Literal["new-theme", "growth", "coordination", "change-point", "count"]

_FORM = regex.compile(r"(?P<on>[a-z-]+)\s*(?:>\s*(?P<limit>\d+(?:\.\d+)?)\s*%?)?")
_APART = regex.compile(r" · [CT]\d+$| \([\p{L}, ]+\)$")
_NEEDS_LIMIT = ("growth", "count")
HELP = "new-theme, growth>PERCENT, coordination, change-point or count>NUMBER"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `limit`: percent of growth, or a number of conversations; None where it needs none."""

    on: On
    limit: float | None = None

    def __str__(self) -> str:
        return self.on if self.limit is None else f"{self.on}>{self.limit:g}"


def parsed(text: str) -> Condition:
    """A condition as it is typed. Raises SettingsError for what is none."""
    found = _FORM.fullmatch(text.strip().casefold())
    limit = float(found["limit"]) if found and found["limit"] else None
    for on in _READERS:
        if found and found["on"] == on and (limit is not None) == (on in _NEEDS_LIMIT):
            return Condition(on, limit)
    raise SettingsError(f"{text!r} is no condition.", f"Conditions: {HELP}. For example: --if 'growth>20'")


def met(
    conditions: Sequence[Condition], before: Mapping[str, Finding], after: Mapping[str, Finding]
) -> tuple[Change, ...]:
    """What the conditions are met by in findings by call, and were not met by in those of the last time."""
    found: dict[Change, None] = {}
    for condition in conditions:
        for call, finding in after.items():
            earlier = before.get(call)
            held = _standing(condition, earlier) if earlier is not None else {}
            told = {_base(change.group) for change in held.values()}
            new = {
                key: change
                for key, change in _standing(condition, finding).items()
                # A theme that was made anew has another id; under its name it was reported already.
                if key not in held and (condition.on == "change-point" or _base(change.group) not in told)
            }
            found.update(dict.fromkeys(new.values()))
            if earlier is not None:
                found.update(dict.fromkeys(_between(condition, earlier, finding)))
    return tuple(found)


def _standing(condition: Condition, finding: Finding) -> dict[str, Change]:
    """What meets a condition in one finding, by what it is known by."""
    return dict(_READERS[condition.on](condition, finding))


def _between(condition: Condition, before: Finding, after: Finding) -> Iterator[Change]:
    """What meets a condition only beside the finding of the last time."""
    old, new = rows_of(before), rows_of(after)
    if condition.on == "new-theme":
        names = {_name(row) for row in old.values()} - {UNNAMED}
        for key, row in new.items():
            # Themes are made anew now and then: one whose name was shown before is not news.
            if "id" in row and key not in old and _name(row) not in names:
                names |= {_name(row)} - {UNNAMED}
                yield Change(
                    "new theme",
                    f"{row['label']} {row['id']}" if row["label"] == UNNAMED else row["label"],
                    "",
                    "",
                    f"{row['values'][0]['count']:,}",
                    True,
                )
    elif condition.on == "growth" and before["totals"][0] and after["totals"][0] and _is_a_count(after):
        for key, row in new.items():
            if key in old:
                first, then = old[key]["values"][0]["count"], row["values"][0]["count"]
                least = _least_growth(first, before["totals"][0], then, after["totals"][0], policy_step(after))
                if least > _limit(condition):
                    yield _grown(row["label"], least, f"{first:,}", f"{then:,}")


def _name(row: dict[str, Any]) -> str:
    return _base(str(row["label"]))


def _base(label: str) -> str:
    """A theme's name without the id or the languages that tell it from another of that name. Of what has no name, its own."""
    return _APART.sub("", label)


def _is_a_count(finding: Finding) -> bool:
    """Whether its first column is of the whole scope: not of a month, and not of the newest weeks as in `emerging`."""
    return finding["shape"] != "trend" and bool(finding["tool"] != "emerging")


def _grown(label: str, least: float, before: str, after: str) -> Change:
    return Change("growth", label, f"at least {least:.0f} % more of the whole", before, after, True)


def _least_growth(first: int, of_first: int, then: int, of_then: int, step: int) -> float:
    """By how many percent a share has grown at least: the lower end of the 95 % interval of the ratio of two shares (Katz's
    logarithm), with both counts rounded in the worst way."""
    low, high = max(then - step, 1), first + step
    ratio = (low / of_then) / (high / of_first)
    error = sqrt(max(0.0, 1 / low - 1 / of_then) + max(0.0, 1 / high - 1 / of_first))
    return 100 * (exp(log(ratio) - Z95 * error) - 1)


def _themes(_: Condition, __: Finding) -> Iterator[tuple[str, Change]]:
    return iter(())


def _growth(condition: Condition, finding: Finding) -> Iterator[tuple[str, Change]]:
    if finding["tool"] != "emerging":
        return
    of_then, of_first = finding["totals"]
    for key, row in rows_of(finding).items():
        then, first = (value["count"] for value in row["values"])
        if then is None or first is None or not (of_then and of_first):
            continue
        least = _least_growth(first, of_first, then, of_then, policy_step(finding))
        if least > _limit(condition):
            yield key, _grown(row["label"], least, f"{first:,} of {of_first:,}", f"{then:,} of {of_then:,}")


def _coordination(_: Condition, finding: Finding) -> Iterator[tuple[str, Change]]:
    for key, row in rows_of(finding).items():
        for measure in row.get("measures", ()):
            if measure["name"] == "coordination" and measure.get("verdict") in HIGH:
                yield key, Change("coordination", row["label"], "coordination", "", measure["verdict"], True)


def _change_point(_: Condition, finding: Finding) -> Iterator[tuple[str, Change]]:
    if finding["shape"] == "trend":
        for bucket in sorted(change_points(finding)):
            note = next(note for note in finding["notes"] if bucket in note)
            yield bucket, Change("change point", finding["title"], note, "", "", True)


def _count(condition: Condition, finding: Finding) -> Iterator[tuple[str, Change]]:
    for key, row in rows_of(finding).items():
        count = row["values"][0]["count"]
        if count > _limit(condition):
            yield key, Change("count over", row["label"], f"over {_limit(condition):,.0f}", "", f"{count:,}", True)


def _limit(condition: Condition) -> float:
    return condition.limit or 0.0


_READERS: dict[On, Callable[[Condition, Finding], Iterator[tuple[str, Change]]]] = {
    "new-theme": _themes,
    "growth": _growth,
    "coordination": _coordination,
    "change-point": _change_point,
    "count": _count,
}
