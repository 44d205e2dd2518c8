"""Parts of the view as lines of text. Pure: view in, `Content` out; untrusted text is never read as markup."""

from typing import Any

from rich.text import Text
from textual.content import Content
from textual.style import Style

from tui.plain import measure_text, withheld_line
from tui.text import fit, safe
from tui.view import TaskRow, Turn, View

_MARKS = {"planned": "·", "running": "●", "waiting": "⏳", "done": "✓", "failed": "✗", "stopped": "■"}
_PHASE_MARKS = {
    "no index": "○",
    "starting": "◌",
    "ready": "●",
    "done": "●",
    "failed": "✖",
    "stopped": "■",
    "stopping": "◍",
}
_DIM = Style(dim=True)
_BOLD = Style(bold=True)


def _elapsed(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def status(view: View, elapsed_s: float, note: str, *, narrow: bool) -> Content:
    """The status bar: state first, then agents, cost, index, policy; a narrow screen drops from the right."""
    phase = view.waiting or view.phase
    mark = _PHASE_MARKS.get(view.phase, "●")
    parts = [f"{mark} {phase}" + (f" {_elapsed(elapsed_s)}" if view.is_busy else "")]
    rows = view.turn.tasks if view.turn else ()
    if view.is_busy and rows:
        parts.append(f"agents {sum(row.state == 'running' for row in rows)}/{len(rows)}")
    if note:
        parts.append(note)
    if not narrow:
        if view.tokens:
            cost = "" if view.cost is None else f" ${view.cost:.2f}"
            parts.append(f"{view.tokens:,} tok{cost}")
        if view.roles:
            parts.append(view.roles)
        if view.index:
            parts.append(f"index {view.index} · snapshot {view.snapshot}")
    return Content(" " + safe(" │ ".join(parts)))


def privacy(view: View, *, narrow: bool) -> Content:
    """The privacy line: what left, what was withheld."""
    withheld = f"withheld {view.withheld_groups} groups, {view.withheld_cells} cells"
    if narrow:
        return Content(f" privacy  {withheld}")
    shown = f"shown {len(view.findings)} findings · {withheld} · summary text shown 0 · queries {view.tool_calls}"
    return Content(safe(f" privacy  {shown} · {view.policy}"))


def timeline(turn: Turn, width: int) -> Content:
    """Plan, assumptions and one row an agent."""
    lines: list[Content] = []
    if turn.tasks:
        lines.append(Content.styled(f"▾ plan · {len(turn.tasks)} tasks", _BOLD))
    lines += [Content.styled(f"  assumes: {safe(text)}", _DIM) for text in turn.assumptions]
    lines += [_task_line(row, width) for row in turn.tasks]
    if turn.audit:
        lines.append(Content(f"  ✓ auditor   {safe(turn.audit)}"))
    return Content("\n").join(lines)


def _task_line(row: TaskRow, width: int) -> Content:
    tail = "".join(f" {handle}" for handle in row.findings[-4:])
    if row.elapsed_s is not None:
        tail += f" {row.elapsed_s:.1f}s"
    text = row.failure or (row.doing if row.state == "running" else "") or row.label
    room = max(20, width - len(tail) - 6)
    return Content(f"  {_MARKS[row.state]} {fit(text, room)}{tail}")


def closing(turn: Turn) -> Content:
    """What stands under an answer: strikes, notices, how the run ended, next questions."""
    lines = [Content.styled(f"struck, not supported by its findings: {safe(text)}", _DIM) for text in turn.struck]
    lines += [Content.styled(safe(text), _DIM) for text in turn.notices]
    if turn.message:
        lines.append(Content.styled(safe(turn.message), _BOLD))
    if turn.hint:
        lines.append(Content(f"  next: {safe(turn.hint)}"))
    lines += [Content(f"  {number}. {safe(text)}") for number, text in enumerate(turn.suggestions, start=1)]
    if turn.ended in ("done", "partial"):
        lines.append(Content.styled(f"{turn.ended} in {turn.elapsed_s:.1f} s", _DIM))
    return Content("\n").join(lines)


def trend(finding: dict[str, Any], width: int) -> Content:
    """A trend as bars with their numbers; a withheld bucket says so and draws nothing."""
    first = [row["values"][0] for row in finding["rows"]]
    measure = [value["share"] if len(finding["columns"]) > 1 else value["count"] for value in first]
    top = max((value for value in measure if value), default=1)
    room = max(8, width - 34)
    lines = [Content.styled(safe(finding["title"]), _BOLD)]
    for row, value, size in zip(finding["rows"], first, measure, strict=True):
        if value["count"] is None:
            lines.append(Content.styled(f"{fit(row['label'], 11)} {'withheld':>8}", _DIM))
            continue
        bar = "█" * max(1, round(room * (size or 0) / top))
        share = f"{value['share']:5.1f} %" if value["share"] is not None else ""
        lines.append(Content(f"{fit(row['label'], 11)} {value['count']:>8,} {share} ") + Content.styled(bar, "$accent"))
    lines.append(Content.styled(safe(withheld_line(finding)), _DIM))
    return Content("\n").join(lines)


def evidence(finding: dict[str, Any], row: dict[str, Any] | None) -> Content:
    """A finding's scope, method and cost; of the selected row its numbers."""
    lines = [Content.styled(safe(f"{finding['id']} · {finding['tool']} · {finding['title']}"), _BOLD)]
    if row is not None:
        numbers = ", ".join(
            f"{column} {'withheld' if value['count'] is None else format(value['count'], ',')}"
            + (f" ({value['share']} %)" if value["share"] is not None else "")
            for column, value in zip(finding["columns"], row["values"], strict=True)
        )
        lines.append(Content(safe(f"{row['label']}: {numbers}")))
        if row.get("accounts"):
            lines.append(Content(f"accounts about {row['accounts']:,}"))
        for measure in row.get("measures", ()):
            lines.append(Content(safe(f"{measure['name']}: {measure_text(row, measure['name'])}")))
    lines += [Content(safe(note)) for note in finding["notes"]]
    lines.append(Content.styled(safe(f"scope: {finding['scope']} · {finding['period']}"), _DIM))
    lines.append(Content.styled(safe(withheld_line(finding)), _DIM))
    lines.append(Content.styled(safe(f"method: {finding['method']}"), _DIM))
    lines.append(Content.styled(safe(f"policy: {finding['policy']}"), _DIM))
    return Content("\n").join(lines)


def row_label(row: dict[str, Any], width: int) -> Text:
    """A tree node: name, size, share."""
    value = row["values"][0]
    size = "withheld" if value["count"] is None else f"{value['count']:,}"
    share = f"{value['share']:5.1f} %" if value["share"] is not None else ""
    return Text(f"{fit(row['label'], max(10, width - 18))} {size:>7} {share:>8}")
