"""The only door to a model: one call in, one reply out, every fault typed.

Only this module imports the anthropic SDK. It streams, reports waits that the SDK would sit out in silence, counts
tokens and money, and raises BudgetSpent before a call that cannot fit. It must never log or repeat a request's text.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from agent.core.budget import Patience, Usage
from agent.core.errors import (
    AuthRejected,
    BadRequest,
    ContextFull,
    Endless,
    Malformed,
    ModelFault,
    NetworkDown,
    Option,
    Overloaded,
    RateLimited,
    Refused,
    TooSlow,
    Truncated,
)
from agent.core.events import ModelWaiting, Notice, WaitCause
from agent.core.run import RunContext
from agent.llm.endpoint import Ask as Ask
from agent.llm.endpoint import Endpoint, named_options
from agent.llm.repetition import Repetition
from agent.llm.services import Credentials as Credentials
from agent.llm.services import client_for

if TYPE_CHECKING:
    from agent.llm.services import Client

MAX_RETRIES = 4
_CONNECT_TIMEOUT_S = 120.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0
_REJECTED = (400, 422)
"""Statuses by which endpoints say that they do not know an option."""


@dataclass(slots=True)
class _Call:
    """The call at hand: whose it is, and how many of its tries the endpoint put off."""

    run: RunContext
    attempt: int = 0


_CALL: ContextVar[_Call | None] = ContextVar("call", default=None)
"""Each task has its own: the SDK's middleware sees a request and not its caller."""


_SAY_AFTER_S = 15.0
_NOT_BEGUN = "The model is reading; it has not begun to answer."


@dataclass(slots=True)
class _Waiting:
    """How long the reply at hand is still waited for: a model that streams steadily may finish, one that stalls is cut."""

    patience: Patience
    told: asyncio.TimerHandle
    limit: asyncio.Timeout | None = None
    began: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)

    def came(self) -> None:
        """A piece of the reply is here."""
        self.told.cancel()
        self.last = time.monotonic()
        if self.limit is None or self.patience.to_go_on is None or self.patience.in_all is None:
            return
        left = min(self.patience.to_go_on, self.began + self.patience.in_all - self.last)
        self.limit.reschedule(asyncio.get_running_loop().time() + max(0.0, left))

    def seconds(self) -> float:
        """Since the last piece, or since the beginning."""
        return time.monotonic() - self.last


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `content` are plain dicts that can be sent back unchanged (thinking and signatures kept)."""

    content: list[dict[str, Any]] = field(repr=False)
    stop: str
    usage: Usage

    @property
    def text(self) -> str:
        return "".join(block["text"] for block in self.content if block["type"] == "text")

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        return [block for block in self.content if block["type"] == "tool_use"]


@dataclass(frozen=True, slots=True)
class BatchState:
    """Where a batch stands."""

    ended: bool
    answered: int
    asked: int


BATCH_DISCOUNT = 0.5
"""What a batched token costs against one asked live (Message Batches documentation)."""

OnDelta = Callable[[str], None]


class Model(Protocol):
    """What roles need of a model."""

    async def reply(self, ask: Ask, on_delta: OnDelta | None = None) -> Reply:
        """Raises a ModelFault. `on_delta` gets the text as it comes."""
        ...

    def ignores(self, option: Option) -> None:
        """Note that the endpoint did not heed an option, so that it is not relied on again."""
        ...


class MessagesClient:
    """The Messages API, of the hosted service or of any endpoint that speaks it. It outlives runs and knows none: what a
    run needs is `for_run`."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._sdk: Client | None = None
        self._making = threading.Lock()
        self.endpoint = Endpoint()

    def for_run(self, run: RunContext) -> "RunModel":
        """The model as one run calls it: its calls are charged to that run, and its waits are that run's events."""
        return RunModel(self, run)

    def ready(self) -> "Client":
        """The SDK's client, made once, when first needed (its import takes seconds). Called from several threads."""
        with self._making:
            if self._sdk is None:
                self._sdk = client_for(
                    self._credentials,
                    max_retries=MAX_RETRIES,
                    timeout=_CONNECT_TIMEOUT_S,
                    middleware=[_watch],
                    open_telemetry=False,
                )
            return self._sdk

    async def close(self) -> None:
        """Close the connections."""
        if self._sdk is not None:
            await self._sdk.close()


