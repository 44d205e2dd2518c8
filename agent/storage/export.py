"""Sessions and cases as files: Markdown, JSON, HTML, CSV, all from one value.

Names of groups and answers of models are untrusted text: here they are written so that they stay text, whatever they
hold. Nothing is read but what was released.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import regex

from agent.storage.links import Link
from agent.storage.session_store import Exchange, SessionStore
from index.core.untrusted import safe_json, safe_values
from tools.core.finding import MOST_INSIDE, bound_sign, outlined

MADE_BY = "Aggregates released by Shoal. Small groups are suppressed and counts are rounded; see each finding."


@dataclass(frozen=True, slots=True)
class Part:
    """A question with its answer, or a note with neither. `answer` is Markdown; `findings` are as released."""

    title: str
    about: str = ""
    answer: str = ""
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    leads: tuple[dict[str, Any], ...] = ()
    """Lead cards, in their JSON-safe form."""


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    about: str
    parts: tuple[Part, ...]


def document(store: SessionStore, session: str, run: str | None = None) -> Document:
    """A session, or one run of it, as a document: what was typed and what came of it, each time."""
    (stored,) = [item for item in store.sessions() if item.id == session]
    chosen = [exchange for exchange in store.exchanges(session) if run in (None, exchange.run)]
    about = f"Session {session} ({Link('session', session)}) on index {stored.index}, {stored.began[:10]}"
    return Document(stored.title, about, tuple(map(_part, chosen)))


def findings_document(store: SessionStore, session: str) -> Document:
    """Every finding that a session released, also those that no answer cites."""
    whole = document(store, session)
    released = tuple({item.finding["id"]: item.finding for item in store.released(session)}.values())
    return Document(whole.title, whole.about, (Part("Findings", findings=released),))


def themes_document(finding: dict[str, Any]) -> Document:
    """The whole taxonomy, as the gate released it."""
    about = f"{finding['scope']}, {finding['period']}"
    return Document("Themes", about, (Part("Themes", findings=(finding,)),))


def _part(exchange: Exchange) -> Part:
    events = exchange.events
    started = next((event for event in events if event["type"] == "run_started"), None)
    answers = [event for event in events if event["type"] == "answer_made"]
    released = {
        event["finding"]["id"]: event["finding"]
        for event in events
        if event["type"] == "tool_ended" and event["finding"] is not None
    }
    asked = [event for event in events if event["type"] in ("clarification_asked", "approval_asked")]
    cited = answers[-1]["cited"] if answers else released
    about = f"{started['roles']} · snapshot {started['snapshot']} · {started['policy']}" if started else ""
    ended = [event["message"] for event in events if event["type"] == "run_ended" and event["message"]]
    return Part(
        exchange.typed,
        f"{about} · {exchange.state}",
        answers[-1]["text"] if answers else asked_back(asked[-1]) if asked else "",
        tuple(answers[-1]["removed"]) if answers else (),
        tuple(ended[-1:]) if not answers else (),
        tuple(released[handle] for handle in cited if handle in released),
        tuple((answers[-1].get("parts") or {}).get("leads", ())) if answers else (),
    )


def asked_back(event: dict[str, Any]) -> str:
    """What was asked of the analyst: a question with what it offers, or why a plan waits."""
    if event["type"] == "approval_asked":
        return " ".join(event["reasons"])
    return "\n".join([event["question"], "", *(f"- {text}" for text in event["suggestions"])]).strip()


def to_json(made: Document) -> str:
    """The document as values, ending with a newline."""
    return safe_json(asdict(made), indent=2) + "\n"


def _cleaned(made: Document) -> Document:
    """Without characters that steer a terminal, whoever wrote them."""
    parts = tuple(Part(**safe_values(asdict(part))) for part in made.parts)
    return Document(safe_values(made.title), safe_values(made.about), parts)


_SPECIAL = regex.compile(r"([\\`*_{}\[\]<>#|~!&])")
_QUOTED = regex.compile(r"“[^”]*”")
_URL = regex.compile(r"(?<=\w):(?=//)|(?<=www)\.")


def plain_markdown(text: str) -> str:
    """Untrusted text as Markdown that shows it and does nothing else."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    line = _URL.sub(lambda match: f"\\{match.group(0)}", line)
    return regex.sub(r"^([-+]|\d+[.)])(?=\s)", lambda match: f"{match.group(0)[:-1]}\\{match.group(0)[-1]}", line)


