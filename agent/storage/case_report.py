"""A case as a report: a summary, its findings and leads, what happened when, limits, method, ledger references, and the figures
in an appendix.

Everything is computed from what was released and from what analysts wrote into the case. The summary quotes rows; it concludes
nothing.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import regex

from agent.core.answer import LeadCard, lead_markdown
from agent.storage.cases import STATES, Case, Item, themes_of
from agent.storage.changes import HIGH, changes
from agent.storage.export import Document, Part
from agent.storage.links import Link

_MOST_ROWS = 3
"""Rows that the summary quotes of a finding."""
_CLEAR = ("over", "grown")
_HANDLE = regex.compile(r"\[(F\d+(?:,\s*F\d+)*)\]")
_THEME = regex.compile(r"\((C\d+)\)")


def case_document(case: Case) -> Document:
    """The case as a document, for every form of export."""
    return Document(
        case.title, f"Case {case.id} ({Link('case', case.id)}), begun {case.made[:10]}", tuple(_parts(case))
    )


def _parts(case: Case) -> Iterator[Part]:
    if not case.items:
        return
    yield _summary(case)
    for item in case.items:
        if item.kind == "note":
            yield Part("Note", notes=(item.text,))
        elif item.kind == "lead":
            yield _lead(case, item)
        else:
            yield _finding(case, item)
    yield Part("Timeline", notes=tuple(_timeline(case)))
    findings = [item for item in case.items if item.kind == "finding"]
    if findings:
        yield Part("Limits", notes=tuple(_limits(findings)))
        yield Part("Method", notes=tuple(_method(findings)))
        yield Part("Ledger references", notes=tuple(_references(findings)))
        for item in findings:
            newest = item.versions[-1]
            yield Part(f"Appendix: figures of finding {item.place}", findings=(newest,))


def _summary(case: Case) -> Part:
    marked = [item for item in case.items if item.kind != "note"]
    counts = [(sum(item.state == state for item in marked), state) for state in STATES]
    states = ", ".join(f"{count} {state}" for count, state in counts if count)
    kinds = {kind: sum(item.kind == kind for item in case.items) for kind in ("finding", "lead", "note")}
    answer = (
        f"Findings: {kinds['finding']}. Leads: {kinds['lead']}. Notes: {kinds['note']}. States: {states or 'none'}."
    )
    lines = []
    for item in marked:
        newest = item.versions[-1] if item.kind == "finding" else {}
        said = f"{newest['title']}: {headline(newest)}" if newest else json.loads(item.text)["claim"]
        lines.append(f"{item.place} ({item.kind}, {item.state}): {said}")
    return Part("Summary", "", answer, notes=tuple(lines))


def headline(finding: dict[str, Any]) -> str:
    """What a finding shows, in one line of quoted rows: verdicts that are high, else clear differences, else the largest rows,
    of a trend its changes of level."""
    if finding["shape"] == "trend":
        return "; ".join([f"Total {finding['totals'][0]:,}", *finding["notes"][:2]])
    rows = [row for row in finding["rows"] if row["values"][0]["count"] is not None]
    if high := [found for row in rows if (found := _high(row))]:
        return _listed(high)
    if clear := [row for row in rows if any(item.get("verdict") in _CLEAR for item in row.get("measures", ()))]:
        return "clearly more: " + _listed([f"“{row['label']}” {_count(row)}" for row in clear])
    largest = sorted(rows, key=lambda row: -row["values"][0]["count"])
    return _listed([f"“{row['label']}” {_count(row)}" for row in largest]) or "every row is suppressed"


def _high(row: dict[str, Any]) -> str:
    """A row's last verdict, where it is high: the measures before it are what it is made of."""
    last: dict[str, Any] = next(reversed(row.get("measures", ())), {})
    return f"“{row['label']}” {last['name']} {last['verdict']}" if last.get("verdict") in HIGH else ""


def _count(row: dict[str, Any]) -> str:
    value = row["values"][0]
    return f"{value['count']:,}" + ("" if value["share"] is None else f" ({value['share']} %)")


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - _MOST_ROWS
    return ", ".join(parts[:_MOST_ROWS]) + (f", and {more} more" if more > 0 else "")


