"""An evaluation as a report: tables and plots of every suite, in one HTML page that loads nothing, and in Markdown.

Rates stand with their 95 % intervals (Wilson 1927), and beside each figure is what the last release measured.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from statistics import fmean
from typing import TYPE_CHECKING

from agent.evaluation.items import Measured, rate
from agent.evaluation.record import Record
from agent.figures.plots import Series, bars, svg
from agent.storage.export import page
from index.core.untrusted import safe

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot

TITLES = {
    "answers": "Answers to questions with known truth",
    "themes": "Themes and their names",
    "abuse": "Leads over planted corpora",
    "privacy": "Privacy",
    "cost": "Cost",
    "speed": "Speed",
}
_RELEASED = "released.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of a table: a rate of `of`, or the mean of a value, with its interval."""

    name: str
    value: float
    low: float
    high: float
    of: int
    unit: str

    @property
    def is_rate(self) -> bool:
        return self.unit == "%"


@dataclass(frozen=True, slots=True)
class Section:
    """What a report says of one suite. `wrong`: items that were not right, with their verdicts."""

    suite: str
    title: str
    lead: str
    figures: tuple[Figure, ...]
    by_group: tuple[Figure, ...]
    wrong: tuple[Measured, ...]


def sections(record: Record) -> list[Section]:
    """A section for each suite that was measured, in the order of TITLES."""
    found = []
    for suite, title in TITLES.items():
        measured = [one for one in record.measured if one.suite == suite]
        if measured:
            wrong = tuple(one for one in measured if one.result.verdict)
            kinds, groups = _figures(measured, "kind"), _figures(measured, "group")
            found.append(Section(suite, title, _lead(suite, measured), kinds, groups, wrong))
    return found


def _figures(measured: Sequence[Measured], by: str) -> tuple[Figure, ...]:
    """A figure for each kind or group. Where items have both, rates and values are told apart."""
    found = []
    for name in dict.fromkeys(getattr(one, by) for one in measured):
        of_name = [one for one in measured if getattr(one, by) == name]
        right, of = rate(of_name)
        if of:
            found.append(rated(name, right, of))
        for unit in dict.fromkeys(one.result.unit for one in of_name if one.result.value is not None):
            values = [one.result.value for one in of_name if one.result.value is not None and one.result.unit == unit]
            found.append(Figure(name, fmean(values), min(values), max(values), len(values), unit))
    return tuple(found)


def rated(name: str, right: int, of: int) -> Figure:
    """A rate in percent with its Wilson interval."""
    from scipy.stats import binomtest

    low, high = binomtest(right, of).proportion_ci(method="wilson")
    return Figure(name, 100 * right / of, 100 * low, 100 * high, of, "%")


def _lead(suite: str, measured: Sequence[Measured]) -> str:
    """The one or two sentences that a reader needs."""
    right, of = rate(measured)
    if suite == "answers":
        wrong = sum(one.result.verdict == "wrong number" for one in measured)
        return f"{right} of {of} answers are right ({100 * right / of:.0f} %); {wrong} hold a wrong number."
    if suite == "abuse":
        called = [one for one in measured if one.result.figures.get("leads")]
        abusive = [one for one in measured if one.result.figures.get("abusive")]
        true = sum(bool(one.result.figures.get("abusive")) for one in called)
        precision = (
            f"{true} of {len(called)} leads point to something planted (precision)" if called else "No lead was made"
        )
        return f"{precision}; {true} of {len(abusive)} planted rings and resellers led to one (recall)."
    if suite == "privacy":
        attacks = [one for one in measured if one.kind == "red team"]
        met, goals = rate(attacks)
        return f"{met} of {goals} goals of the red team were met."
    if suite == "themes":
        ranked = [one for one in measured if one.kind == "name finds its theme"]
        first = sum(one.result.figures.get("first", 0.0) for one in ranked)
        return f"The name finds its own theme first in {first:.0f} of {len(ranked)} cases, among three in {rate(ranked)[0]}."
    if suite == "cost":
        cost = next((one.result.figures.get("cost") for one in measured if one.id == "ingest"), None)
        told = (
            f"{cost:.2f} US dollars" if cost is not None else "unknown: the reader model's price is not in the settings"
        )
        return f"100,000 conversations with a model: {told} (Clio's paper: 48.81 US dollars)."
    slowest = max((one.result.value or 0.0 for one in measured if one.kind == "a question"), default=0.0)
    return f"The slowest kind of question takes {slowest:.2f} s when asked again."


