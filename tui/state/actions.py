"""Every action of the desk once: its name, key, command, sentence, and when it works. Footer, palette, help, the prompt's
commands and the analyst's own keys all read this list, so that none of them can name what does not work now."""

from collections.abc import Callable
from dataclasses import dataclass

from tui.state.view import View


def _always(_: View) -> bool:
    return True


def _has_findings(view: View) -> bool:
    return bool(view.findings)


def _has_turns(view: View) -> bool:
    return bool(view.turns)


def _is_open(view: View) -> bool:
    return view.phase not in ("starting", "no index")


def _is_busy(view: View) -> bool:
    return view.is_busy


def _is_idle(view: View) -> bool:
    return not view.is_busy


@dataclass(frozen=True, slots=True)
class Action:
    """`id` names it in the keymap, `call` is Textual's action string, `label` (two words) is in the footer when
    `in_footer`, `says` in the palette and the help. `works` tells whether it does anything now. `key` is empty where it has
    none. `slash` is its command in the prompt; `takes` names what may follow there, and `needs` that something must. `opens`: a screen over the desk."""

    id: str
    key: str
    call: str
    label: str
    says: str
    works: Callable[[View], bool] = _always
    in_footer: bool = False
    priority: bool = False
    slash: str = ""
    takes: str = ""
    needs: bool = False
    opens: bool = False

    @property
    def shown_key(self) -> str:
        """Its key, else its command."""
        return self.key or f"/{self.slash}"


ACTIONS = (
    Action("stop", "escape", "step_back", "Stop/back", "Close what is on top; twice within three seconds: stop the run",
           _is_busy, in_footer=True),
    Action("help", "f1", "help", "Help", "What can be asked, what works now, and its keys", in_footer=True, slash="help", opens=True),
    Action("chat", "f2", "chat", "Chat", "Go to the chat and its prompt", in_footer=True),
    Action("findings", "f3", "findings", "Findings", "Go to the findings", in_footer=True),
    Action("ledger", "f4", "ledger", "Ledger", "Every release of this index, with sums; e exports it", _is_open,
           in_footer=True, slash="ledger", opens=True),
    Action("resume", "f5", "resume", "Resume", "Go on with a stopped or failed run; what is finished is not done again",
           lambda view: view.can_resume, slash="resume"),
    Action("settings", "f6", "settings", "Settings", "Every setting, what it does and where it comes from",
           priority=True, slash="settings", opens=True),
    Action("ingest", "f7", "ingest", "Add data", "Look into a file of conversations, then take it into an index",
           _is_idle, priority=True, slash="add", takes="PATH", opens=True),
    Action("newest", "ctrl+n", "newest", "Newer data", "Switch to the newer snapshot; the session goes on",
           lambda view: view.is_outdated and not view.is_busy, priority=True),
    Action("cases", "f8", "cases", "Cases", "Saved investigations: add the finding shown, note, ask again, see what changed",
           lambda view: view.phase not in ("starting",), priority=True, slash="cases", opens=True),
    Action("jump", "f9", "jump", "Jump", "A letter on every pane and tab that is seen: press it to go there", priority=True, opens=True),
    Action("history", "f10", "history", "History", "Find an earlier question of any session, and ask it again", priority=True,
           slash="history", takes="WORDS", opens=True),
    Action("new", "", "new_session", "New", "Begin a new session; this one is kept", _is_idle, slash="new"),
    Action("index", "", "index", "Index", "See all indexes, open another one, or make one", _is_idle, slash="index", takes="NAME", opens=True),
    Action("demo", "", "demo", "Demo", "Open the bundled demo; it is indexed the first time", _is_idle, slash="demo"),
    Action("model", "", "model", "Model", "See who answers, and change it: built-in rules or a model", _is_idle, slash="model",
           takes="built-in or model", opens=True),
    Action("themes", "", "themes", "Themes", "All themes with their sizes: search, open, rename", _is_open, slash="themes",
           takes="WORDS", opens=True),
    Action("open", "", "open_finding", "Open", "Open a finding by its handle", _has_findings, slash="open", takes="F3", needs=True),
    Action("edit", "", "edit_block", "Edit", "Put the last question into the prompt, to change it and ask again", _has_turns,
           slash="edit"),
    Action("find", "ctrl+f", "find", "Find", "Find words in the questions and answers of this session", _has_turns, priority=True,
           slash="find", takes="WORDS", opens=True),
    Action("log", "ctrl+l", "log", "Log", "What happened in this session, without questions, names or numbers", priority=True,
           slash="log", opens=True),
    Action("sessions", "ctrl+r", "sessions", "Sessions", "Find, resume, rename or delete a session", in_footer=True,
           slash="sessions", opens=True),
    Action("export", "ctrl+e", "export", "Export", "Save the session: Markdown, HTML, CSV, JSON, or a picture of the screen",
           _has_turns, in_footer=True, priority=True, slash="export", takes="FILE", opens=True),
    Action("details", "ctrl+g", "fold", "Details", "Open or close what is folded under the answer: findings, lead, method",
           _has_turns, priority=True, slash="details"),
    Action("fold_findings", "alt+f", "fold('findings')", "Findings", "Open or close the other findings of the answer", _has_turns,
           priority=True),
    Action("fold_lead", "alt+l", "fold('lead')", "Lead", "Open or close the lead of the answer", _has_turns, priority=True),
    Action("fold_method", "alt+m", "fold('method')", "Method", "Open or close method and limits of the answer", _has_turns,
           priority=True),
    Action("density", "ctrl+t", "denser", "Timeline", "Timeline: collapsed, normal, every call", _has_turns),
    Action("block_up", "alt+up", "block(-1)", "Block up", "Select the block above", _has_turns),
    Action("block_down", "alt+down", "block(1)", "Block down", "Select the block below", _has_turns),
    Action("copy_answer", "ctrl+y", "copy_answer", "Copy answer", "Copy the last answer, or the report of an error",
           _has_turns, priority=True, slash="copy"),
    Action("previous_finding", "alt+left", "beside(-1)", "Previous", "The finding before", _has_findings),
    Action("next_finding", "alt+right", "beside(1)", "Next", "The finding after", _has_findings),
    Action("ask_about_row", "ctrl+o", "ask_about", "Ask about", "Ask about the selected group", _has_findings),
    Action("page_up", "pageup", "scroll('up')", "Up", "Scroll the chat up", _has_turns, priority=True),
    Action("page_down", "pagedown", "scroll('down')", "Down", "Scroll the chat down", _has_turns, priority=True),
    Action("top", "ctrl+home", "scroll('home')", "Top", "To the beginning of the chat", _has_turns, priority=True),
    Action("bottom", "ctrl+end", "scroll('end')", "Newest", "To the newest line of the chat", _has_turns, priority=True),
    Action("copy", "ctrl+c", "copy_or_clear", "Copy", "Copy the selection; without one, empty the prompt", priority=True),
    Action("quit", "ctrl+q", "leave", "Quit", "Quit; asks first while a run is on", priority=True, slash="quit"),
)  # fmt: skip

OPENING = frozenset(action.call for action in ACTIONS if action.opens)
"""Calls of actions that open a screen: keys typed meanwhile are for that screen."""
BY_ID = {action.id: action for action in ACTIONS}


def working(view: View) -> list[Action]:
    """The actions that do something now."""
    return [action for action in ACTIONS if action.works(view)]
