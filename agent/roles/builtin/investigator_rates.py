"""Recipes of the usage specialist for shares: how much of a whole is of a kind, in two wholes or by a facet.

A question for a rate is not one for what two groups are about: the same part is counted in each whole, and a sentence about two
shares goes by their intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.roles.builtin.investigator_usage import breakdown
from agent.roles.builtin.recipe import CONCERNING, Notes, arguments, named
from agent.roles.builtin.sentences import sentence, what, word
from tools.core.finding import Finding
from tools.core.scope import Scope
from tools.statistics.measures import proportion_interval

_SUMMED = ("concern", "near")
"""Parts that are no value of a facet: they are counted as a scope of their own."""


@dataclass(frozen=True, slots=True)
class _Rate:
    """A part of a whole, as it is released. `count` None: hidden."""

    findings: tuple[Finding, ...]
    whole: int
    count: int | None
    hidden: str = "rate_hidden"
    """The sentence for a hidden count."""

    @property
    def share(self) -> float:
        return round(100 * (self.count or 0) / max(1, self.whole), 1)

    def stated(self, spoken: str) -> str:
        """ "6.7 %, 60 of 895"; a stroke stands for "of" in other languages."""
        return f"{self.share} %, {self.count:,} {'of' if spoken == 'English' else '/'} {self.whole:,}"


async def rate(notes: Notes) -> None:
    """The share of a part in a scope; against its share in another, or by a facet, where the task says so."""
    if not (notes.task.facet and notes.task.about):
        await breakdown(notes)  # a plan of a model that names no part
        return
    if notes.task.across is not None:
        await _by_facet(notes, notes.task.across)
        return
    sides = [notes.task.scope, *([notes.task.against] if notes.task.against is not None else [])]
    found = [await _side(notes, side) for side in sides]
    # "Of 9,400 conversations": that they are all is said where they stand beside others.
    names = [what(side, notes.spoken, every=len(sides) > 1) for side in sides]
    told = [(name, item) for name, item in zip(names, found, strict=True) if item is not None]
    if len(told) == len(sides) == 2:
        _beside(notes, names, [item for _, item in told])
        return
    for name, item in told:
        _alone(notes, name, item)


def _alone(notes: Notes, name: str, found: _Rate) -> None:
    key = "rate" if found.count is not None else found.hidden
    values = {"part": _part(notes), "what": name, "whole": f"{found.whole:,}"}
    if found.count is not None:
        values |= {"count": f"{found.count:,}", "share": str(found.share)}
    notes.tell(
        key, *found.findings, kind="answer", verdict=_of_half(found) if notes.task.asked == "most" else None, **values
    )


_ABOUT_HALF = 5.0
"""Percentage points by which a share may differ from a half that it is called."""


def _of_half(found: _Rate) -> str | None:
    """Whether it is more than half, by the interval of the share. None: hidden, or too few to say."""
    if found.count is None:
        return {"rate_few": "verdict_fewer", "rate_all": "verdict_most"}.get(found.hidden)
    low, high = proportion_interval(found.count, found.whole)
    if high < 0.5:
        return "verdict_fewer"
    if low > 0.5:
        return "verdict_most"
    return "verdict_half" if abs(found.share - 50) < _ABOUT_HALF else None


def _beside(notes: Notes, names: Sequence[str], found: Sequence[_Rate]) -> None:
    first, second = found
    cited = (*first.findings, *second.findings)
    part = _part(notes)
    if first.count is None or second.count is None:
        shown = [(name, item) for name, item in zip(names, found, strict=True) if item.count is not None]
        hidden = next(name for name, item in zip(names, found, strict=True) if item.count is None)
        if shown:
            (name, item), *_ = shown
            values = {"part": part, "who": name, "stated": item.stated(notes.spoken), "other": hidden}
            notes.tell("rate_one_hidden", *cited, kind="answer", **values)
        else:
            notes.tell("rates_hidden", *cited, kind="answer", part=part, who=names[0], other=names[1])
        return
    low, high = proportion_interval(first.count, first.whole)
    other_low, other_high = proportion_interval(second.count, second.whole)
    is_more, is_less = low > other_high, high < other_low
    key = "rate_more" if is_more or is_less else "rate_alike"
    order = (1, 0) if is_less else (0, 1)
    (who, one), (other, two) = ((names[at], found[at]) for at in order)
    stated = {"one": one.stated(notes.spoken), "two": two.stated(notes.spoken)}
    notes.tell(key, *cited, kind="answer", part=part, who=who, other=other, **stated)


async def _side(notes: Notes, whole: Scope) -> _Rate | None:
    """The part in a whole; None where nothing of it could be asked."""
    facet, label = notes.task.facet or "", notes.task.about
    if facet in _SUMMED:
        part = {"concern_at_least": int(label)} if facet == "concern" else {"near": label}
        every = await notes.ask("count_by", arguments(whole, by="month"))
        if every is None:
            return None
        found = await notes.ask("count_by", arguments(whole.model_copy(update=part), by="month"))
        if found is None:
            # That the part is hidden is the answer, and no failure.
            notes.claims[:] = [claim for claim in notes.claims if not claim.is_hidden]
            return _Rate((every,), every.totals[0], None)
        return _Rate((found, every), every.totals[0], found.totals[0])
    table = await notes.ask("count_by", arguments(whole, by=facet))
    if table is None:
        return None
    row, total = table.row(label), table.totals[0]
    count = row.values[0].count if row is not None else None
    if count == total:
        # A number that stands for nearly all of its total says only that.
        return _Rate((table,), total, None, "rate_all")
    is_other_all = any(item.values[0].count == total for item in table.rows)
    return _Rate((table,), total, count, "rate_few" if is_other_all else "rate_hidden")


async def _by_facet(notes: Notes, across: str) -> None:
    """The part's share in each value of a facet, the largest first. Fields are too many for columns, and grades from one up are
    several rows, some of them suppressed: of these the part and the whole are counted each."""
    is_summed = across == "field" or notes.task.facet == "concern"
    found = await (_by_two_counts(notes, across) if is_summed else _by_column(notes, across))
    if found is None:
        return
    rates, has_hidden, cited = found
    values = {"part": _part(notes), "facet": word(across, notes.spoken), "what": what(notes.task.scope, notes.spoken)}
    if not rates:
        notes.tell("rates_by_hidden", *cited, kind="answer", **values)
        return
    rates.sort(key=lambda item: item[1].share, reverse=not notes.task.smallest)
    stated = ", ".join(f"“{name}” ({item.stated(notes.spoken)})" for name, item in rates[: notes.shown])
    if notes.task.smallest and len(rates) > 1:
        stated = sentence("rates_lowest_first", notes.spoken) + stated
    if has_hidden:
        stated += sentence("rates_others_hidden", notes.spoken)
    notes.tell("rates_by", *cited, kind="answer", rows=stated, **values)


_Found = tuple[list[tuple[str, _Rate]], bool, tuple[Finding, ...]]
"""Rates by value, whether some are hidden, and the findings that they are from."""


async def _by_column(notes: Notes, across: str) -> _Found | None:
    table = await notes.ask("count_by", arguments(notes.task.scope, by=notes.task.facet, across=across))
    if table is None:
        return None
    row = table.row(notes.task.about)
    rates = [
        (column, _Rate((table,), whole, value.count))
        for column, whole, value in zip(table.columns, table.totals, row.values if row else (), strict=False)
        if value.count is not None and value.count < whole
    ]
    return rates, len(rates) < len(table.columns), (table,)


async def _by_two_counts(notes: Notes, across: str) -> _Found | None:
    scope, label = notes.task.scope, notes.task.about
    marked = {"outcome": {"outcome": label}, "flagged": {"flagged": "yes"}, "concern": {"concern_at_least": label}}
    borne = Scope.model_validate(scope.model_dump() | marked.get(notes.task.facet or "", {}))
    part = await notes.ask("count_by", arguments(borne, by=across))
    whole = await notes.ask("count_by", arguments(scope, by=across))
    if part is None or whole is None:
        return None
    rates = []
    for row in named(part):
        every, count = whole.row(row.label), row.values[0].count
        total = every.values[0].count if every is not None else None
        if total and count is not None and count < total:
            rates.append((row.label, _Rate((part, whole), total, count)))
    return rates, bool(part.suppressed.groups), (part, whole)


def _part(notes: Notes) -> str:
    """What is counted, in words."""
    facet, label = notes.task.facet or "", notes.task.about
    if facet == "turns":
        return sentence("part_turns", notes.spoken)
    keys = {"flagged": f"part_{label.replace(' ', '_')}", "outcome": f"part_{label}", "concern": "part_concern"}
    key = "part_grade" if facet == "concern" and label != str(CONCERNING) else keys.get(facet)
    if key is not None:
        return sentence(key, notes.spoken, grade=label)
    return sentence({"language": "part_in", "surface": "part_on"}.get(facet, "part_about"), notes.spoken, label=label)
