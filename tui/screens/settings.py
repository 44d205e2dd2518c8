"""Every setting with its value, where it comes from and what it does. The sentences are those of the settings themselves,
so that the two cannot drift apart. What changes an answer is changed in its file, and the screen says in which line; how the
screen looks and which keys it has is changed here and kept."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from index.core.untrusted import safe
from tui.screens.panels import Panel
from tui.state import preferences
from tui.state.actions import BY_ID
from tui.state.preferences import Preferences

if TYPE_CHECKING:
    from agent.core.settings import Settings

_SECRET = ("api_key", "auth_token", "base_url")


def lines(settings: "Settings") -> list[tuple[str, str, str]]:
    """Name, value and sentence of each setting. A key is never shown, only whether there is one."""
    found = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        text = ("set" if value else "not set") if name in _SECRET else repr(value)
        found.append((name, text, " ".join((field.description or "").split())))
    return found


class SettingsScreen(Panel[None]):
    """All settings, the policy in force, and how this screen may look."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "theme", "Next theme", id="settings_theme"),
        Binding("s", "signs", "Signs", id="settings_signs"),
        Binding("n", "motion", "Motion", id="settings_motion"),
        Binding("k", "key", "Own key", id="settings_key"),
    ]

    class Preferred(Message):
        """The analyst wants the screen so from now on."""

        def __init__(self, wishes: Preferences) -> None:
            super().__init__()
            self.wishes = wishes

    def __init__(
        self, settings: "Settings", home: Path, policy: str, wishes: Preferences, themes: Sequence[str]
    ) -> None:
        super().__init__()
        self._wishes = wishes
        self._themes = sorted(themes)
        self._settings = settings
        self._home = home
        self._policy = policy

    def compose(self) -> ComposeResult:
        file = self._home / "settings.toml"
        state = "read at start" if file.exists() else "not there yet: these are the defaults"
        with Vertical(classes="panel"):
            yield Static(f"Settings · {safe(str(file))} ({state})", classes="title", markup=False)
            yield Static("", id="wishes", markup=False)
            yield Input(placeholder="action and key, such as: ledger f9 (enter keeps it, esc leaves it)", id="own-key")
            with VerticalScroll():
                yield Static(self._text(), markup=False)
            yield Static("What follows is changed in the file, and read at start · esc closes", classes="hint")

    def _text(self) -> Content:
        parts: list[Content] = []
        for name, value, sentence in lines(self._settings):
            parts += [Content.assemble((name, "bold"), f" = {safe(value)}"), Content.styled(f"  {sentence}", "$quiet")]
        if self._policy:
            parts += [
                Content(""),
                Content.styled("Privacy policy in force", "bold"),
                Content(f"  {safe(self._policy)}"),
            ]
        place = safe(str(self._home / preferences.FILE))
        parts += [Content(""), Content.styled(f"The screen's own file: {place}", "bold"), Content(preferences.EXAMPLE)]
        return Content("\n").join(parts)

    def on_mount(self) -> None:
        self._leave_writing()
        self._say("")

    def _say(self, note: str) -> None:
        wishes = self._wishes
        own = ", ".join(f"{action} {key}" for action, key in sorted(wishes.keys.items())) or "none"
        now = (
            f"t theme: {wishes.theme} · s signs: {'letters only' if wishes.signs == 'ascii' else 'as the terminal draws'}"
            f" · n motion: {'on' if wishes.motion else 'off'} · k own keys: {own}"
        )
        self.query_one("#wishes", Static).update(safe(f"{now}\n{note}" if note else now))

    def _prefer(self, wishes: Preferences, note: str = "kept") -> None:
        self._wishes = wishes
        self.post_message(self.Preferred(wishes))
        self._say(note)

    def action_theme(self) -> None:
        """The theme after this one, at once."""
        place = self._themes.index(self._wishes.theme) if self._wishes.theme in self._themes else -1
        self._prefer(self._wishes.with_values(theme=self._themes[(place + 1) % len(self._themes)]))

    def action_signs(self) -> None:
        self._prefer(
            self._wishes.with_values(signs="auto" if self._wishes.signs == "ascii" else "ascii"),
            "kept; seen from the next start on",
        )

    def action_motion(self) -> None:
        self._prefer(self._wishes.with_values(motion=not self._wishes.motion))

    def action_key(self) -> None:
        field = self.query_one(Input)
        field.display, field.value = True, ""
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An action's id and a key; a key without one is refused in words."""
        action, _, key = event.value.strip().partition(" ")
        if action not in BY_ID:
            self._say(f"there is no action {action!r}; there are: {', '.join(BY_ID)}")
            return
        if not _KEY.fullmatch(key.strip()):
            self._say(f"{key.strip()!r} is no key; write f9, ctrl+k, alt+x")
            return
        self._leave_writing()
        self._prefer(self._wishes.with_values(keys={**self._wishes.keys, action: key.strip()}))

    def _leave_writing(self) -> None:
        self.query_one(Input).display = False
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        if self.query_one(Input).display:
            self._leave_writing()
        else:
            self.dismiss(None)


_KEY = re.compile(r"(?:(?:ctrl|alt|shift)\+)*(?:[a-z0-9]|f[1-9]|f1[0-2]|[a-z_]{2,20})")