def released() -> Mapping[str, float]:
    """What the last release measured, by suite and figure."""
    found: Mapping[str, float] = json.loads((files("agent.evaluation") / _RELEASED).read_text("utf-8"))
    return found


def summary(record: Record) -> dict[str, float]:
    """The figures of a run by suite and name, in the form of `released`."""
    return {
        f"{section.suite}/{figure.name}/{figure.unit}": round(figure.value, 3)
        for section in sections(record)
        for figure in section.figures
    }


def regressions(record: Record) -> list[str]:
    """Rates that are below the last release's by more than their interval allows."""
    before = released()
    return [
        f"{section.title}: {figure.name} {figure.value:.0f} %, the last release {before[key]:.0f} %"
        for section in sections(record)
        for figure in section.figures
        if figure.is_rate and (key := f"{section.suite}/{figure.name}/%") in before and figure.high < before[key]
    ]


def markdown(record: Record) -> str:
    """The report in Markdown, ending with a newline."""
    lines = ["# Evaluation", "", _setting(record), ""]
    lines += [f"- Below the last release: {one}" for one in regressions(record)]
    before = released()
    for section in sections(record):
        lines += ["", f"## {section.title}", "", section.lead, "", "| | figure | 95 % interval | of | last release |"]
        lines += ["|---|---:|---:|---:|---:|"]
        lines += [f"| {' | '.join(_cells(section.suite, figure, before))} |" for figure in section.figures]
        if section.wrong:
            lines += ["", "Not right:", ""]
            lines += [
                f"- {_plain(one.title)} ({one.group}): {one.result.verdict}" for one in section.wrong[:_MOST_WRONG]
            ]
            lines += [f"- {len(section.wrong) - _MOST_WRONG} more"] if len(section.wrong) > _MOST_WRONG else []
    return "\n".join(lines) + "\n"


_MOST_WRONG = 12


def _plain(text: str) -> str:
    return " ".join(safe(text).split()).replace("|", "/").replace("<", "‹")


def _setting(record: Record) -> str:
    told = record.setting
    return (
        f"{told['date']} · Shoal {told['version']} · {told['roles']} · index {told['index']} · {told['machine']}"
        f"{' · quick' if told.get('quick') else ''} · {len(record.measured):,} items"
    )


def _cells(suite: str, figure: Figure, before: Mapping[str, float]) -> list[str]:
    earlier = before.get(f"{suite}/{figure.name}/{figure.unit}")
    return [
        _plain(figure.name),
        _number(figure.value, figure.unit),
        f"{_number(figure.low, '')} to {_number(figure.high, '')}"
        if figure.is_rate or figure.low != figure.high
        else "",
        f"{figure.of:,}",
        "" if earlier is None else _number(earlier, figure.unit),
    ]


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or math.isclose(value, round(value)) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{' ' + unit if unit else ''}"


def html(record: Record) -> str:
    """The report as a page with plots."""
    body = ["<h1>Evaluation</h1>", f'<p class="small">{escape(_setting(record))}</p>']
    if worse := regressions(record):
        body += ["<p><strong>Below the last release:</strong></p>", _list(worse)]
    before = released()
    for section in sections(record):
        body += [f"<h2>{escape(section.title)}</h2>", f'<p class="lead">{escape(section.lead)}</p>']
        body += [svg(plot) for plot in _plots(section)]
        body += [_table(["", "figure", "95 % interval", "of", "last release"],
                        [_cells(section.suite, figure, before) for figure in section.figures])]  # fmt: skip
        if section.wrong:
            told = [f"{one.title} ({one.group}): {one.result.verdict}. {one.result.detail}" for one in section.wrong]
            body.append(f"<details><summary>{len(told)} not right</summary>{_list(told)}</details>")
    return page("Evaluation of Shoal", body)


def _plots(section: Section) -> Iterable["Plot"]:
    for title, figures in (("by kind", section.figures), ("by group", section.by_group)):
        for unit in dict.fromkeys(figure.unit for figure in figures):
            of_unit = [figure for figure in figures if figure.unit == unit]
            if len(of_unit) > 1 and len(of_unit) <= _MOST_BARS:
                low, high = ([getattr(one, end) for one in of_unit] for end in ("low", "high"))
                series = Series(section.title, [one.value for one in of_unit], low, high)
                yield bars(f"{section.title}, {title}", unit, [one.name for one in of_unit], [series])


_MOST_BARS = 30


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(safe(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(safe(line))}</li>" for line in lines) + "</ul>"