def _answer_markdown(text: str) -> str:
    """An answer: its own headings, lists and emphasis stay; names within quotes, links and tags become plain text."""
    reported = _QUOTED.sub(lambda match: plain_markdown(match.group(0)), text)
    reported = reported.replace("<", "&lt;")
    reported = regex.sub(r"(?<!\\)!?\[(?!F\d)", r"\\[", reported)
    return _URL.sub(lambda match: f"\\{match.group(0)}", reported)


def to_markdown(made: Document, most_rows: int | None = None) -> str:
    """The document in Markdown; with `most_rows`, tables end after so many rows and say how many are left."""
    made = _cleaned(made)
    lines = [f"# {plain_markdown(made.title)}", "", plain_markdown(made.about), ""]
    for part in made.parts:
        lines += [f"## {plain_markdown(part.title)}", ""]
        lines += [f"{plain_markdown(part.about)}", ""] if part.about else []
        lines += [_answer_markdown(part.answer), ""] if part.answer else []
        lines += [f"- {plain_markdown(note)}" for note in part.notes]
        lines += [f"- Removed, not supported by its findings: {plain_markdown(sentence)}" for sentence in part.removed]
        for finding in part.findings:
            lines += ["", *_finding_markdown(finding, most_rows)]
        lines.append("")
    return "\n".join([*lines, f"*{MADE_BY}*", ""])


def _finding_markdown(finding: dict[str, Any], most_rows: int | None) -> Iterable[str]:
    yield f"### {finding['id']} · {plain_markdown(finding['title'])}"
    yield ""
    yield f"{plain_markdown(finding['scope'])} · {plain_markdown(finding['period'])} · snapshot {finding['snapshot']}"
    yield ""
    head, rows = table_of(finding, None if most_rows is None else MOST_INSIDE)
    yield f"| {' | '.join(plain_markdown(name) for name in head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows[:most_rows]:
        yield f"| {' | '.join(plain_markdown(cell) for cell in row)} |"
    yield ""
    if most_rows is not None and len(finding["rows"]) > len(rows[:most_rows]):
        yield f"{len(finding['rows']) - len(rows[:most_rows])} more rows."
        yield ""
    yield plain_markdown(suppressed_of(finding))


def table_of(finding: dict[str, Any], most_inside: int | None = None) -> tuple[list[str], list[list[str]]]:
    """A finding as a head and rows of text, one column for each count and each statistic. `most_inside`: rows of a group
    that stand under it."""
    measures = list(dict.fromkeys(item["name"] for row in finding["rows"] for item in row.get("measures", ())))
    head = ["group", *finding["columns"], *measures]
    rows = []
    for row in outlined(finding["rows"], most_inside):
        named = {item["name"]: item for item in row.get("measures", ())}
        label = f"– {row['label']}" if row.get("parent") else row["label"]
        cells = [_count(value) for value in row["values"]]
        rows.append([label, *cells, *(_measure(named.get(name)) for name in measures)])
    return head, rows


def _count(value: dict[str, Any]) -> str:
    if value["count"] is None:
        return "suppressed"
    return f"{value['count']:,}" + ("" if value["share"] is None else f" ({value['share']} %)")


def _measure(item: dict[str, Any] | None) -> str:
    if item is None:
        return ""
    reported = [f"{bound_sign(item)}{item['value']}"] if "value" in item else []
    reported += [f"({item['low']} to {item['high']})"] if "low" in item and "high" in item else []
    return " ".join([*reported, item.get("verdict", "")]).strip()


def suppressed_of(finding: dict[str, Any]) -> str:
    """What a finding does not show, and how it was made."""
    suppressed = finding["suppressed"]
    reported = [
        f"Total {' / '.join(f'{total:,}' for total in finding['totals'])}",
        f"suppressed: {suppressed['groups']} groups ({suppressed['share']} %), {suppressed['cells']} cells",
    ]
    if finding["outside"] is not None:
        reported.append(f"unclustered: {finding['outside']} %")
    return "; ".join([*reported, *finding["notes"], finding["method"]]) + "."


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0}td,th{border-bottom:1px solid #ccc;padding:.2rem .6rem;text-align:right}"
    "td:first-child,th:first-child{text-align:left}.small{color:#555;font-size:.9rem}svg{max-width:100%;height:auto}"
    ".lead{font-size:1.1rem}details{margin:.5rem 0}"
    "@media print{body{max-width:none;margin:0}h2,h3{break-after:avoid}table,svg{break-inside:avoid}}"
)


