"""A session that a gate elsewhere answers: the terminal of `shoal --connect`.

It holds no index and no record: events come over HTTP and are kept here as any session's, so that lists, exports and cases
work as always. The gate keeps its own copy, by which it answers follow-ups; both bear the same id.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import regex

from agent.core.events import (
    ApprovalAsked,
    ClarificationAsked,
    Event,
    RunEnded,
    RunStarted,
    dump,
    load,
)
from agent.engine.resume import Waiting, waiting_for
from agent.storage.session_store import INTERRUPTED, SessionStore
from agent.storage.typed import typed
from index.core.errors import IndexFault, SettingsError, ShoalError
from tools.core.errors import LedgerFault
from tools.index_facts import IndexFacts
from tools.toolbox import IndexCard, LedgerReading

_READ_S = 660.0
"""Longest that the gate may be silent in the middle of a run."""
_TIMEOUT = httpx.Timeout(_READ_S, connect=10.0)
_LINE_BYTES, _RUN_BYTES = 8 * 1024 * 1024, 64 * 1024 * 1024
"""Most that one event, and all of a run, may take."""


@dataclass(frozen=True, slots=True)
class GateAddress:
    """Where a gate is, and the token that proves who asks."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, url: str, token: str | None) -> "GateAddress":
        """Raises SettingsError where the address or the token cannot be one."""
        parsed = httpx.URL(url)
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise SettingsError(
                f"{url} is not the address of a gate.", "Write it as https://HOST or http://127.0.0.1:8080."
            )
        if parsed.scheme == "http" and parsed.host not in ("127.0.0.1", "localhost", "::1"):
            raise SettingsError(f"{url} is not encrypted.", "Use https://: a token must not travel in clear.")
        if not token:
            raise SettingsError("A gate needs a token.", "Set SHOAL_TOKEN to the token that an admin gave you.")
        return cls(str(parsed).rstrip("/"), token)

    @property
    def name(self) -> str:
        return httpx.URL(self.url).host

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self._headers(), timeout=_TIMEOUT)

    def async_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=self._headers(), timeout=_TIMEOUT)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}

    def get(self, path: str) -> Any:
        """What the gate answers to a reading. Raises ShoalError."""
        return self._said("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        """What the gate answers to a change. Raises ShoalError."""
        return self._said("POST", path, body)

    def _said(self, method: str, path: str, body: object) -> Any:
        """The value of an answer, which has an end: not every gate is ours."""
        said, until = bytearray(), time.monotonic() + _READ_S
        try:
            with self.client() as client, client.stream(method, path, json=body) as response:
                for part in response.iter_raw():
                    said += part
                    if len(said) > _LINE_BYTES or time.monotonic() > until:
                        raise _foreign(self.url)
                return _answer(response.status_code, said)
        except httpx.HTTPError as error:
            raise _away(self.url) from error


class RemoteSession:
    """Ask a gate; read events. Close when done. `path` stands for the gate's index in this home."""

    def __init__(self, address: GateAddress, store: SessionStore, path: Path) -> None:
        self._address = address
        self._path = path
        self._known = address.get("/v1/card")
        self._client = address.async_client()
        self.store = store
        self.id = f"s-{secrets.token_hex(4)}"
        self.last_run: str | None = None
        self.waiting: Waiting = ""
        self.tasks: tuple[str, ...] = ()

    @property
    def card(self) -> IndexCard:
        known = self._known
        return IndexCard(
            self._path / str(known["path"]),
            int(known["snapshot"]),
            {name: date.fromisoformat(day) for name, day in known["landmarks"].items()},
            tuple(known["own_facets"]),
            str(known["policy"]),
            int(known["min_conversations"]),
            int(known["min_accounts"]),
            str(known["published"]),
        )

    @property
    def role_names(self) -> str:
        return str(self._known["roles"])

    async def ask(self, question: str) -> AsyncGenerator[Event, None]:
        """Ask one question; leaving the iterator stops the run there too."""
        question = await asyncio.to_thread(typed, question)
        async with aclosing(self._run("ask", {"question": question}, question)) as events:
            async for event in events:
                yield event

    async def decide(
        self, *, approved: bool, leave_out: Sequence[str] = (), said: str = ""
    ) -> AsyncGenerator[Event, None]:
        """Say what becomes of the plan that waits."""
        del said
        if self.waiting != "plan":
            raise SettingsError("No plan is waiting for approval.", "Ask a question.")
        body = {"approved": approved, "leave_out": list(leave_out)}
        async with aclosing(self._run("decide", body, "")) as events:
            async for event in events:
                yield event

    async def resume(self) -> AsyncGenerator[Event, None]:
        """Go on with the last run."""
        if self.last_run is None or self.waiting:
            return
        async with aclosing(self._run("resume", {}, "")) as events:
            async for event in events:
                yield event

    def reopen(self, session: str) -> None:
        """Take up a session where it was left; the gate has its own copy."""
        self.id = session
        runs = self.store.runs(session)
        self.last_run = runs[0].run if runs else None
        self.waiting = ""
        if runs and runs[0].state == "waiting":
            self.waiting, self.tasks = waiting_for(list(self.store.events(runs[0].run)))

    async def _run(self, what: str, body: object, question: str) -> AsyncGenerator[Event, None]:
        """Events as the gate sends them, each kept before it is shown."""
        run, asked, ended = "", self.waiting, False
        self.waiting = ""
        try:
            async with self._client.stream("POST", f"/v1/sessions/{self.id}/{what}", json=body) as response:
                if response.status_code != httpx.codes.OK:
                    _answer(response.status_code, b"".join([line async for line in _lines(response)]))
                    raise ValueError("no answer to a question")
                async for line in _lines(response):
                    event = load(json.loads(line))
                    if isinstance(event, RunStarted):
                        run = self._begun(event, question)
                    if not run:
                        raise ValueError("an event before a run")
                    self.store.add(run, dump(event))
                    asked = self._asked(event, asked)
                    ended = ended or isinstance(event, RunEnded)
                    yield event
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            known = _away(self._address.url) if isinstance(error, httpx.HTTPError) else _foreign(self._address.url)
            if not run:
                raise known from error
            lost = RunEnded(
                state="interrupted", elapsed_s=0.0, message=known.message, hint=known.hint, exit_code=known.exit_code
            )
            self.store.add(run, dump(lost))
            ended = True
            yield lost
        finally:
            if run and not ended:
                self.store.mark(run, INTERRUPTED)

    def _begun(self, event: RunStarted, question: str) -> str:
        """Take up a run. Raises ValueError where the gate gives it an id that is none, or another one's."""
        if not regex.fullmatch(r"r-[0-9a-f]{8}", event.run) or self.store.holds(event.run) != (
            event.run == self.last_run
        ):
            raise ValueError("not the id of this run")
        if event.resumed:
            self.store.begin(event.run)
        else:
            self.store.start(event.run, self.id, self._path, question or event.question)
        self.last_run = event.run
        return event.run

    def _asked(self, event: Event, asked: Waiting) -> Waiting:
        match event:
            case ApprovalAsked():
                self.tasks = tuple(task.id for task in event.tasks)
                return "plan"
            case ClarificationAsked():
                return "question"
            case RunEnded(state="waiting"):
                self.waiting = asked
        return asked

    async def facts(self) -> IndexFacts:
        """What the index holds, as it was released."""
        found = await asyncio.to_thread(self._address.get, "/v1/facts")
        days = {name: date.fromisoformat(found[name]) if found[name] else None for name in ("first_day", "last_day")}
        lists = {name: tuple(found[name]) for name in ("languages", "surfaces")}
        return IndexFacts(**{**found, **days, **lists})

    async def themes(self) -> dict[str, Any]:
        """All themes with their sizes, in the stored form of a finding."""
        found: dict[str, Any] = await asyncio.to_thread(self._address.get, "/v1/themes")
        return found

    def rename_theme(self, cluster: str, name: str) -> str:
        """Give a theme a name of the analyst's, for everybody; empty: take it back."""
        return str(self._address.post(f"/v1/themes/{cluster}", {"name": name})["name"])

    def read_ledger(self) -> LedgerReading:
        """This analyst's own entries; overseers read all of them at the gate."""
        return LedgerReading.of(self._address.get("/v1/ledger"))

    def warm(self) -> None:
        """The gate is warm."""

    async def close(self) -> None:
        await self._client.aclose()
        self.store.close()


async def _lines(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Lines of an answer. Raises ValueError where one, or all of them, are longer than any run's: not every gate is ours."""
    rest, total = b"", 0
    async for part in response.aiter_raw():
        total += len(part)
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > _LINE_BYTES or total > _RUN_BYTES:
            raise ValueError("more than a run says")
        for line in lines:
            if line.strip():
                yield line
    if rest.strip():
        yield rest


def _answer(status: int, said: bytes | bytearray) -> Any:
    """The value of an answer, or the error that it is."""
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        value = {}
    if httpx.codes.is_success(status):
        return value
    if status == httpx.codes.UNAUTHORIZED:
        raise SettingsError("The gate does not accept this token.", "Set SHOAL_TOKEN to a valid one, or ask an admin.")
    value = value if isinstance(value, dict) else {}
    message = str(value.get("error") or f"The gate answered with HTTP {status}.")
    fault = ShoalError(message, str(value.get("hint") or "Try again; if it stays so, tell whoever runs the gate."))
    kinds = {2: SettingsError, 3: IndexFault, 6: LedgerFault}
    code = value.get("exit_code")
    kind = kinds.get(code) if isinstance(code, int) else None
    raise kind(fault.message, fault.hint) if kind is not None else fault


def _away(url: str) -> IndexFault:
    return IndexFault(
        f"The gate at {url} cannot be reached.", "Check the address and the network; what was found is kept."
    )


def _foreign(url: str) -> IndexFault:
    return IndexFault(
        f"What answers at {url} does not speak as a gate does.", "Check the address, and that both are of one version."
    )
