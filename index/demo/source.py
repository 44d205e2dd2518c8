"""The demo corpus as an ingest source: generated in memory, so that no conversation of it is ever written."""

from collections.abc import Iterator
from dataclasses import dataclass

from index.demo.generate import as_record, conversations
from index.demo.model import LAUNCH_DAY, TOTAL
from index.sources.base import Read
from index.sources.shapes import SHAPES

LAUNCH = LAUNCH_DAY


@dataclass(frozen=True, slots=True)
class DemoSource:
    """Reads the generator through the documented JSONL shape. `total` and `Read.done` are conversations."""

    seed: int = 7
    name: str = "demo corpus"
    format: str = "Shoal JSONL, generated"
    total: int = TOTAL

    def __iter__(self) -> Iterator[Read]:
        convert = SHAPES[0].convert
        for done, conversation in enumerate(conversations(self.seed), start=1):
            yield Read(f"conversation {done}", done, convert(as_record(conversation)))
