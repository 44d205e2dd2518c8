"""What an ingest through a model will cost, and what it did cost.

Extraction is nearly all of the money that Shoal spends, so it is estimated before and capped while it runs. An
estimate reads the input and sends nothing.
"""

import math
from dataclasses import dataclass

from agent.core.budget import Budget
from agent.core.run import RunContext
from agent.core.settings import Price, Settings
from agent.llm.client import ANSWER_TOKENS, BATCH_DISCOUNT, BYTES_A_TOKEN
from agent.roles.claude.extractor import PORTION, message_of
from index.core.errors import SettingsError
from index.core.facets import FacetSpec
from index.ingest.reading import excerpt
from index.sources import Skipped, Source
from prompts import Prompt, load

_LIVE_CALLS_A_SECOND = 2.5
"""Eight at a time, about three seconds each."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an ingest would take. `cost` None: the model's price is not in the settings. `seconds` None: a batch, which
    may take up to a day."""

    model: str
    conversations: int
    skipped: int
    read_in_part: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float | None


@dataclass(slots=True)
class Spending:
    """What the readers of an ingest spend, and how often the endpoint put them off."""

    budget: Budget
    waits: int = 0

    @property
    def run(self) -> RunContext:
        """What their calls are charged to."""
        return RunContext("ingest", "", self.budget, self._count)

    def _count(self, _: object) -> None:
        self.waits += 1


def estimate(source: Source, settings: Settings, own: tuple[FacetSpec, ...], *, batch: bool) -> Estimate:
    """Read the whole source and add up what extracting it with the configured model would take. Conversations that
    the index already holds are not subtracted."""
    conversations = skipped = cut = size = 0
    for read in source:
        if isinstance(read.item, Skipped):
            skipped += 1
            continue
        shown, was_cut = excerpt(read.item, PORTION)
        conversations += 1
        cut += was_cut
        size += len(message_of(shown, own).encode())
    system = len(load(Prompt.EXTRACTOR).system.encode())
    tokens_in = math.ceil((size + conversations * system) / BYTES_A_TOKEN)
    tokens_out = conversations * ANSWER_TOKENS
    price = settings.prices.get(settings.reader_model)
    return Estimate(
        settings.reader_model,
        conversations,
        skipped,
        cut,
        tokens_in,
        tokens_out,
        _cost(price, tokens_in, tokens_out, BATCH_DISCOUNT if batch else 1.0),
        None if batch else conversations / _LIVE_CALLS_A_SECOND,
    )


def _cost(price: Price | None, tokens_in: int, tokens_out: int, rate: float) -> float | None:
    return None if price is None else rate * (tokens_in * price.input + tokens_out * price.output) / 1e6


def spending(settings: Settings, max_cost: float | None) -> Spending:
    """A meter with a cap. Raises SettingsError when there is a cap and the model's price is not known."""
    if max_cost is not None and settings.reader_model not in settings.prices:
        raise SettingsError(
            f"A cap of {max_cost:g} US dollars needs the price of {settings.reader_model}.",
            f'Add it to settings.toml: [prices."{settings.reader_model}"] input = ..., output = ... (US dollars a million tokens).',
        )
    return Spending(Budget(math.inf, math.inf if max_cost is None else max_cost, settings.prices))