async def _watch(request: Any, call_next: Any) -> Any:
    """Say aloud that the SDK is about to wait and try again."""
    import anthropic

    try:
        response = await call_next(request)
    except anthropic.APIConnectionError:
        _waits("unavailable", None)
        raise
    if response.status_code in (408, 409, 429) or response.status_code >= 500:
        causes: dict[int, WaitCause] = {429: "rate_limited", 529: "overloaded"}
        asked = _seconds(response.headers.get("retry-after"))
        _waits(causes.get(response.status_code, "unavailable"), asked)
    return response


def _waits(cause: "WaitCause", asked_s: float | None) -> None:
    call = _CALL.get()
    if call is None:
        return
    call.attempt += 1
    if call.attempt > MAX_RETRIES:
        return
    # Where the endpoint names no time, the SDK waits half a second at first and twice as long each time.
    seconds = asked_s if asked_s is not None else min(_FIRST_WAIT_S * 2 ** (call.attempt - 1), _LONGEST_WAIT_S)
    call.run.emit(ModelWaiting(cause=cause, retry_after_s=seconds, attempt=call.attempt, attempts=MAX_RETRIES + 1))


class RunModel:
    """A model as one run calls it."""

    def __init__(self, client: MessagesClient, run: RunContext) -> None:
        self._client, self._run = client, run
        self._endpoint = client.endpoint
        self._reserved: dict[str, float] = {}

    def ignores(self, option: Option) -> None:
        """Note that an answer shows that the endpoint took an option and did not heed it."""
        self._tell(self._endpoint.switch_off(frozenset({option}), "ignores"))

    def _tell(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._run.emit(Notice(text=text))

    async def reply(self, ask: Ask, on_delta: OnDelta | None = None) -> Reply:
        while True:
            uses = self._endpoint.uses(ask)
            try:
                return await self._once(ask, on_delta)
            except BadRequest as fault:
                if not fault.options & uses:
                    raise
                self._tell(self._endpoint.switch_off(fault.options & uses, "does not take"))

    async def _once(self, ask: Ask, on_delta: OnDelta | None) -> Reply:
        budget = self._run.budget
        budget.require()
        client = await asyncio.to_thread(self._client.ready)
        _CALL.set(_Call(self._run))
        told = asyncio.get_running_loop().call_later(_SAY_AFTER_S, self._tell, [_NOT_BEGUN])
        waiting = _Waiting(budget.patience(), told)
        try:
            async with asyncio.timeout(waiting.patience.to_begin) as waiting.limit:
                message = await self._streamed(client, ask, on_delta, waiting.came)
        except TimeoutError:
            raise (NetworkDown() if waiting.patience.in_all is None else TooSlow(waiting.seconds())) from None
        finally:
            told.cancel()
        reply = _reply(message)
        budget.spend(ask.model, reply.usage)
        return _finished(reply)

    async def _streamed(self, client: "Client", ask: Ask, on_delta: OnDelta | None, came: Callable[[], object]) -> Any:
        with _typed_faults():
            async with client.messages.stream(**self._endpoint.body(ask)) as stream:
                wording = Repetition()
                read = 0
                try:
                    async with asyncio.timeout(None) as reading:
                        async for event in stream:
                            if event.type == "message_start":
                                read = event.message.usage.input_tokens
                            if event.type == "text" and on_delta is not None:
                                on_delta(event.text)
                            piece = _piece(event)
                            if piece:
                                came()
                            if wording.is_endless(piece):
                                # Ended from within, where it waits for more: left, the library's nested generators would
                                # be closed by the collector, in any order.
                                reading.reschedule(0)
                        return await stream.get_final_message()
                except (TimeoutError, asyncio.CancelledError):
                    # A reply that is closed tells no usage: what came is counted by its length.
                    self._run.budget.spend(ask.model, Usage(read, round(wording.chars / BYTES_A_TOKEN)))
                    if reading.expired():
                        raise Endless() from None
                    raise

    def expect_batch(self, batch: str, dollars: float) -> None:
        """Set aside what a batch sent earlier may cost."""
        self._run.budget.reserved += dollars
        self._reserved[batch] = dollars

    async def create_batch(self, asks: Sequence[tuple[str, Ask]]) -> tuple[str, float]:
        """Send many calls at once, each with a key; returns the batch's id and what it may cost, in US dollars. Raises a
        ModelFault, or BudgetSpent when that does not fit any more."""
        expected = self._run.budget.reserve(asks[0][1].model, _expected(asks), BATCH_DISCOUNT)
        client = await asyncio.to_thread(self._client.ready)
        with _typed_faults():
            batch = await client.messages.batches.create(
                requests=[{"custom_id": key, "params": self._endpoint.body(ask)} for key, ask in asks]  # type: ignore[typeddict-item]
            )
        self._reserved[batch.id] = expected
        return batch.id, expected

    async def batch_state(self, batch: str) -> BatchState:
        client = await asyncio.to_thread(self._client.ready)
        with _typed_faults():
            found = await client.messages.batches.retrieve(batch)
        counts = found.request_counts
        waiting = counts.processing
        asked = waiting + counts.succeeded + counts.errored + counts.canceled + counts.expired
        return BatchState(found.processing_status == "ended", asked - waiting, asked)

    async def batch_replies(self, batch: str, model: str) -> dict[str, Reply | str]:
        """Key to reply, or to a fixed word for why there is none (errored, canceled, expired)."""
        client = await asyncio.to_thread(self._client.ready)
        found: dict[str, Reply | str] = {}
        with _typed_faults():
            async for item in await client.messages.batches.results(batch):
                if item.result.type != "succeeded":
                    found[item.custom_id] = item.result.type
                    continue
                reply = _reply(item.result.message)
                found[item.custom_id] = reply
                self._run.budget.spend(model, reply.usage, BATCH_DISCOUNT)
        self._run.budget.reserved -= self._reserved.pop(batch, 0.0)
        return found


BYTES_A_TOKEN = 3.0
"""On the careful side: English text has about four bytes a token, other scripts about three (a letter or sign each)."""
ANSWER_TOKENS = 300
"""What an extraction's answer takes."""


def _expected(asks: Sequence[tuple[str, Ask]]) -> Usage:
    """About what calls will use, by the length of what they say."""
    wording = [text for _, ask in asks for text in (ask.system, *(str(message["content"]) for message in ask.messages))]
    return Usage(round(sum(len(text.encode()) for text in wording) / BYTES_A_TOKEN), ANSWER_TOKENS * len(asks))


def _piece(event: Any) -> str:
    """What an event of a stream adds to the reply: text, thought, or arguments of a tool."""
    match event.type:
        case "text":
            return str(event.text)
        case "thinking":
            return str(event.thinking)
        case "input_json":
            return str(event.partial_json)
        case _:
            return ""


def _reply(message: Any) -> Reply:
    usage = message.usage
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    spent = Usage(usage.input_tokens, usage.output_tokens, read, written)
    return Reply(message.to_dict()["content"], message.stop_reason or "end_turn", spent)


@contextmanager
def _typed_faults() -> Iterator[None]:
    import anthropic
    import httpx2

    try:
        yield
    except anthropic.APIError as error:
        raise _fault(error) from None
    except (httpx2.TransportError, json.JSONDecodeError):
        # A stream that breaks off in the middle reaches us as the transport's own error.
        raise NetworkDown() from None
    except ValueError:
        # The SDK could not read the arguments of a tool call; its message holds them.
        raise Malformed() from None


def _finished(reply: Reply) -> Reply:
    """Every stop reason there is. A refused or cut turn is never acted on."""
    match reply.stop:
        case "refusal":
            raise Refused()
        case "max_tokens":
            raise Truncated()
        case "model_context_window_exceeded":
            raise ContextFull()
        case _:
            return reply


def _fault(error: Any) -> ModelFault:
    """The SDK's exception as one of ours; its text stays behind."""
    import anthropic

    match error:
        case anthropic.RateLimitError():
            return RateLimited(_seconds(error.response.headers.get("retry-after")))
        case anthropic.OverloadedError() | anthropic.InternalServerError():
            return Overloaded()
        case anthropic.AuthenticationError() | anthropic.PermissionDeniedError():
            return AuthRejected()
        case anthropic.APIConnectionError():
            return NetworkDown()
        case anthropic.APIStatusError() if error.status_code == 413:
            return ContextFull()
        case anthropic.APIStatusError() if error.status_code in _REJECTED:
            return BadRequest(error.status_code, named_options(str(error.body)))
        case anthropic.APIStatusError():
            return BadRequest(error.status_code)
        case _:
            return NetworkDown()


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None
