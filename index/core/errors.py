"""The root of every error Shoal shows a person, and the two that data at rest can raise.

An error here says what happened, where, and what to do next. It must never carry conversation or summary text:
messages reach terminals, logs and crash reports.
"""


class ShoalError(Exception):
    """Something a person should act on. `hint` is the next step, `exit_code` the command line's."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(ShoalError):
    """A setting, key or argument is missing or wrong."""

    exit_code = 2


class IndexFault(ShoalError):
    """The index is missing, stale, corrupt, locked, or the input cannot be read."""

    exit_code = 3
