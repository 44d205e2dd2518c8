"""Every action of the desk once: its name, key, sentence, and when it works. Footer, palette, help and the analyst's own
keys all read this list, so that none of them can name what does not work now."""

from collections.abc import Callable
from dataclasses import dataclass

from tui.state.view import View


def _always(_: View) -> bool:
    return True


def _has_findings(view: View) -> bool:
    return bool(view.findings)


def _has_turns(view: View) -> bool:
    return bool(view.turns)


@dataclass(frozen=True, slots=True)
class Action:
    """`id` names it in the keymap, `call` is Textual's action string, `label` (two words) is in the footer when
    `in_footer`, `says` in the palette and the help. `works` tells whether it does anything now."""

    id: str
    key: str
    call: str
    label: str
    says: str
    works: Callable[[View], bool] = _always
    in_footer: bool = False
    priority: bool = False


ACTIONS = (
    Action("stop", "escape", "step_back", "Stop/back", "Close what is on top; twice within three seconds: stop the run",
           lambda view: view.is_busy, in_footer=True),
    Action("help", "f1", "help", "Help", "What works now, and its keys", in_footer=True),
    Action("chat", "f2", "chat", "Chat", "Go to the chat and its prompt", in_footer=True),
    Action("findings", "f3", "findings", "Findings", "Go to the findings", in_footer=True),
    Action("ledger", "f4", "ledger", "Ledger", "Every release of this index, with sums; e exports it",
           lambda view: view.phase not in ("starting", "no index"), in_footer=True),
    Action("resume", "f5", "resume", "Resume", "Go on with a stopped or failed run; what is finished is not done again",
           lambda view: view.can_resume),
    Action("settings", "f6", "settings", "Settings", "Every setting, what it does and where it comes from",
           priority=True),
    Action("ingest", "f7", "ingest", "Add data", "Look into a file of conversations, then take it into the index",
           priority=True),
    Action("newest", "ctrl+n", "newest", "Newer data", "Switch to the newer snapshot; the session goes on",
           lambda view: view.is_outdated and not view.is_busy, priority=True),
    Action("cases", "f8", "cases", "Cases", "Saved investigations: add the finding shown, note, ask again, see what changed",
           lambda view: view.phase not in ("starting",), priority=True),
    Action("jump", "f9", "jump", "Jump", "A letter on every pane and tab that is seen: press it to go there", priority=True),
    Action("find", "ctrl+f", "find", "Find", "Find words in the questions and answers of this session", _has_turns, priority=True),
    Action("log", "ctrl+l", "log", "Log", "What happened in this session, without questions, names or numbers", priority=True),
    Action("sessions", "ctrl+r", "sessions", "Sessions", "Find, resume, rename or delete a session", in_footer=True),
    Action("export", "ctrl+e", "export", "Export", "Save the session as Markdown, JSON events, CSV or a picture", _has_turns,
           in_footer=True, priority=True),
    Action("density", "ctrl+t", "denser", "Timeline", "Timeline: collapsed, normal, every call", _has_turns),
    Action("block_up", "alt+up", "block(-1)", "Block up", "Select the block above", _has_turns),
    Action("block_down", "alt+down", "block(1)", "Block down", "Select the block below", _has_turns),
    Action("copy_answer", "ctrl+y", "copy_answer", "Copy answer", "Copy the last answer, or the report of an error",
           _has_turns, priority=True),
    Action("previous_finding", "alt+left", "beside(-1)", "Previous", "The finding before", _has_findings),
    Action("next_finding", "alt+right", "beside(1)", "Next", "The finding after", _has_findings),
    Action("ask_about_row", "ctrl+o", "ask_about", "Ask about", "Ask about the selected group", _has_findings),
    Action("page_up", "pageup", "scroll('up')", "Up", "Scroll the chat up", _has_turns, priority=True),
    Action("page_down", "pagedown", "scroll('down')", "Down", "Scroll the chat down", _has_turns, priority=True),
    Action("top", "ctrl+home", "scroll('home')", "Top", "To the beginning of the chat", _has_turns, priority=True),
    Action("bottom", "ctrl+end", "scroll('end')", "Newest", "To the newest line of the chat", _has_turns, priority=True),
    Action("copy", "ctrl+c", "copy_or_clear", "Copy", "Copy the selection; without one, empty the prompt", priority=True),
    Action("quit", "ctrl+q", "leave", "Quit", "Quit; asks first while a run is on", priority=True),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def working(view: View) -> list[Action]:
    """The actions that do something now."""
    return [action for action in ACTIONS if action.works(view)]
