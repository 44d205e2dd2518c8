"""What every reading worker needs, loaded and compiled once, in the server that workers are forked from.

Importing this module does the loading, because that is all that a fork server does (`index.ingest.reading`). It must
hold no text of a conversation: what it warms up on is its own.
"""

import gc
import os

# Workers multiply nothing, and the threads that numpy would start for it spin for a while, each on a core of its own.
os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _load() -> None:
    import index.ingest.reading  # noqa: F401
    from index.screening import mask

    mask("Load the patterns and the recognisers: 0.0.0.0")


# What is loaded lives as long as the workers do: looking through it for garbage would find none.
gc.disable()
_load()
gc.freeze()
gc.enable()
