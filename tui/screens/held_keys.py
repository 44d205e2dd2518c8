"""Keys that are typed while a screen is being opened: they are for that screen, in the order in which they came.

A key that opens a screen is often followed by words before the screen is there. The library would give these to the screen
before, and lets go what is typed before there is any. Until the screen stands, they are held here.
"""

from collections.abc import Callable
from typing import Any

from textual import events
from textual.app import App
from textual.timer import Timer

_AT_MOST_S = 2.0
"""How long keys wait for a screen that was asked for."""


class HeldKeys(App[None]):
    """An app that holds keys: from its start, and from each key that opens a screen."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[events.Event] | None = []
        self._opener: events.Event | None = None
        self._patience: Timer | None = None

    def opens_screen(self, event: events.Key) -> bool:
        """Whether a key opens a screen over the desk."""
        del event
        return False

    async def on_event(self, event: events.Event) -> None:
        """Hold what is typed, or pass it on."""
        is_typed = isinstance(event, events.Key | events.Paste) and event is not self._opener
        if self._held is not None and is_typed:
            self._held.append(event)
            return
        if isinstance(event, events.Key) and is_typed and self.opens_screen(event):
            self._opener = event  # it comes here again, from the widget that had the focus
            self._held = []
            self._patience = self.set_timer(_AT_MOST_S, self.release_keys)
        await super().on_event(event)

    def push_screen(self, screen: Any, *arguments: Any, **more: Any) -> Any:
        """Open a screen; what was held is for it."""
        opened = super().push_screen(screen, *arguments, **more)
        release: Callable[[], None] = self.release_keys
        self.screen.call_after_refresh(release)
        return opened

    def release_keys(self) -> None:
        """Let what was held go to the screen that is shown now."""
        if self._patience is not None:
            self._patience.stop()
        held, self._held, self._patience = self._held or [], None, None
        for event in held:
            self.post_message(event)
