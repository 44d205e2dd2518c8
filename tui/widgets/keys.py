"""The line of keys at the foot of the desk.

Textual makes its footer anew whenever a binding may have changed: at every change of focus and of phase. A dozen small
widgets each time cost more than all else that is drawn then, so it must be done only when other keys are to be shown.
"""

from textual.screen import Screen
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer, made anew when the keys that it shows have changed."""

    _shown: tuple[object, ...] | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Called by the screen when a binding may have changed."""
        if not screen.app.app_focus or screen is not self.screen:
            return super().bindings_changed(screen)
        shown = tuple((item.binding, item.enabled) for item in screen.active_bindings.values() if item.binding.show)
        if shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)
        return None
