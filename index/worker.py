"""What every reading worker needs, loaded and compiled once, in the server that workers are forked from.

Importing this module does the loading, because that is all a fork server can be told to do (`index.reading`). It must
hold no text of a conversation: what it warms up on is its own.
"""

import gc


def _load() -> None:
    from index.screening import mask

    mask("Load the patterns and the recognisers: 0.0.0.0")


gc.disable()
_load()
gc.freeze()
gc.enable()
"""What was loaded lives as long as the workers do: to look through it for garbage finds none, and would copy every page."""
