"""The record shapes that are recognised, whichever container they came in: a test on the keys, and a converter."""

from collections.abc import Iterable, Mapping

from index.sources.shapes.api_logs import API_LOGS
from index.sources.shapes.base import BadRecord, Record, Shape
from index.sources.shapes.chatlogs import CHAT_LOGS, SHOAL
from index.sources.shapes.exports import EXPORTS
from index.sources.shapes.spans import SPANS
from index.sources.shapes.tracing_tools import TRACING_TOOLS

SHAPES = (SHOAL, *EXPORTS, SPANS, *TRACING_TOOLS, *API_LOGS, *CHAT_LOGS)

_BY_EVIDENCE = (*EXPORTS, SPANS, *TRACING_TOOLS, *API_LOGS, SHOAL, *CHAT_LOGS)
"""The order of recognition: what has telling keys comes before what many records could be."""


def recognise(records: Iterable[object]) -> Shape | None:
    """The first shape that any of the records has."""
    for record in records:
        if isinstance(record, Mapping):
            for shape in _BY_EVIDENCE:
                if shape.fits(record):
                    return shape
    return None


__all__ = ["SHAPES", "BadRecord", "Record", "Shape", "recognise"]
