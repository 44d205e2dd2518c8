"""Attack: one short. Somebody invents all accounts of a group but one, and reads from a single answer whether that one is there.

Three exact numbers would tell it, each on days of its own: the threshold of a group, the number of accounts by which two windows
must differ, and the point from which a count is rounded up. So would what is computed of the day's conversations, because a
single point moves it: how they divide, and where their map lies. The attacker knows every conversation of the day but the victim's,
who is there on half of the days. Method: pairs of worlds, one day each.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from agent.redteam import people
from agent.redteam.asking import tools_of
from agent.redteam.lab import Lab
from agent.redteam.result import Outcome
from index.core.records import Conversation
from index.ingest.pipeline import Progress
from tools.core.errors import ToolRefusal
from tools.core.finding import Finding
from tools.toolbox import RunTools

AT_MOST = 0.64
"""Right guesses of one answer that a soft edge allows, where a coin has half."""

_DRAWS, _DRAWS_QUICK = 6, 2
_PEOPLE, _CONVERSATIONS = 400, 1_300
_DAYS = tuple(range(25, people.DAYS - 2, 2))
"""Days of the attack, of which everybody else keeps away."""
_BACK = 20

Tell = Callable[[RunTools, date], Awaitable[bool]]
"""What the attacker reads of a day: that somebody is there."""


async def run(lab: Lab) -> list[Outcome]:
    """Every figure over several indexes, because each index draws its edges by a secret of its own."""
    draws = _DRAWS_QUICK if lab.quick else _DRAWS
    tried, right = dict.fromkeys(_FIGURES, 0), dict.fromkeys(_FIGURES, 0)
    for draw, together in product(range(draws), (_OF_NUMBERS, _SAME_REQUESTS)):
        chance = random.Random(f"red team: one short {draw}")
        figures = {day: together[place % len(together)] for place, day in enumerate(_DAYS)}
        # As many days with the victim as without, for each figure.
        is_there = {day: place // len(together) % 2 == 0 for place, day in enumerate(_DAYS)}
        name = f"one-short-{draw}-{len(together)}"
        app = await lab.fill(lab.app(name), _corpus(chance, figures, is_there))
        session = app.session(built_in=True)
        try:
            tools = tools_of(session)
            for day, figure in figures.items():
                guess = await _FIGURES[figure][2](tools, _date(day))
                tried[figure] += 1
                right[figure] += guess == is_there[day]
        finally:
            await session.close()
        done = 2 * draw + 1 + (together is _SAME_REQUESTS)
        lab.report(Progress("one short: asking", done, 2 * draws))
    notes = (f"{draws} indexes; a coin has half", "one answer for each day; many answers together tell more")
    return [
        Outcome("one short", figure, "days", tried[figure], right[figure], "64 of 100", AT_MOST, notes)
        for figure in _FIGURES
    ]


def _corpus(chance: random.Random, figures: Mapping[int, str], is_there: Mapping[int, bool]) -> list[Conversation]:
    """Everyday conversations on other days, and each day's invented accounts with or without the victim."""
    taken = set(_DAYS)
    found = [
        item if _day(item) not in taken else replace(item, time=people.FIRST_DAY + timedelta(days=_day(item) - 1))
        for item in people.ordinary(chance, people.accounts(chance, _PEOPLE), _CONVERSATIONS)
    ]
    for day, figure in figures.items():
        accounts, each, _ = _FIGURES[figure]
        requests = [people.request(chance, "English") for _ in range(each)]
        for account in range(accounts):
            if figure in _SAME_REQUESTS:
                # So that the victim's is the only one of its kind.
                written = requests * _TIMES
            else:
                written = [people.request(chance, "English") for _ in range(each)]
            found += [_on(chance, f"invented-{day}-{account}", day, *item) for item in enumerate(written)]
        if is_there[day]:
            found.append(_on(chance, f"victim-{day}", day, 0, people.request(chance, "English")))
    chance.shuffle(found)
    return found


def _day(conversation: Conversation) -> int:
    return ((conversation.time or people.FIRST_DAY) - people.FIRST_DAY).days


def _on(chance: random.Random, account: str, day: int, minute: int, text: str) -> Conversation:
    person = people.Account(account, "English", "web")
    made = people.output(chance, person, text)
    return replace(made, time=people.FIRST_DAY + timedelta(days=day, minutes=minute))


def _date(day: int) -> date:
    return people.FIRST_DAY.date() + timedelta(days=day)


async def _count(tools: RunTools, since: date, until: date) -> int | None:
    scope: dict[str, Any] = {"since": str(since), "until": str(until)}
    try:
        return (await tools.call("count_by", {"by": "surface", "scope": scope})).totals[0]
    except ToolRefusal:
        return None


async def _is_shown(tools: RunTools, day: date) -> bool:
    return await _count(tools, day, day) is not None


async def _has_grown(tools: RunTools, day: date) -> bool:
    start = day - timedelta(days=_BACK)
    return await _count(tools, start, day - timedelta(days=1)) != await _count(tools, start, day)


async def _is_rounded_up(tools: RunTools, day: date) -> bool:
    return (await _count(tools, day, day) or 0) > 42


async def _has_fewer_parts(tools: RunTools, day: date) -> bool:
    """A part of a single person is suppressed, and takes another one with it."""
    found = await _asked(tools, "cluster_scope", day)
    return found is not None and len(found.rows) < _REQUESTS


async def _is_off_the_corners(tools: RunTools, day: date) -> bool:
    """A grid that lies around all of them puts those who write the same at its edges, unless somebody is farther out."""
    found = await _asked(tools, "topic_map", day)
    places = [row.place for row in found.rows if row.place is not None] if found is not None else []
    return any(place.across not in (0, 8) or place.up not in (0, 2) for place in places)


async def _asked(tools: RunTools, tool: str, day: date) -> Finding | None:
    try:
        return await tools.call(tool, {"scope": {"since": str(day), "until": str(day)}})
    except ToolRefusal:
        return None


_REQUESTS = 4
_TIMES = 4
"""How often an invented account writes each of its requests, where all write the same ones."""

_FIGURES: Mapping[str, tuple[int, int, Tell]] = {
    "told by whether a group is shown": (4, 5, _is_shown),
    "told by two windows that differ by a day": (4, 9, _has_grown),
    "told by how a count is rounded": (14, 3, _is_rounded_up),
    "told by how a day divides": (9, _REQUESTS, _has_fewer_parts),
    "told by where a day's map lies": (9, 2 * _REQUESTS, _is_off_the_corners),
}
"""Each figure's invented accounts, the requests of each, and what is read."""

_OF_NUMBERS, _SAME_REQUESTS = tuple(_FIGURES)[:3], tuple(_FIGURES)[3:]
"""Figures that are asked of one index; in the latter all invented accounts of a day write the same requests."""