_DARK = (
    "@media screen{html{background:#1b1d21;color:#e6e6e6}td,th{border-color:#4a4d52}.small{color:#b5b8bd}}"
    "@media print{svg{filter:invert(1) hue-rotate(180deg)}}"
)


def to_html(made: Document, drawn: Callable[[dict[str, Any]], str] = lambda _: "", *, is_dark: bool = False) -> str:
    """One page without script, link or anything that is loaded; whatever is not ours is escaped. `drawn` gives the chart of a
    finding as an SVG element, or nothing."""
    made = _cleaned(made)
    body = [f"<h1>{escape(made.title)}</h1>", f'<p class="small">{escape(made.about)}</p>']
    for part in made.parts:
        body += [f"<h2>{escape(part.title)}</h2>", f'<p class="small">{escape(part.about)}</p>']
        body += _answer_html(part.answer)
        body += [f"<p>{escape(note)}</p>" for note in part.notes]
        body += [
            f"<p><s>{escape(sentence)}</s> (removed: not supported by its findings)</p>" for sentence in part.removed
        ]
        for finding in part.findings:
            body += [*_finding_html(finding), drawn(finding)]
    body.append(f'<p class="small">{escape(MADE_BY)}</p>')
    return page(made.title, body, is_dark=is_dark)


def page(title: str, body: Iterable[str], *, is_dark: bool = False) -> str:
    """One HTML page that loads nothing. `body`: HTML in which whatever is not ours is escaped."""
    style = _STYLE + _DARK if is_dark else _STYLE
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{style}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _answer_html(text: str) -> Iterable[str]:
    """Headings, lists and paragraphs of an answer; everything within a line is text."""
    text = _QUOTED.sub(lambda match: " ".join(match.group(0).split()), text)
    for block in text.split("\n\n"):
        for is_item, lines in _runs(block.strip().splitlines()):
            if is_item:
                yield "<ul>" + "".join(f"<li>{_inline(line.lstrip()[2:])}</li>" for line in lines) + "</ul>"
            elif heading := regex.fullmatch(r"(#{1,4})\s+(.*)", lines[0]) if len(lines) == 1 else None:
                yield f"<h3>{_inline(heading.group(2))}</h3>"
            else:
                yield f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"


def _runs(lines: Sequence[str]) -> Iterable[tuple[bool, list[str]]]:
    """Lines in runs: list items together, each heading alone, the rest together."""
    kept: list[str] = []
    kind = ""
    for line in lines:
        now = "item" if line.lstrip().startswith(("- ", "* ")) else "heading" if line.startswith("#") else "text"
        if kept and (now != kind or now == "heading"):
            yield kind == "item", kept
            kept = []
        kept.append(line)
        kind = now
    if kept:
        yield kind == "item", kept


def _inline(line: str) -> str:
    """Emphasis outside of quoted names; the rest as it is."""
    parts, at = [], 0
    for quoted in _QUOTED.finditer(line):
        parts += [_emphasis(line[at : quoted.start()]), escape(quoted.group(0))]
        at = quoted.end()
    return "".join([*parts, _emphasis(line[at:])])


def _emphasis(text: str) -> str:
    reported = regex.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", escape(text))
    return regex.sub(r"(?<!\*)\*([^*]+)\*(?!\*)", r"<em>\1</em>", reported)


def _finding_html(finding: dict[str, Any]) -> Iterable[str]:
    head, rows = table_of(finding)
    yield f"<h3>{escape(finding['id'])} · {escape(finding['title'])}</h3>"
    yield f'<p class="small">{escape(finding["scope"])} · {escape(finding["period"])} · snapshot {finding["snapshot"]}</p>'
    yield "<table><thead><tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody></table>"
    yield f'<p class="small">{escape(suppressed_of(finding))}</p>'
