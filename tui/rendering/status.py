"""The two lines that are always there: the status bar and the privacy line. Pure: view in, `Content` out."""

from rich.cells import cell_len
from textual.content import Content

from index.core.untrusted import safe
from tui.state.view import View
from tui.text.glyphs import Glyphs
from tui.text.untrusted import fit, many

CAUSES = {"rate_limited": "rate limited", "overloaded": "service busy", "unavailable": "offline"}


def elapsed(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{max(0, int(seconds)) // 60}:{max(0, int(seconds)) % 60:02d}"


def money(cost: float | None) -> str:
    return "price unknown" if cost is None else f"${cost:.2f}"


def tokens(count: int) -> str:
    return f"{count / 1000:.1f}k tok" if count >= 1000 else f"{count} tok"


def state(view: View, now_s: float, glyphs: Glyphs) -> str:
    """The state in words with its sign. `now_s`: seconds since the run began."""
    turn = view.turn
    match view.phase:
        case "waiting" if view.wait is not None:
            left = "" if view.wait.until_s is None else f" {max(0.0, view.wait.until_s - now_s):.0f}s"
            tries = f" ({view.wait.attempt}/{view.wait.attempts})"
            return f"{glyphs.waiting} {CAUSES[view.wait.cause]}{left}{tries}"
        case "planning" | "running" | "waiting":
            return f"{glyphs.running} {view.phase} {elapsed(now_s)}"
        case "failed" if turn is not None:
            kinds = {1: "error", 2: "settings", 3: "index", 4: "model", 5: "budget spent", 6: "privacy check"}
            sign = glyphs.stopped if turn.exit_code == 5 else glyphs.fault
            return f"{sign} stopped: {kinds.get(turn.exit_code, 'error')}"
        case "partial" | "done" if turn is not None and turn.failed_tasks:
            return f"{glyphs.running} done · {turn.failed_tasks} worker{'s' * (turn.failed_tasks > 1)} failed"
        case "ready" if view.is_keyless:
            return f"{glyphs.empty} ready · no key"
        case _:
            signs = {
                "starting": glyphs.starting,
                "no index": glyphs.empty,
                "stopping": glyphs.stopping,
                "stopped": glyphs.stopped,
                "failed": glyphs.fault,
            }
            old = " · index stale" if view.phase == "ready" and is_stale(view) else ""
            return f"{signs.get(view.phase, glyphs.running)} {view.phase}{old}"


STALE_DAYS = 14


def is_stale(view: View) -> bool:
    """Whether the newest snapshot is old enough to say so."""
    return view.age_days > STALE_DAYS


def status(view: View, now_s: float, note: str, width: int, glyphs: Glyphs) -> Content:
    """State and agents always; then a note, usage, roles and index as far as the width allows, dropped right to left."""
    parts = [state(view, now_s, glyphs)]
    rows = view.turn.tasks if view.turn else ()
    if view.is_busy and rows:
        parts.append(f"agents {sum(row.state == 'running' for row in rows)}/{len(rows)}")
    if note:  # what was just said matters more than what is always said, and is cut rather than dropped
        room = width - cell_len(_line(parts, glyphs)) - 3
        parts.append(fit(note, max(12, min(room, cell_len(safe(note))))))
    more = []
    used = view.usage
    if used.tokens:
        more.append(f"{tokens(used.tokens)} {money(used.cost)}")
    if view.roles:
        more.append(view.roles)
    if view.index:
        age = "" if view.age_days < 1 else f" · {view.age_days} d old"
        newer = f", {view.newest} is out" if view.is_outdated else ""
        number = f" · snapshot {view.snapshot}{newer}" if view.snapshot else ""
        more.append(f"index {view.index}{number}{age}")
    for part in more:
        if cell_len(_line([*parts, part], glyphs)) > width:
            break
        parts.append(part)
    return Content(_line(parts, glyphs))


def _line(parts: list[str], glyphs: Glyphs) -> str:
    return " " + safe(f" {glyphs.bar} ".join(parts))


def privacy(view: View, width: int) -> Content:
    """What is hidden in the newest answer, in words; then, where there is room, what is never shown."""
    parts = [hidden(view)]
    if cell_len(parts[0]) >= width:
        parts = [parts[0].replace(" in this answer", "")]
    if view.smallest:
        parts += [f"shown from {view.smallest} on"] if view.turn else []
        parts.append("f4 lists every release")
    line = f" {parts[0]}"
    for part in parts[1:]:
        longer = f"{line} · {part}"
        if cell_len(longer) > width:
            break
        line = longer
    return Content(fit(line, min(width, cell_len(safe(line)))))


def hidden(view: View) -> str:
    """What is hidden in the newest answer: in the findings that it cites, or, before there is an answer, in those so far."""
    turn = view.turn
    if turn is None:
        return f"Groups under {view.smallest} stay hidden" if view.smallest else "Small groups stay hidden"
    cited = [view.findings[handle] for handle in turn.cited or turn.handles if handle in view.findings]
    place = "in this answer" if turn.ended or turn.is_final else "so far"
    groups = sum(int(finding["suppressed"]["groups"]) for finding in cited)
    numbers = sum(int(finding["suppressed"]["cells"]) for finding in cited)
    share = max((float(finding["suppressed"]["share"]) for finding in cited), default=0.0)
    parts = [many(groups, "group")] if groups else []
    if share:
        most = "up to " if len(cited) > 1 else ""
        parts.append(f"{most}{share:g} % of conversations")
    parts += [many(numbers, "number")] if numbers else []
    refused = sum(bool(call.refusal) for row in turn.tasks for call in row.calls)
    parts += [f"{many(refused, 'refused call')}"] if refused else []
    if not cited and not refused:
        return "No finding yet" if not turn.ended else "Nothing was released for this answer"
    return f"Hidden {place}: {', '.join(parts)}" if parts else f"Nothing is hidden {place}"
