"""Messages that wait to be sent, at rest (SQLite): none is lost while a sink is away, and none is sent twice.

Messages of a sink are gathered: after one delivery the next comes no earlier than `gather_minutes` later, with all that came
meanwhile. A failed delivery is tried again with growing pauses; after the last try its messages go to a dead-letter file, one
JSON object a line, and are named by `shoal watch list`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.alerts.sinks import Message, NotDelivered
from agent.core.settings import Sink
from index.core.database import opened
from index.core.files import written_whole
from index.core.home import private_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, sink TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, UNIQUE (sink, key));
CREATE TABLE IF NOT EXISTS deliveries (sink TEXT PRIMARY KEY, last TEXT NOT NULL, tries INTEGER NOT NULL, next TEXT NOT NULL);
"""
TRIES = 6
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)

Send = Callable[[Sink, Sequence[Message]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a sink's messages. `state`: sent, waits (gathered, or in quiet hours), failed (it is tried again), or dead."""

    sink: str
    state: str
    messages: int
    reason: str = ""


class Outbox:
    """Keeps messages until they are sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        path = self._folder / "outbox.sqlite3"
        self._connection = opened(path, "the messages that wait")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    @property
    def dead_letters(self) -> Path:
        """The file of what could not be delivered."""
        return self._folder / "dead-letters.jsonl"

    def put(self, sink: str, message: Message, now: datetime) -> bool:
        """Keep a message for a sink; whether it is new. The same changes of a watch on a snapshot are sent once."""
        key = json.dumps([message.watch, message.snapshot, message.changes])
        done = self._connection.execute(
            "INSERT OR IGNORE INTO messages (sink, key, at, body, state) VALUES (?, ?, ?, ?, 'waits')",
            [sink, key, _iso(now), json.dumps(message.as_dict(), ensure_ascii=False)],
        )
        return done.rowcount == 1

    def waiting(self, sink: str) -> list[tuple[int, Message]]:
        """Messages of a sink that are not sent, the oldest first."""
        rows = self._connection.execute(
            "SELECT id, body FROM messages WHERE sink = ? AND state = 'waits' ORDER BY id", [sink]
        ).fetchall()
        return [(identity, _message(body)) for identity, body in rows]

    def forget(self, watch: str) -> None:
        """Take the messages of a watch from the file and from the dead letters, sent or not."""
        self._connection.execute("DELETE FROM messages WHERE json_extract(body, '$.watch') = ?", [watch])
        self._connection.execute("VACUUM")
        if self.dead_letters.exists():
            lines = self.dead_letters.read_text("utf-8").splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line).get("watch") != watch]
            with written_whole(self.dead_letters) as partial:
                partial.write_text("".join(kept), "utf-8")

    def dead(self) -> int:
        """How many messages could not be delivered."""
        (count,) = self._connection.execute("SELECT count(*) FROM messages WHERE state = 'dead'").fetchone()
        return int(count)

    async def deliver(self, sinks: Mapping[str, Sink], send: Send, now: datetime) -> list[Delivery]:
        """Send what is due, sink by sink."""
        return [
            await self._delivered(name, sink, found, send, now)
            for name, sink in sinks.items()
            if (found := self.waiting(name))
        ]

    async def _delivered(
        self, name: str, sink: Sink, found: Sequence[tuple[int, Message]], send: Send, now: datetime
    ) -> Delivery:
        last, tries, due = self._state(name)
        if sink.is_quiet(now.astimezone().time()):
            return Delivery(name, "waits", len(found), "quiet hours")
        if now < due:
            return Delivery(name, "waits", len(found), "it is tried again later" if tries else "messages are gathered")
        sent = 0
        for part in [found] if sink.digest else [[one] for one in found]:
            try:
                await send(sink, [message for _, message in part])
            except NotDelivered as reason:
                return self._failed(name, found[sent:], tries + 1, str(reason), now, last)
            self._mark(part, "sent")
            sent += len(part)
        self._keep(name, now, 0, now + timedelta(minutes=sink.gather_minutes))
        return Delivery(name, "sent", len(found))

    def _failed(
        self, name: str, found: Sequence[tuple[int, Message]], tries: int, reason: str, now: datetime, last: datetime
    ) -> Delivery:
        if tries < TRIES:
            self._keep(name, last, tries, now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 4 ** (tries - 1)))
            return Delivery(name, "failed", len(found), reason)
        with self.dead_letters.open("a", encoding="utf-8") as file:
            self.dead_letters.chmod(0o600)
            for _, message in found:
                line = {"sink": name, "at": _iso(now), "reason": reason, **message.as_dict()}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._mark(found, "dead")
        self._keep(name, last, 0, now)
        return Delivery(name, "dead", len(found), reason)

    def _state(self, name: str) -> tuple[datetime, int, datetime]:
        row = self._connection.execute("SELECT last, tries, next FROM deliveries WHERE sink = ?", [name]).fetchone()
        never = datetime.min.replace(tzinfo=UTC)
        return (datetime.fromisoformat(row[0]), row[1], datetime.fromisoformat(row[2])) if row else (never, 0, never)

    def _keep(self, name: str, last: datetime, tries: int, due: datetime) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?)", [name, _iso(last), tries, _iso(due)]
        )

    def _mark(self, found: Sequence[tuple[int, Message]], state: str) -> None:
        self._connection.executemany("UPDATE messages SET state = ? WHERE id = ?", [(state, one) for one, _ in found])

    def close(self) -> None:
        self._connection.close()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _message(body: str) -> Message:
    held = json.loads(body)
    return Message(**{**held, "changes": tuple(held["changes"])})