def _finding(case: Case, item: Item) -> Part:
    """A finding in words, and what changed since the version before; its figures are in the appendix."""
    newest = item.versions[-1]
    notes = [headline(newest), *_links(case, item)]
    if len(item.versions) > 1:
        found = changes(item.versions[-2], newest)
        since = f"Since snapshot {item.versions[-2]['snapshot']}: "
        notes += [since + change.in_words() for change in found] or [since + "nothing beyond rounding."]
    link = Link("finding", item.session, item.versions[0]["id"])
    first = f"first released as {link}" if len(item.versions) > 1 else str(link)
    about = f"{item.state} · {newest['scope']} · {newest['period']} · snapshot {newest['snapshot']} · {first}"
    return Part(f"{item.place}. {newest['title']}", about, notes=tuple(notes))


def _lead(case: Case, item: Item) -> Part:
    card = json.loads(item.text)
    about = f"{item.state} · {Link('session', item.session)}"
    return Part(
        f"{item.place}. Lead",
        about,
        lead_markdown(LeadCard.model_validate(card)),
        notes=tuple(_links(case, item)),
        leads=(card,),
    )


def _links(case: Case, item: Item) -> Iterator[str]:
    """What an item is linked to: a lead with the findings and themes that it names, and whatever somebody linked."""
    names = themes_of(case)
    if item.kind == "lead":
        places = {
            other.versions[0]["id"]: other.place
            for other in case.items
            if other.kind == "finding" and other.session == item.session
        }
        handles = [handle for found in _HANDLE.findall(item.text) for handle in regex.findall(r"F\d+", found)]
        if rests := sorted({places[handle] for handle in handles if handle in places}):
            yield f"Rests on finding {', '.join(map(str, rests))} of this case, as first released."
        if themes := list(dict.fromkeys(_THEME.findall(item.text))):
            yield (
                "Themes: "
                + ", ".join(f"{theme} “{names[theme]}”" if theme in names else theme for theme in themes)
                + "."
            )
    for link in item.links:
        why = f": {link.why}" if link.why else ""
        yield f"Linked to {_target(case, link.target)} by {link.who}{why}"
    for other in case.items:
        for link in other.links:
            if link.target == str(item.place):
                why = f": {link.why}" if link.why else ""
                yield f"Linked from {other.kind} {other.place} by {link.who}{why}"


def _target(case: Case, target: str) -> str:
    if not target.isdecimal():
        return f"theme {target} “{themes_of(case).get(target, 'no longer shown')}”"
    kind = next(item.kind for item in case.items if item.place == int(target))
    return f"{kind} {target}"


def _timeline(case: Case) -> Iterator[str]:
    events = [(case.made, "the case was begun")]
    for item in case.items:
        events += [(mark.at, f"{item.kind} {item.place} was marked {mark.state} by {mark.who}") for mark in item.marks]
        events += [
            (link.at, f"{item.kind} {item.place} was linked to {_target(case, link.target)} by {link.who}")
            for link in item.links
        ]
    for at, what in sorted(events, key=lambda event: event[0]):
        yield f"{at[:16].replace('T', ' ')}: {what}"


def _limits(findings: Sequence[Item]) -> Iterator[str]:
    yield "Aggregates only: no count names an account, and none says what one person did."
    for item in findings:
        newest = item.versions[-1]
        hidden = newest["suppressed"]
        outside = f", {newest['outside']} % in no theme" if newest["outside"] is not None else ""
        yield (
            f"Finding {item.place}: {hidden['share']} % of its conversations are not shown ({hidden['groups']} groups, "
            f"{hidden['cells']} cells){outside}."
        )


def _method(findings: Sequence[Item]) -> Iterator[str]:
    for item in findings:
        yield f"Finding {item.place}, by {item.tool}: {item.versions[-1]['method']}."
    yield from dict.fromkeys(f"Policy: {item.versions[-1]['policy']}." for item in findings)


def _references(findings: Sequence[Item]) -> Iterator[str]:
    """What `shoal audit` finds a release by: its digest, and what it was released to."""
    for item in findings:
        for number, version in enumerate(item.versions):
            where = f"released in session {item.session}" if number == 0 else "asked again for this case"
            yield f"Finding {item.place}, snapshot {version['snapshot']}: sha256 {version['digest']}, {where}."
