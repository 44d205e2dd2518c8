"""Attack 2: a bot at the tools' door that isolates accounts by differences and trackers, and solves for what is hidden.

It knows of each target the language and the day of a conversation that was the only one of both, and wants to know
whether the classifier flagged it: windows that end on the day against the same windows that end the day before
(trackers: Denning, Denning & Schwartz 1979). Then it takes everything that was released and solves for the targets
and for every cell that was suppressed (`reconstruction`).

A coin is right about every second target. Whoever learns how many of a group of k accounts were flagged, which the rules
allow, and guesses the commoner flag for each of them, is right more often. So the bot's guesses are compared with a coin
where it has no evidence, and with the commoner flag of a released group where it has some.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import comb
from typing import Any, NamedTuple

import numpy as np

from agent.redteam import people
from agent.redteam.lab import Lab, data_behind
from agent.redteam.reconstruction import Released
from agent.redteam.result import Outcome
from index.core.records import Conversation, as_date
from index.ingest.pipeline import Progress
from index.snapshots.snapshot import Snapshot
from tools.context import ToolContext
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.core.policy import PrivacyPolicy
from tools.registry import call

_WINDOWS = (45, 50, 55, 60, 65)
"""Days that a tracker's windows reach back; several, so that rounding falls differently in each."""
_FLAGS = ("flagged", "not flagged")


class Target(NamedTuple):
    """What the attacker knows of a person, and the secret."""

    language: str
    day: date
    flag: str


class Atom(NamedTuple):
    """A finest cell."""

    language: str
    surface: str
    month: str
    flagged: str


@dataclass(slots=True)
class Bot:
    """Asks, never twice the same, and keeps every answer. `most`: how often it may ask."""

    context: ToolContext
    most: int
    asked: dict[str, Finding | None] = field(default_factory=dict)
    refused: int = 0

    async def ask(self, by: str, scope: Mapping[str, Any], across: str | None = None) -> Finding | None:
        """A table, or None when it is refused or the bot has asked enough."""
        key = f"{by} {across} {sorted(scope.items())}"
        if key not in self.asked:
            if len(self.asked) >= self.most:
                return None
            arguments = {"by": by, "scope": dict(scope), **({"across": across} if across else {})}
            try:
                self.asked[key] = await call("count_by", arguments, self.context)
            except ToolRefusal:
                self.asked[key] = None
                self.refused += 1
        return self.asked[key]


async def run(lab: Lab, draw: int = 0) -> list[Outcome]:
    """Against an index of the red team's own. `draw`: other people, and other flags."""
    app = await lab.fill(lab.app(f"differencing-{draw}"), corpus(quick=lab.quick, draw=draw))
    session = app.session(built_in=True)
    try:
        return await attack(data_behind(session), lab.report, quick=lab.quick)
    finally:
        await session.close()


