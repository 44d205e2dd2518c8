"""The agents' work under a question, and what stands under its answer. Pure: view in, `Content` out.

One quiet line an agent; only a failed one opens by itself, with its cause in words.
"""

import textwrap

from textual.content import Content
from textual.style import Style

from index.core.untrusted import safe
from tui.rendering.status import elapsed, money, tokens
from tui.state.view import UNFINISHED, Call, Density, TaskRow, Turn
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit

_QUIET = "$quiet"
_BOLD = Style(bold=True)
_NAME = 9
_TONES = {"failed": "$bad", "stopped": "$warn", "stopping": "$warn", "done": "$good", "running": "$mark"}


def timeline(turn: Turn, now_s: float, width: int, density: Density, glyphs: Glyphs) -> Content:
    """Plan, assumptions and one row an agent. `now_s`: seconds since the run began, for rows that still run."""
    if not turn.tasks:
        return Content("")
    is_folded = density == "collapsed" or (density == "normal" and turn.ended in ("done", "partial"))
    density = "collapsed" if is_folded else density
    head = _head(turn, density, glyphs)
    if is_folded:
        failed = [_line(row, now_s, width, glyphs) for row in turn.tasks if row.state == "failed"]
        return Content("\n").join([head, *failed])
    lines = [head]
    for row in turn.tasks:
        lines.append(_line(row, now_s, width, glyphs))
        if density == "detailed":
            lines += [_call(call, width, glyphs) for call in row.calls]
        if row.failure:
            lines += _cause(row.failure, width)
    if turn.audit:
        lines.append(Content.assemble("  ", (glyphs.done, "$good"), f" {fit('auditor', _NAME)} {safe(turn.audit)}"))
    return Content("\n").join(lines)


def _head(turn: Turn, density: Density, glyphs: Glyphs) -> Content:
    sign = glyphs.shut if density == "collapsed" else glyphs.open
    count = len(turn.tasks)
    text = f"{sign} plan · {count} task{'s' * (count != 1)}"
    if density == "collapsed":
        calls = sum(len(row.calls) for row in turn.tasks)
        text += f" · {calls} call{'s' * (calls != 1)}"
        text += f" · {turn.elapsed_s:.1f}s" if turn.ended else ""
    assumed = f" · assumes: {'; '.join(turn.assumptions)}" if turn.assumptions and density != "collapsed" else ""
    return Content.assemble((text, _BOLD), (safe(assumed), _QUIET))


def _line(row: TaskRow, now_s: float, width: int, glyphs: Glyphs) -> Content:
    """Sign, specialist, what it does or was to do; on the right its findings, calls and seconds."""
    name, _, objective = row.label.partition(": ")
    signs = {"planned": glyphs.planned, "running": glyphs.running, "waiting": glyphs.waiting, "done": glyphs.done,
             "failed": glyphs.failed, "stopped": glyphs.stopped, "stopping": glyphs.stopping}  # fmt: skip
    doing = row.calls[-1].text if row.calls and row.state in ("running", "stopping") else objective
    tail = _tail(row, now_s, width)
    room = max(8, width - _NAME - 6 - len(tail))
    return Content.assemble(
        "  ",
        (signs[row.state], _TONES.get(row.state, "")),
        f" {fit(name, _NAME)} {fit(doing, room)} ",
        (tail, _QUIET),
    )


def _tail(row: TaskRow, now_s: float, width: int) -> str:
    parts = []
    if row.findings and width >= 60:
        shown = row.findings[-3:]
        parts.append(("+" if len(row.findings) > len(shown) else "") + " ".join(shown))
    if row.calls:
        parts.append(f"{len(row.calls)} call{'s' * (len(row.calls) > 1)}")
    if row.elapsed_s is not None:
        parts.append(f"{row.elapsed_s:.1f}s")
    elif row.began_s is not None and row.state in UNFINISHED:
        parts.append(elapsed(now_s - row.began_s))
    return "  ".join(parts).rjust(22 if width >= 60 else 0)


def _call(call: Call, width: int, glyphs: Glyphs) -> Content:
    if call.refusal:
        outcome = f"refused: {call.refusal}"
    elif call.finding:
        outcome = f"{glyphs.arrow} {call.finding} {call.elapsed_s or 0:.1f}s"
    else:
        outcome = glyphs.ellipsis
    return Content.styled(fit(f"      {call.text} {outcome}", width), _QUIET)


def _cause(failure: str, width: int) -> list[Content]:
    """The cause of a failure in words, whole, however long."""
    return [Content.styled(f"      {line}", "$bad") for line in textwrap.wrap(safe(failure), max(20, width - 6))]


def closing(turn: Turn, width: int, glyphs: Glyphs) -> Content:
    """What stands under an answer: removed sentences, notices, how the run ended and what can be done, next questions."""
    lines = [Content.styled(f"removed, not supported by its findings: {safe(text)}", _QUIET) for text in turn.removed]
    lines += [Content.styled(safe(text), _QUIET) for text in turn.notices]
    lines += _ending(turn, glyphs)
    lines += [_suggested(place, text, width) for place, text in enumerate(turn.suggestions, start=1)]
    if turn.ended in ("done", "partial"):
        lines.append(Content.styled(usage(turn), _QUIET))
    return Content("\n").join(lines)


def _suggested(place: int, text: str, width: int) -> Content:
    """A next question with the number that asks it; further lines stand under its first word."""
    wrapped = textwrap.wrap(safe(text), max(20, width - 6)) or [""]
    return Content.assemble("  ", (str(place), "$mark bold"), " " + "\n    ".join(wrapped))


def _ending(turn: Turn, glyphs: Glyphs) -> list[Content]:
    lines = []
    if turn.ended and turn.is_all_suppressed:
        text = f"All {turn.suppressed} groups are below the privacy threshold. Widen the scope or the period."
        lines.append(Content.styled(text, "$warn"))
    if turn.ended in ("done", "partial") and turn.failed_tasks:
        names = ", ".join(row.label.partition(": ")[0] for row in turn.tasks if row.state == "failed")
        lines.append(Content.styled(f"Partial: {safe(names)} did not finish. f5 tries it again.", "$warn"))
    if turn.message:
        lines.append(Content.styled(safe(turn.message), "$bad bold" if turn.ended == "failed" else "bold"))
    if turn.hint:
        lines.append(Content.assemble(f"  {glyphs.arrow} ", safe(turn.hint)))
    if turn.ended == "failed":
        lines.append(Content.styled(f"  {_exits(turn.exit_code)}", _QUIET))
    return lines


def _exits(code: int) -> str:
    """The keys that help after a fault, by whose turn it is (the error's exit code)."""
    return {
        2: "f5 tries again · f6 settings",
        4: "f5 tries again, what is finished is kept · f6 settings",
        5: "f6 says how to raise the budget · f5 goes on",
        6: "ctrl+y copies a report without data",
    }.get(code, "ctrl+y copies a report without data · f5 tries again")


def usage(turn: Turn) -> str:
    """The line a turn freezes into."""
    calls = sum(len(row.calls) for row in turn.tasks)
    parts = [f"{turn.ended} in {turn.elapsed_s:.1f} s", f"{calls} call{'s' * (calls != 1)}"]
    if turn.usage.calls:
        parts += [tokens(turn.usage.tokens), money(turn.usage.cost)]
    return " · ".join(parts)
