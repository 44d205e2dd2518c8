"""A session as files: Markdown for people, CSV for tables. Pure: view in, text out. Only what was released is in a view.

Untrusted text can be neither markup in the one nor a formula in the other.
"""

import re
from typing import Any

from agent.storage import tables
from index.core.untrusted import safe
from tui.rendering.evidence import suppressed
from tui.rendering.measures import measure_names, measure_text
from tui.state.view import Turn, View

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown(view: View) -> str:
    """Questions, answers and the findings they cite, as a document."""
    lines = [f"# Shoal, index {_plain(view.index)}, snapshot {view.snapshot}", "", f"Policy: {_plain(view.policy)}", ""]
    for turn in view.turns:
        lines += _turn(turn)
    for finding in view.findings.values():
        lines += _finding(finding)
    return "\n".join(lines)


def _turn(turn: Turn) -> list[str]:
    lines = [f"## {_plain(turn.question)}", "", _answer(turn.answer), ""]
    lines += [f"- removed, not supported by its findings: {_plain(text)}" for text in turn.removed]
    lines += [f"- {_plain(text)}" for text in (*turn.notices, turn.message) if text]
    return [*lines, ""]


def _answer(text: str) -> str:
    """The answer's own Markdown without what could lead somewhere or load something."""
    return _no_address(safe(text).replace("[", "\\[").replace("<", "&lt;"))


def _plain(text: str) -> str:
    return _no_address(_MARKUP.sub(r"\\\1", safe(text).replace("\n", " ")))


def _no_address(text: str) -> str:
    """Addresses as text that no renderer makes a link of by itself."""
    return text.replace("://", "&#58;//").replace("www.", "www&#46;")


def _finding(finding: dict[str, Any]) -> list[str]:
    header, rows = table(finding)
    return [
        f"### {finding['id']}: {_plain(finding['title'])}",
        "",
        "| " + " | ".join(_plain(cell) for cell in header) + " |",
        "|" + "---|" * len(header),
        *("| " + " | ".join(_plain(cell) for cell in row) + " |" for row in rows),
        "",
        f"Scope: {_plain(finding['scope'])}, {_plain(finding['period'])}. Suppressed: {suppressed(finding)}. "
        f"Method: {_plain(finding['method'])}.",
        "",
    ]


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


def findings_csv(view: View) -> str:
    """Every finding's rows, one long table."""
    return tables.findings_csv(view.findings.values())


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
