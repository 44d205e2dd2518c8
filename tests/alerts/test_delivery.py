"""Messages of watches: what leaves, that none is lost or sent twice, and that a sink can tell who sent it."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.alerts.outbox import TRIES, Outbox
from agent.alerts.sinks import SENT_AT, SIGNATURE, Message, NotDelivered, send
from agent.core.settings import Sink

NOW = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
HOOK = Sink(kind="webhook", url="http://127.0.0.1:1/", gather_minutes=15)


def message(number: int = 1, severity: str = "notable") -> Message:
    return Message(
        f"w-{number}", severity, 3, (f"“Spam <{number}> & more”, count: 20 → 45",), f"shoal:session/s-{number}"
    )


class Listener:
    """A sink on this machine that answers with the statuses it was given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        waiting = list(statuses)
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.got.append((dict(self.headers), body))
                self.send_response(waiting.pop(0) if waiting else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path / "watches")
    yield made
    made.close()


async def test_a_webhook_gets_signed_json_with_what_was_released_and_no_more(listener: Listener) -> None:
    sink = Sink(kind="webhook", url=listener.url, secret_env="HOOK_KEY")
    await send(sink, [message(1), message(2)], {"HOOK_KEY": "a key"})
    ((headers, body),) = listener.got
    held = json.loads(body)
    assert [set(one) for one in held["messages"]] == [{"watch", "severity", "snapshot", "changes", "link"}] * 2
    expected = hmac.new(b"a key", f"{headers[SENT_AT]}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={expected}"
    with pytest.raises(NotDelivered, match="HOOK_KEY is not set"):
        await send(sink, [message()], {})


async def test_slack_gets_text_whose_names_are_no_markup(listener: Listener) -> None:
    await send(Sink(kind="slack", url=listener.url), [message()], {})
    text = json.loads(listener.got[0][1])["text"]
    assert "“Spam &lt;1&gt; &amp; more”, count: 20 → 45" in text
    assert "shoal:session/s-1" in text


async def test_mail_is_a_plain_message_to_those_who_are_named() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        data = b""
        while line := await reader.readline():
            if data or line.upper() == b"DATA\r\n":
                if line.upper() == b"DATA\r\n" and not data:
                    writer.write(b"354 go on\r\n")
                    data = b" "
                elif line == b".\r\n":
                    got.append(data[1:])
                    data = b""
                    writer.write(b"250 taken\r\n")
                else:
                    data += line
                continue
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sink = Sink(kind="email", host="127.0.0.1", port=port, starttls=False, sender="shoal@h.example", to=["a@h.example"])
    await send(sink, [message()], {})
    server.close()
    await server.wait_closed()
    mail = message_from_bytes(got[0])
    assert (mail["From"], mail["To"]) == ("shoal@h.example", "a@h.example")
    assert "count: 20" in mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    with pytest.raises(NotDelivered, match="did not take it"):
        await send(sink, [message()], {})


async def test_a_sink_that_fails_is_tried_again_and_nothing_is_lost_or_sent_twice(outbox: Outbox) -> None:
    failing = Listener(500, 503)
    sinks = {"team": Sink(kind="webhook", url=failing.url)}
    assert outbox.put("team", message(1), NOW)
    assert not outbox.put("team", message(1), NOW)
    (first,) = await outbox.deliver(sinks, send, NOW)
    assert (first.state, first.reason) == ("failed", "it answered with status 500")
    (early,) = await outbox.deliver(sinks, send, NOW + timedelta(seconds=30))
    assert early.state == "waits"
    outbox.put("team", message(2), NOW)
    (second,) = await outbox.deliver(sinks, send, NOW + timedelta(minutes=2))
    assert second.state == "failed"
    (third,) = await outbox.deliver(sinks, send, NOW + timedelta(minutes=10))
    assert (third.state, third.messages) == ("sent", 2)
    assert [one["watch"] for one in json.loads(failing.got[-1][1])["messages"]] == ["w-1", "w-2"]
    assert await outbox.deliver(sinks, send, NOW + timedelta(hours=9)) == []
    assert not outbox.put("team", message(1), NOW)
    failing.close()


async def test_after_the_last_try_messages_lie_in_a_file_and_are_counted(outbox: Outbox) -> None:
    async def never(sink: Sink, messages: Sequence[Message]) -> None:
        raise NotDelivered("it cannot be reached")

    outbox.put("team", message(), NOW)
    moment, states = NOW, []
    for _ in range(TRIES):
        (seen,) = await outbox.deliver({"team": HOOK}, never, moment)
        states.append(seen.state)
        moment += timedelta(hours=2)
    assert states == ["failed"] * (TRIES - 1) + ["dead"]
    (line,) = [json.loads(line) for line in outbox.dead_letters.read_text("utf-8").splitlines()]
    assert (line["sink"], line["watch"], line["reason"]) == ("team", "w-1", "it cannot be reached")
    assert outbox.dead() == 1
    assert outbox.dead_letters.stat().st_mode & 0o077 == 0
    assert outbox.waiting("team") == []


async def test_messages_are_gathered_wait_out_quiet_hours_and_go_one_by_one_where_asked(outbox: Outbox) -> None:
    sent: list[int] = []

    async def took(sink: Sink, messages: Sequence[Message]) -> None:
        sent.append(len(messages))

    outbox.put("team", message(1), NOW)
    await outbox.deliver({"team": HOOK}, took, NOW)
    outbox.put("team", message(2), NOW)
    (soon,) = await outbox.deliver({"team": HOOK}, took, NOW + timedelta(minutes=5))
    assert (soon.state, soon.reason) == ("waits", "messages are gathered")
    outbox.put("team", message(3), NOW)
    quiet = HOOK.with_values(quiet="00:00-23:59")
    (later,) = await outbox.deliver({"team": quiet}, took, NOW + timedelta(minutes=20))
    assert later.reason == "quiet hours"
    await outbox.deliver({"team": HOOK.with_values(digest=False)}, took, NOW + timedelta(minutes=20))
    assert sent == [1, 1, 1]


@settings(max_examples=25, deadline=None)
@given(
    fails=st.lists(st.booleans(), min_size=1, max_size=12),
    batches=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    digest=st.booleans(),
)
def test_whatever_fails_every_message_is_sent_once_or_dead(
    tmp_path_factory: pytest.TempPathFactory, fails: list[bool], batches: list[int], digest: bool
) -> None:
    box = Outbox(tmp_path_factory.mktemp("box"))
    sent: list[str] = []
    outcomes = iter([*fails, *[False] * 50])

    async def perhaps(sink: Sink, messages: Sequence[Message]) -> None:
        if next(outcomes):
            raise NotDelivered("no")
        sent.extend(one.watch for one in messages)

    moment, put = NOW, 0
    for count in [*batches, *[0] * 10]:
        for _ in range(count):
            put += 1
            box.put("team", message(put), moment)
        asyncio.run(box.deliver({"team": HOOK.with_values(digest=digest)}, perhaps, moment))
        moment += timedelta(hours=2)
    assert len(sent) == len(set(sent))
    assert len(sent) + box.dead() == put
    box.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "webhook"},
        {"kind": "webhook", "url": "file:///etc/passwd"},
        {"kind": "email", "host": "h"},
        {"kind": "slack", "url": "https://h", "quiet": "night"},
        {"kind": "slack", "url": "https://h", "quiet": "25:00-07:00"},
        {"kind": "pager", "url": "https://h"},
    ],
)
def test_a_sink_that_cannot_work_is_refused_when_settings_are_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sink(**wrong)


def test_quiet_hours_may_go_over_midnight() -> None:
    night = Sink(kind="slack", url="https://h", quiet="22:00-07:00")
    assert [night.is_quiet(datetime(2026, 1, 1, hour).time()) for hour in (21, 22, 3, 7)] == [False, True, True, False]
