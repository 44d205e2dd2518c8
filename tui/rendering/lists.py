"""Lists of what there is to ask: indexes, and the themes of one. Plain lines for people; `--json` prints the same values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.core.untrusted import safe
from tools.core.finding import outlined
from tui.rendering.finding_table import suppressed_line
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.services.indexes import IndexEntry


def index_table(found: "Sequence[IndexEntry]") -> str:
    """The indexes of a home, a line each."""
    if not found:
        return "There is no index yet. Make one: shoal ingest FILE, or try: shoal demo"
    wide = max(8, *(len(item.name) for item in found))
    lines = [f"  {'index':<{wide}}{'conversations':>15}{'clusters':>10}  published"]
    for item in found:
        mark = "*" if item.is_default else " "
        state = item.published[:10] if item.snapshot else item.problem or "nothing is published yet: shoal publish"
        count = f"{item.conversations:,}+" if item.snapshot else "-"
        lines.append(
            f"{mark} {fit(item.name, wide)}{count:>15}{item.clusters if item.snapshot else '-':>10}  {safe(state)}"
        )
    default = "* is asked where no --index is given."
    named = default if any(item.is_default for item in found) else "None is asked where no --index is given: name one."
    return "\n".join([*lines, named])


def theme_table(finding: dict[str, Any]) -> str:
    """Themes in their fields, with ids, sizes and shares."""
    lines = [f"{'id':<6}{'conversations':>14}{'share':>9}  theme"]
    for row in outlined(finding["rows"]):
        value = row["values"][0]
        count = "suppressed" if value["count"] is None else f"{value['count']:,}"
        share = "" if value["share"] is None else f"{value['share']:.1f} %"
        indent = "  " if row.get("parent") else ""
        lines.append(f"{row.get('id') or '-':<6}{count:>14}{share:>9}  {indent}{safe(row['label'])}")
    return "\n".join([*lines, "", *(safe(note) for note in finding["notes"]), suppressed_line(finding)])
