"""What stands behind a number: scope, sizes, intervals, method, what was suppressed. Pure: finding in, `Content` out."""

import textwrap
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual.content import Content
from textual.style import Style

from index.core.untrusted import safe
from tui.rendering.measures import measure_text, placed
from tui.text.untrusted import fit, many

_QUIET = "$quiet"
_BOLD = Style(bold=True)


def evidence(finding: dict[str, Any], row: dict[str, Any] | None, width: int) -> Content:
    """The selected row's numbers, then the finding's scope, cost of strictness and method."""
    lines = []
    if row is not None:
        lines.append(Content.styled(safe(row["label"]), _BOLD))
        lines += [_value(column, value, width) for column, value in zip(finding["columns"], row["values"], strict=True)]
        if row.get("accounts"):
            lines.append(_field("accounts", f"about {row['accounts']:,}", width))
        lines += [_field(item["name"], measure_text(row, item["name"]), width) for item in row.get("measures", ())]
        lines.append(Content(""))
    lines.append(Content.styled(safe(f"{finding['id']} · {finding['title']}"), _BOLD))
    lines.append(_field("scope", f"{finding['scope']} · {finding['period']}", width))
    lines.append(_field("total", " / ".join(f"{total:,}" for total in finding["totals"]), width))
    lines.append(_field("suppressed", suppressed(finding), width))
    if finding["outside"] is not None:
        lines.append(_field("unclustered", f"{finding['outside']} % of the scope", width))
    lines += [_field("note", note, width) for note in finding["notes"]]
    lines.append(_field("method", f"{finding['tool']}: {finding['method']}", width))
    lines.append(_field("policy", f"{finding['policy']} · snapshot {finding['snapshot']}", width))
    return Content("\n").join(lines)


def _field(name: str, text: str, width: int) -> Content:
    """A name and its text, whose further lines stand under the first. A long name gets a line of its own, unless its
    text fits beside it."""
    beside = cell_len(safe(name)) + 1
    wrapped = textwrap.wrap(safe(text), max(12, width - 9)) or [""]
    if beside <= 9:
        head = fit(name, 9)
    else:
        is_short = len(wrapped) == 1 and beside + cell_len(wrapped[0]) <= width
        head = f"{safe(name)} " if is_short else f"{safe(name)}\n{'':9}"
    return Content.assemble((head, _QUIET), f"\n{'':9}".join(wrapped))


def _value(column: str, value: dict[str, Any], width: int) -> Content:
    if value["count"] is None:
        return _field(column, "suppressed (below the privacy threshold, may be zero)", width)
    share = "" if value["share"] is None else f" ({value['share']} %)"
    return _field(column, f"{value['count']:,}{share}", width)


def suppressed(finding: dict[str, Any]) -> str:
    """What the strictness cost, as counts."""
    found = finding["suppressed"]
    parts = [many(found["groups"], "group")] if found["groups"] else []
    parts += [f"{found['share']} % of conversations"] if found["share"] else []
    parts += [many(found["cells"], "number")] if found["cells"] else []
    parts += [f"{many(found['unnamed'], 'name')}"] if found["unnamed"] else []
    return ", ".join(parts) or "nothing"


def row_label(row: dict[str, Any], width: int) -> Text:
    """A tree node: name, size, share."""
    value = row["values"][0]
    size = "suppressed" if value["count"] is None else f"{value['count']:,}"
    share = f"{value['share']:.1f} %" if value["share"] is not None else ""
    numbers = f" {size:>5} {share:>6}".rstrip() if share else f" {size:>5}"
    return Text(f"{fit(placed(row), max(8, width - len(numbers)))}{numbers}")
