"""What is copied from the screen: a finding for a spreadsheet, and an error for whoever mends it. Pure: view in, text out.

Untrusted text cannot be a formula in a spreadsheet.
"""

from typing import Any

from agent.storage import tables
from index.core.untrusted import safe
from tui.rendering.measures import measure_names, measure_text
from tui.state.view import View


def table(finding: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """A finding's header and rows as text; a suppressed cell says so."""
    names = measure_names(finding)
    header = ["group"]
    for column in finding["columns"]:
        header += [column, f"{column} %"]
    rows = []
    for row in finding["rows"]:
        cells = [safe(row["label"])]
        for value in row["values"]:
            cells.append("suppressed" if value["count"] is None else str(value["count"]))
            cells.append("" if value["share"] is None else str(value["share"]))
        rows.append(cells + [safe(measure_text(row, name)) for name in names])
    return [safe(name) for name in [*header, *names]], rows


def as_tsv(finding: dict[str, Any]) -> str:
    """A finding for a spreadsheet's paste."""
    header, rows = table(finding)
    return "\n".join("\t".join(tables.cell(cell.replace("\t", " ")) for cell in row) for row in [header, *rows])


def report(view: View) -> str:
    """An error for whoever mends it: number, place and state, and nothing of what was asked or found."""
    turn = view.turn
    if turn is None:
        return ""
    tasks = ", ".join(f"{row.id} {row.state}" for row in turn.tasks)
    return f"{turn.message}\nrun {turn.run}, {turn.elapsed_s:.1f} s, exit code {turn.exit_code}\ntasks: {tasks or 'none'}\n"
