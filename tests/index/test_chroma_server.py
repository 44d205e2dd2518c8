"""Vectors on a real Chroma server: written, published, erased; the server dies in the middle and comes back."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import chromadb
import numpy as np
import pytest

from agent.services import doctor
from agent.wiring import App
from index.core.errors import IndexFault, ShoalError
from index.core.home import Home
from index.core.records import Conversation
from index.handle import Index, open_writer, read_settings
from index.maintenance.erasure import forget
from index.maintenance.health import checks
from index.stores import vectors
from tests.fakes.corpus import FakeEncoder, publish_of, records, take

SOME = [record.conversation() for record in records()[:120]]


@dataclass
class Server:
    """A server process that can be killed and started again on the same folder."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [
            str(Path(sys.executable).with_name("chroma")),
            "run",
            "--path",
            str(self.folder),
            "--host",
            "127.0.0.1",
        ]
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "FALSE"}
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        for _ in range(200):
            try:
                chromadb.HttpClient("127.0.0.1", self.port).heartbeat()
            except Exception:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Server(tmp_path / "chroma", port)
    made.start()
    monkeypatch.setenv("SHOAL_CHROMA_URL", made.url)
    yield made
    made.kill()


async def test_an_index_on_a_server_holds_what_one_in_a_folder_does(
    server: Server, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_server = open_writer(home.index_path("there"), home)
    monkeypatch.delenv("SHOAL_CHROMA_URL")
    in_folder = open_writer(home.index_path("here"), home)
    for writer in (on_server, in_folder):
        await take(writer, SOME)
        assert (await publish_of(writer)).snapshot == 1
    assert read_settings(on_server.path).vectors.url == server.url, "the index knows its server without the variable"
    numbers = list(range(1, 121))
    there, here = (np.concatenate(list(writer.vectors.pages(numbers))) for writer in (on_server, in_folder))
    assert np.allclose(there, here, atol=1e-6)
    assert not list((on_server.path).rglob("chroma.sqlite3"))
    on_server.close()
    in_folder.close()


async def test_a_server_that_dies_in_the_middle_of_a_batch_is_waited_for(server: Server, home: Home) -> None:
    writer = open_writer(home.index_path("there"), home)
    await take(writer, SOME[:60])
    asked = writer.vectors._asked

    def dying(work: object) -> object:
        if server.process is not None and server.process.poll() is None:
            server.kill()
            server.start()
        return asked(work)  # type: ignore[arg-type]

    writer.vectors._asked = dying  # type: ignore[method-assign]
    await take(writer, SOME[60:])
    assert writer.vectors.count() == 120
    writer.close()


async def test_a_server_that_stays_away_says_so_and_the_next_run_goes_on(
    server: Server, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_WAITS_S", (0.05,))
    writer = open_writer(home.index_path("there"), home)
    await take(writer, SOME[:60])
    server.kill()
    with pytest.raises(IndexFault, match="does not answer") as raised:
        await take(writer, SOME[60:])
    assert "run the same command again" in raised.value.hint
    writer.facts.close()
    found = {check.what: check for check in checks(home.index_path("there"))}
    assert found["vectors"].state == "wrong"
    server.start()
    writer = open_writer(home.index_path("there"), home)
    await take(writer, SOME)
    assert writer.vectors.count() == writer.facts.totals()[0] == 120
    assert (await publish_of(writer)).snapshot == 1
    assert len(Index(writer.path, FakeEncoder()).near("merge dataframes")[0])
    writer.close()


async def test_forgetting_leaves_no_vector_of_the_account_on_the_server(server: Server, home: Home) -> None:
    writer = open_writer(home.index_path("there"), home)
    gone = Conversation(SOME[0].turns, "who goes", SOME[0].time)
    await take(writer, [*SOME[1:], gone])
    await publish_of(writer)
    writer.close()
    forget(home.index_path("there"), home, lambda *_: None, account="who goes")
    client = chromadb.HttpClient("127.0.0.1", server.port)
    (collection,) = client.list_collections()
    assert collection.name.startswith("shoal-")
    assert collection.count() == 119


def test_doctor_says_that_vectors_leave(server: Server, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App.start("team")
    open_writer(app.path, app.home).close()
    seen = {check.what: check.seen for check in doctor.checks(app)}
    assert server.url in seen["vectors leave"]
    assert not seen["leaves the machine"].startswith("nothing")


def test_a_wrong_address_says_what_to_write_and_leaves_no_index(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_WAITS_S", ())
    for url, said in (("chroma.example:8000", "no address"), ("http://127.0.0.1:9", "does not answer")):
        monkeypatch.setenv("SHOAL_CHROMA_URL", url)
        with pytest.raises(ShoalError, match=said):
            open_writer(home.index_path("there"), home)
        assert not home.index_path("there").exists()
