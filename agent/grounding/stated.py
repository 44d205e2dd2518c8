"""Which quantities findings state, and of which group: what a sentence's quantities are compared with.

A number counts for what it is of: a percentage is no count, and a row's number is no other row's. Numbers of the policy
and the method are kept apart, because they say nothing about the data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple

import regex

from agent.core.answer import Mention
from agent.core.quantities import plain_signs, quantities
from tools.core.finding import Finding, Measure, Row

DATE = regex.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")
QUOTED = regex.compile(r"“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|\"([^\"]+)\"|「([^」]+)」")

Of = Literal["share", "count", "accounts", "ratio", "groups", "any", "method"]


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number that a finding states, and what it is of."""

    value: float
    of: Of


@dataclass(frozen=True, slots=True)
class Group:
    """A group that may be named: a row's label, a column, or a phrase of a finding's own words. `known` are its numbers:
    a row's own, and for a phrase that names a whole finding all of that finding's."""

    name: str
    known: tuple[StatedNumber, ...]
    is_row: bool


def folded(name: str) -> str:
    """The form in which names are compared."""
    return plain_signs(name).casefold().strip().strip(".,;:").strip()


def of_row(row: Row) -> Iterator[StatedNumber]:
    for value in row.values:
        if value.count is not None:
            yield StatedNumber(float(value.count), "count")
        if value.share is not None:
            yield StatedNumber(value.share, "share")
    if row.accounts is not None:
        yield StatedNumber(float(row.accounts), "accounts")
    for measure in row.measures:
        yield from _of_measure(measure)
    yield from (StatedNumber(quantity.value, "any") for quantity in quantities(DATE.sub(" ", row.label)))


def _of_measure(measure: Measure) -> Iterator[StatedNumber]:
    of: Of = "ratio" if "ratio" in measure.name else "share" if measure.value is not None else "any"
    yield from (StatedNumber(number, of) for number in (measure.value, measure.low, measure.high) if number is not None)


def shared(finding: Finding) -> Iterator[StatedNumber]:
    """What is of the finding as a whole: totals, suppressed and unclustered shares, and numbers in its own words."""
    yield from (StatedNumber(float(total), "count") for total in finding.totals)
    suppressed = finding.suppressed
    for number in (suppressed.groups, suppressed.cells, suppressed.unnamed):
        yield StatedNumber(float(number), "groups")
    yield StatedNumber(suppressed.share, "share")
    if finding.outside is not None:
        yield StatedNumber(finding.outside, "share")
    if finding.shape == "trend" and len(finding.totals) == 2 and finding.totals[1]:
        yield StatedNumber(round(100 * finding.totals[0] / finding.totals[1], 1), "share")
    words = " \n".join([finding.title, finding.scope, *finding.columns, *finding.notes])
    yield from (StatedNumber(quantity.value, "any") for quantity in quantities(DATE.sub(" ", plain_signs(words))))


def of_method(finding: Finding) -> Iterator[StatedNumber]:
    yield from (
        StatedNumber(item.value, "method") for item in quantities(plain_signs(f"{finding.policy} {finding.method}"))
    )
    yield StatedNumber(95.0, "method")


class _Stated(NamedTuple):
    """A finding, compared by what it says: each sentence of an answer asks for the groups of the same few."""

    finding: Finding

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Stated) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str]:
        return self.finding.id, self.finding.digest


def groups(findings: Sequence[Finding]) -> Mapping[str, Group]:
    """Every name that may be used, folded, with its numbers. A label of several findings has the numbers of all."""
    return _groups(tuple(map(_Stated, findings)))


@lru_cache(maxsize=128)
def _groups(stated: tuple[_Stated, ...]) -> Mapping[str, Group]:
    findings = [item.finding for item in stated]
    found: dict[str, Group] = {}

    def add(name: str, known: tuple[StatedNumber, ...], *, is_row: bool) -> None:
        key = folded(name)
        if not key:
            return
        before = found.get(key)
        if before is not None and before.is_row and not is_row:
            return
        earlier = before.known if before is not None and before.is_row == is_row else ()
        found[key] = Group(name, (*earlier, *known), is_row)

    for finding in findings:
        everything = tuple(known for row in finding.rows for known in of_row(row))
        words = [finding.title, finding.scope, *finding.notes]
        phrases = [part for text in words for match in QUOTED.findall(text) for part in match if part]
        for name in (*phrases, finding.title, finding.scope, *finding.columns):
            add(name, everything, is_row=False)
        for row in finding.rows:
            add(row.label, tuple(of_row(row)), is_row=True)
    return MappingProxyType(found)


def words_of(finding: Finding) -> str:
    """Everything that a finding says in words, for dates and ids."""
    labels = "\n".join(row.label for row in finding.rows)
    ids = "\n".join(filter(None, (name for row in finding.rows for name in (row.id, row.parent))))
    stated = [finding.title, finding.scope, finding.period, labels, ids, *finding.columns, *finding.notes]
    return "\n".join(stated)


def mentions(text: str, findings: Sequence[Finding]) -> tuple[Mention, ...]:
    """The groups that an answer names, in the order of naming: what a follow-up can open."""
    cited = [finding for finding in findings if regex.search(rf"\b{finding.id}\b", text)]
    found = {
        row.label: (
            text.find(f"“{row.label}”"),
            Mention(label=row.label, id=row.id, finding=finding.id, within=finding.scope),
        )
        for finding in reversed(cited)
        for row in sorted(finding.rows, key=lambda row: row.id is not None)
        if f"“{row.label}”" in text
    }
    return tuple(mention for _, mention in sorted(found.values(), key=lambda item: item[0]))