def corpus(*, quick: bool = False, draw: int = 0) -> list[Conversation]:
    """Everyday conversations whose flag is a coin's throw."""
    count = 700 if quick else 1_560
    chance = random.Random(f"red team: differencing {draw}")
    return people.ordinary(chance, people.accounts(chance, count // 3), count, people.DAYS * (1 if quick else 2))


async def attack(context: ToolContext, report: Callable[[Progress], None], *, quick: bool = False) -> list[Outcome]:
    """Three figures: accounts told apart by differences, by linear programming, and suppressed cells recovered."""
    targets = targets_of(context.index.snapshot, 20 if quick else 200)
    bot = Bot(context, 300 if quick else 2_000)
    policy = context.gate.policy
    windows = _WINDOWS[-3:] if quick else _WINDOWS
    cells = await cells_of(bot, context.index.snapshot, report)
    differences = []
    for done, target in enumerate(targets, start=1):
        differences.append(await _difference(bot, target, windows))
        report(Progress("differencing: asking", done, len(targets)))
    solved = _solved(bot, targets, windows, policy.rounding_room)
    few = context.gate.policy.min_accounts
    asked = f"{len(bot.asked)} questions, {bot.refused} refused"
    return [
        _isolated("accounts told apart by differences", targets, differences, few, asked),
        _isolated("accounts told apart by linear programming", targets, solved, few, asked),
        _recovered(cells, policy.round_to),
    ]


def targets_of(snapshot: Snapshot, most: int) -> list[Target]:
    """People who were the only one of their language on a day late enough for the windows, as many of either flag as
    there are, up to `most`."""
    language, flagged = snapshot.facet("language"), snapshot.facet("flagged")
    days = snapshot.days
    alone = Counter(zip(language.codes.tolist(), days.tolist(), strict=True))
    late = int(days.min()) + max(_WINDOWS)
    found: dict[str, list[Target]] = {flag: [] for flag in _FLAGS}
    for row in range(len(snapshot)):
        code, day = int(language.codes[row]), int(days[row])
        if alone[code, day] == 1 and day >= late:
            flag = _FLAGS[0] if flagged.values[flagged.codes[row]] == "true" else _FLAGS[1]
            found[flag].append(Target(language.values[code], as_date(day), flag))
    each = min(most // 2, *(len(facet_values) for facet_values in found.values()))
    return [target for facet_values in found.values() for target in facet_values[:each]]


async def _difference(bot: Bot, target: Target, windows: Sequence[int]) -> dict[str, float]:
    """By how much each flag's count grows on the target's day, summed over the windows."""
    grown = dict.fromkeys(_FLAGS, 0.0)
    for back in windows:
        since = target.day - timedelta(days=back)
        before = await bot.ask("flagged", _window(target.language, since, target.day - timedelta(days=1)))
        until = await bot.ask("flagged", _window(target.language, since, target.day))
        if before is None or until is None:
            continue
        for flag in _FLAGS:
            first, second = _said(before, flag), _said(until, flag)
            if first is not None and second is not None:
                grown[flag] += second - first
    return grown


def _window(language: str, since: date, until: date) -> dict[str, str]:
    return {"language": language, "since": since.isoformat(), "until": until.isoformat()}


def _said(finding: Finding, label: str) -> int | None:
    row = finding.row(label)
    return row.values[0].count if row is not None else None


def _solved(
    bot: Bot, targets: Sequence[Target], windows: Sequence[int], room: tuple[int, int]
) -> list[dict[str, float]]:
    """What linear programming makes of all answers about a target's language, for the target's day."""
    found = {}
    for language in {target.language for target in targets}:
        ends = [target for target in targets if target.language == language]
        first = min(target.day for target in ends) - timedelta(days=max(windows))
        span = (max(target.day for target in ends) - first).days + 1
        days = [first + timedelta(days=place) for place in range(span)]
        released = Released([(day, flag) for day in days for flag in _FLAGS])
        for target in ends:
            released.add([(target.day, flag) for flag in _FLAGS], 1, 1)
            for back in windows:
                since = target.day - timedelta(days=back)
                for until in (target.day - timedelta(days=1), target.day):
                    key = f"flagged None {sorted(_window(language, since, until).items())}"
                    _take(released, bot.asked.get(key), [day for day in days if since <= day <= until], room)
        sizes = released.likeliest()
        found.update({target: {flag: sizes[target.day, flag] for flag in _FLAGS} for target in ends})
    return [found[target] for target in targets]


def _take(released: Released, finding: Finding | None, days: Sequence[date], room: tuple[int, int]) -> None:
    if finding is None:
        return
    for flag in _FLAGS:
        output = _said(finding, flag)
        if output is not None:
            released.add([(day, flag) for day in days], *_within(output, room))
    released.add([(day, flag) for day in days for flag in _FLAGS], *_within(finding.totals[0], room))


def _within(output: int, room: tuple[int, int]) -> tuple[int, int]:
    """The counts that are rounded to this."""
    return max(0, output - room[0]), output + room[1]


def _isolated(
    figure: str, targets: Sequence[Target], evidence: Sequence[Mapping[str, float]], few: int, asked: str
) -> Outcome:
    """A guess for each target: the flag with the stronger evidence, a coin where there is none."""
    coin = random.Random("red team: coin")
    right = obeyed = 0
    for target, seen in zip(targets, evidence, strict=True):
        yes, no = seen[_FLAGS[0]], seen[_FLAGS[1]]
        obeyed += abs(yes - no) > 1e-6
        guess = coin.choice(_FLAGS) if abs(yes - no) <= 1e-6 else _FLAGS[0] if yes > no else _FLAGS[1]
        right += guess == target.flag
    count = max(1, len(targets))
    commoner = max(Counter(target.flag for target in targets).values(), default=0) / count
    rate = (obeyed * max(commoner, _right_of_group(few)) + (len(targets) - obeyed) * commoner) / count
    notes = (
        asked,
        f"evidence of any kind for {obeyed} of {len(targets)}, a coin for the others",
        f"base rate: the commoner flag of {few} accounts told together where there is evidence, a coin elsewhere",
    )
    return Outcome(
        "differencing", figure, "target accounts", len(targets), right, "no better than guessing", rate, notes
    )


def _right_of_group(size: int) -> float:
    """How often the commoner flag of a group of this size is a member's own, where flags are coins."""
    return sum(comb(size, flagged) * max(flagged, size - flagged) for flagged in range(size + 1)) / size / 2.0**size


@dataclass(slots=True)
class Cells:
    """Everything released about closed facets as sums of finest cells, and the cells that were asked but suppressed.
    `members`: the account of each conversation of a finest cell."""

    released: Released
    policy: PrivacyPolicy
    members: Mapping[Atom, Sequence[int]]
    suppressed: dict[frozenset[Atom], None] = field(default_factory=dict)
    shown: set[frozenset[Atom]] = field(default_factory=set)

    def accounts(self, atoms: Iterable[Atom]) -> Counter[int]:
        """Conversations of each account in these cells together."""
        return Counter(account for atom in atoms for account in self.members.get(atom, ()))

    def secret(self) -> list[list[Atom]]:
        """Suppressed cells below the threshold that no other answer releases. What is suppressed only to guard
        another is no secret."""
        found = []
        for atoms in self.suppressed:
            each = self.accounts(atoms)
            small = each.total() < self.policy.min_conversations or len(each) < self.policy.min_accounts
            if small and each and atoms not in self.shown:
                found.append(sorted(atoms))
        return found


async def cells_of(bot: Bot, snapshot: Snapshot, report: Callable[[Progress], None]) -> Cells:
    """Ask every table of one and two facets, over everything and over each value of each facet."""
    codes = {name: snapshot.facet(name) for name in ("language", "surface", "flagged")}
    columns = {name: [facet_values.values[code] for code in facet_values.codes] for name, facet_values in codes.items()}
    columns["flagged"] = [_FLAGS[0] if value == "true" else _FLAGS[1] for value in columns["flagged"]]
    columns["month"] = [f"{as_date(int(day)):%Y-%m}" for day in snapshot.days]
    names = Atom._fields
    members: dict[Atom, list[int]] = defaultdict(list)
    for *parts, account in zip(*(columns[name] for name in names), snapshot.accounts.tolist(), strict=True):
        members[Atom(*parts)].append(account)
    values = {name: sorted(set(columns[name])) for name in names}
    atoms = [Atom(a, b, c, d) for a in values["language"] for b in values["surface"]
             for c in values["month"] for d in values["flagged"]]  # fmt: skip
    cells = Cells(Released(atoms), bot.context.gate.policy, members)
    tables = _tables(values)
    for done, (scope, by, across) in enumerate(tables, start=1):
        asked = dict(scope)
        if "flagged" in asked:
            asked["flagged"] = "yes" if asked["flagged"] == _FLAGS[0] else "no"
        finding = await bot.ask(by, asked, across)
        if finding is not None:
            _note(cells, finding, scope, by, across, values, bot.context.gate.policy.rounding_room)
        report(Progress("differencing: tables", done, len(tables)))
    return cells


def _tables(values: Mapping[str, Sequence[str]]) -> list[tuple[dict[str, str], str, str | None]]:
    """(scope, by, across) of every table that the crossing limit lets through; a month does not count as a facet."""
    found: list[tuple[dict[str, str], str, str | None]] = []
    closed = [name for name in values if name != "month"]
    for by in values:
        found.append(({}, by, None))
        found += [({}, by, across) for across in values if across != by]
        for fixed in closed:
            if fixed == by:
                continue
            found += [({fixed: value}, by, None) for value in values[fixed]]
            if by != "month":
                found += [({fixed: value}, by, "month") for value in values[fixed]]
    return found


def _note(
    cells: Cells,
    finding: Finding,
    scope: Mapping[str, str],
    by: str,
    across: str | None,
    values: Mapping[str, Sequence[str]],
    room: tuple[int, int],
) -> None:
    """Take a table's counts, totals and gaps."""
    named = [column for column in finding.columns if across and column in values[across]]
    rest = [value for value in values[across] if value not in named] if across else []
    for label in values[by]:
        row = finding.row(label)
        for place, column in enumerate(finding.columns):
            facet_values = {**{name: [value] for name, value in scope.items()}, by: [label]}
            if across:
                facet_values[across] = [column] if column in named else rest
            atoms = _atoms(cells.released.atoms, facet_values)
            output = row.values[place].count if row is not None else None
            if output is not None:
                cells.released.add(atoms, *_within(output, room))
                cells.shown.add(frozenset(atoms))
            else:
                cells.suppressed[frozenset(atoms)] = None
    for place, column in enumerate(finding.columns):
        facet_values = {name: [value] for name, value in scope.items()}
        if across:
            facet_values[across] = [column] if column in named else rest
        cells.released.add(_atoms(cells.released.atoms, facet_values), *_within(finding.totals[place], room))


def _atoms(atoms: Iterable[Any], facet_values: Mapping[str, Sequence[str]]) -> list[Atom]:
    return [atom for atom in atoms if all(getattr(atom, name) in kept for name, kept in facet_values.items())]


def _recovered(cells: Cells, step: int) -> Outcome:
    """Cells in which the solver proves that somebody is, and whose size it knows as well as a shown one's, rightly. That
    a cell holds next to nobody, or nobody, is noted: it exposes no one."""
    wanted = cells.secret()
    bounds = cells.released.bounds(wanted)
    right = few = 0
    for atoms, (low, high) in zip(wanted, bounds, strict=True):
        true = cells.accounts(atoms).total()
        is_known = high - low <= max(0, step - 1) + 0.01 and low - 0.5 <= true <= high + 0.5
        right += is_known and low > 0.5
        few += is_known and low <= 0.5
    widths = [high - low for low, high in bounds]
    notes = (
        f"{len(cells.released)} sums released; cells are known to within {np.median(widths) if widths else 0:.0f} (median)",
        f"{few} more are known to hold {step - 1} or fewer, perhaps none",
    )
    return Outcome(
        "differencing", "suppressed cells recovered", "cells below the threshold", len(wanted), right, "0", None, notes
    )
