"""The record shapes that are recognised, whichever container they came in: a test on the keys, and a converter."""

from collections.abc import Mapping, Sequence

from index.sources.shapes.api_logs import API_LOGS
from index.sources.shapes.apps import APPS
from index.sources.shapes.base import BadRecord, Record, Shape, decoded
from index.sources.shapes.chatlogs import CHAT_LOGS, SHOAL
from index.sources.shapes.exports import EXPORTS
from index.sources.shapes.inside import INSIDE, is_message
from index.sources.shapes.message_rows import MESSAGE_ROWS
from index.sources.shapes.spans import SPANS
from index.sources.shapes.tracing_tools import TRACING_TOOLS

SHAPES = (SHOAL, *EXPORTS, *APPS, SPANS, *TRACING_TOOLS, *API_LOGS, *MESSAGE_ROWS, *CHAT_LOGS, INSIDE)

_BY_EVIDENCE = (*APPS, *EXPORTS, SPANS, *TRACING_TOOLS, *API_LOGS, *MESSAGE_ROWS, SHOAL, *CHAT_LOGS)
"""The order of recognition: what has telling keys comes before what many records could be."""


def recognise(records: Sequence[object]) -> Shape | None:
    """The first shape that any of the records has and that some of them can be read in."""
    objects = [record for record in records if isinstance(record, Mapping)]
    fitting = [shape for shape in _BY_EVIDENCE if any(shape.fits(record) for record in objects)]
    return next((shape for shape in fitting if is_readable(shape, objects)), None)


def recognise_inside(records: Sequence[object]) -> Shape | None:
    """The last resort: a list of messages somewhere inside each record."""
    objects = [record for record in records if isinstance(record, Mapping)]
    if any(is_message(record) for record in objects):
        return None
    return INSIDE if is_readable(INSIDE, objects) else None


def is_readable(shape: Shape, records: Sequence[object]) -> bool:
    """Whether a conversation comes of one of the records."""
    for record in records:
        if not isinstance(record, Mapping) or not shape.fits(record):
            continue
        for part in shape.unfold(record) if shape.unfold else (record,):
            if isinstance(part, Mapping):
                try:
                    if shape.convert(decoded(part)).said_by("user"):
                        return True
                except (BadRecord, RecursionError):
                    continue
    return False


__all__ = ["SHAPES", "BadRecord", "Record", "Shape", "is_readable", "recognise", "recognise_inside"]
