"""The forms that a session, a case or a finding can be written in. All are made of released findings and answers."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agent.exports.charts import chart
from agent.exports.navigator import as_layer
from agent.exports.notebook import as_notebook
from agent.exports.stix import as_stix
from agent.exports.tidy import as_csv, as_parquet
from agent.figures.plots import Tone, png, svg
from agent.storage.export import Document, to_html, to_json, to_markdown
from agent.storage.tables import findings_csv
from index.core.errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Form:
    """A form by its file's suffix. `write` gives its bytes; `is_text`: whether a terminal can show it."""

    suffix: str
    about: str
    write: Callable[[Document, Tone], bytes]
    is_text: bool = True

    def make(self, made: Document, tone: Tone = "light") -> bytes:
        """The document in this form; what is drawn is light or dark."""
        return self.write(made, tone)


def _findings(made: Document) -> list[dict[str, Any]]:
    return list({finding["digest"]: finding for part in made.parts for finding in part.findings}.values())


def _text(make: Callable[[Document], str]) -> Callable[[Document, Tone], bytes]:
    return lambda made, _: make(made).encode()


def _page(made: Document, tone: Tone) -> bytes:
    return to_html(made, lambda finding: chart_svg(finding, tone), is_dark=tone == "dark").encode()


def chart_svg(finding: dict[str, Any], tone: Tone = "light") -> str:
    """The chart of a finding as an SVG element; empty where there is none."""
    drawn = chart(finding, tone=tone)
    return svg(drawn) if drawn is not None else ""


def _charts(made: Document, tone: Tone) -> list[tuple[str, "Figure"]]:
    drawn = ((finding["id"], chart(finding, tone=tone)) for finding in _findings(made))
    return [(handle, figure) for handle, figure in drawn if figure is not None]


def _one(made: Document, tone: Tone, draw: Callable[["Figure"], bytes]) -> bytes:
    """The chart of the one finding. Raises SettingsError where there is none, or there are several."""
    drawn = _charts(made, tone)
    if not drawn:
        raise SettingsError(
            "There is nothing to draw: there is no finding, or every row of it is suppressed.", "Name another finding."
        )
    if len(drawn) > 1:
        handles = ", ".join(handle for handle, _ in drawn)
        raise SettingsError(
            f"There are several findings to draw: {handles}.", "Name one with --finding, or use charts."
        )
    return draw(drawn[0][1])


def _archive(made: Document, tone: Tone) -> bytes:
    """The charts of all findings, each as SVG and as PNG."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        seen: Counter[str] = Counter()
        for handle, figure in _charts(made, tone):
            seen[handle] += 1  # a case holds findings of several sessions, each with an F1
            name = handle if seen[handle] == 1 else f"{handle}-{seen[handle]}"
            archive.writestr(zipfile.ZipInfo(f"{name}.svg"), svg(figure))
            archive.writestr(zipfile.ZipInfo(f"{name}.png"), png(figure))
    return out.getvalue()


FORMS: Mapping[str, Form] = {
    "markdown": Form(".md", "what was typed, the answers, and the findings they cite", _text(to_markdown)),
    "html": Form(".html", "the same as one page with charts, without network, to print", _page),
    "json": Form(".json", "the same as values", _text(to_json)),
    "csv": Form(".csv", "the rows of all cited findings", _text(lambda made: findings_csv(_findings(made)))),
    "tidy": Form(".tidy.csv", "one value a row, in the columns of the Economic Index", _text(lambda made: as_csv(_findings(made)))),
    "parquet": Form(".parquet", "the same for pandas, Polars and DuckDB", lambda made, _: as_parquet(_findings(made)), is_text=False),
    "notebook": Form(".ipynb", "a notebook that holds and loads the rows", _text(as_notebook)),
    "stix": Form(".stix.json", "a STIX 2.1 bundle: leads, findings, techniques; TLP amber", _text(as_stix)),
    "attack": Form(".attack.json", "a layer for the ATT&CK Navigator", _text(as_layer)),
    "atlas": Form(".atlas.json", "a layer for the ATLAS Navigator", _text(lambda made: as_layer(made, "atlas"))),
    "charts": Form(".zip", "the charts of all findings, as SVG and PNG", _archive, is_text=False),
    "svg": Form(".svg", "the chart of one finding", lambda made, tone: _one(made, tone, lambda figure: svg(figure).encode())),
    "png": Form(".png", "the same as a picture", lambda made, tone: _one(made, tone, png), is_text=False),
}  # fmt: skip
"""By the name that --format takes."""


def form_of(name: str) -> Form:
    """Raises SettingsError for a name that is none."""
    if name not in FORMS:
        raise SettingsError(f"{name!r} is no format.", f"Formats: {', '.join(FORMS)}.")
    return FORMS[name]


def of_findings(made: Document, handles: list[str]) -> Document:
    """Only these findings of a document, without its answers; all of it where none is named. Raises SettingsError for a handle
    that it does not hold."""
    if not handles:
        return made
    held = {finding["id"]: finding for part in made.parts for finding in part.findings}
    unknown = [handle for handle in handles if handle not in held]
    if unknown:
        raise SettingsError(f"There is no finding {unknown[0]} here.", f"Findings: {', '.join(held) or 'none'}.")
    parts = tuple(replace(part, answer="", findings=kept) for part in made.parts
                  if (kept := tuple(finding for finding in part.findings if finding["id"] in handles)))  # fmt: skip
    return replace(made, parts=parts)
