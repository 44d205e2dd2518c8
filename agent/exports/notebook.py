"""A notebook that holds an export's long rows and loads them with pandas: everything in one file, nothing to fetch."""

import json
from typing import Any

from agent.exports.tidy import as_csv
from agent.storage.export import MADE_BY, Document, plain_markdown
from index.core.untrusted import safe

_LOAD = """import io
import pandas as pd

rows = pd.read_csv(io.StringIO(DATA))
rows.head()"""
_PIVOT = """counts = rows[rows["variable"].str.endswith("count")]
counts.pivot_table(index=["finding", "cluster_name"], columns="variable", values="value", aggfunc="first")"""
_PLOT = """# A suppressed value is empty, which is not zero.
first = counts[counts["finding"] == counts["finding"].iloc[0]]
first.set_index("cluster_name")["value"].plot.barh(title=first["title"].iloc[0])"""


def as_notebook(made: Document) -> str:
    """The notebook as JSON (nbformat 4.5), ending with a newline."""
    findings = [finding for part in made.parts for finding in part.findings]
    cells = [
        _cell(
            "markdown", f"# {plain_markdown(safe(made.title))}\n\n{plain_markdown(safe(made.about))}\n\n{MADE_BY}", 0
        ),
        _cell("code", f"DATA = {json.dumps(as_csv(findings), ensure_ascii=True)}", 1),
        *(_cell("code", source, number) for number, source in enumerate((_LOAD, _PIVOT, _PLOT), start=2)),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": f"shoal-{number}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})
