"""R10: nothing reaches for a network, and whatever the environment says, no dependency reports to anybody."""

import ast
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.wiring import prepare_process
from tests.contracts.conftest import sources
from tests.fakes.corpus import small
from tests.fakes.homes import copied

ROOT = Path(__file__).parents[2]


@contextmanager
def _listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port of the loopback that notes the beginning of whatever connects."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.settimeout(1)
                with connection, suppress(OSError):
                    seen.append(connection.recv(200))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _tracing(port: int) -> dict[str, str]:
    """Every variable by which a dependency could be told to report, pointing at the listener."""
    url = f"http://127.0.0.1:{port}"
    on = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_OTEL_ENABLED",
          "ANONYMIZED_TELEMETRY", "CHROMA_OTEL_ENABLED")  # fmt: skip
    endpoints = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "HF_ENDPOINT",
                 "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "CHROMA_OTEL_COLLECTION_ENDPOINT", "POSTHOG_HOST",
                 "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")  # fmt: skip
    return {
        **dict.fromkeys(on, "true"),
        **dict.fromkeys(endpoints, url),
        "LANGSMITH_API_KEY": "key",
        "LANGCHAIN_API_KEY": "key",
        "LANGSMITH_PROJECT": "p",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "POSTHOG_API_KEY": "key",
        "HF_HUB_DISABLE_TELEMETRY": "0",
        "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content",
    }


_ASK = "from tui.cli.app import main; import sys; sys.argv = ['shoal', *sys.argv[1:]]; main()"


_TRACED = """
import os
os.environ["LANGSMITH_TRACING_V2"] = "true"
from langsmith import traceable
@traceable
def work(): return 1
work()
from langsmith.run_trees import get_cached_client
get_cached_client().flush()
"""


def _run(code: str, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )


def test_r10_a_question_reports_to_nobody_whatever_tracing_variables_say(own_home: Path) -> None:
    copied(small().home.root, own_home)
    (own_home / "settings.toml").write_text('index = "small"\nencoder = "fake"\n')
    with _listener() as (port, seen):
        done = _run(_ASK, {**os.environ, **_tracing(port)}, "ask", "Which languages are used most?")
    assert done.returncode == 0, done.stderr
    assert "[F1]" in done.stdout
    assert seen == []


def test_r10_the_listener_would_have_seen_a_report() -> None:
    with _listener() as (port, seen):
        _run(_TRACED, {**os.environ, **_tracing(port)})
    assert seen != []


_WATCHED = """
import sys
reached = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"):
        reached.append((event, arguments[1:] if event == "socket.connect" else arguments[:1]))
sys.addaudithook(watch)
from agent.wiring import prepare_process
prepare_process()
from pathlib import Path
from tests.fakes import corpus
from index.handle import Index
from index.core.records import Conversation, Turn
text = "write to jane@example.com or user@mail.co.uk, see https://news.example.org/a?b=1, case {}"
said = [Conversation((Turn("user", text.format(n)),), f"a{n}", corpus.FIRST_DAY) for n in range(30)]
root = Path(sys.argv[1])
built = corpus.build(root, said)
assert built.report.taken == 30
index = Index(built.path, corpus.FakeEncoder())
index.near("mail")
import asyncio
from tools.registry import call
asyncio.run(call("count_by", {"by": "language"}, corpus.context(index, root / "ledger" / "x.sqlite3")))
sys.exit("reached: " + repr(reached) if reached else 0)
"""
_ENGINE = """
import os, sys
def watch(event, arguments):
    if event in ("socket.getaddrinfo", "urllib.Request"):
        os.write(2, b"reached ")  # by a child process too
sys.addaudithook(watch)
{load}
from openvino import Model, opset13
engine.compile_model(Model([opset13.constant(0.0)], []), "CPU")
"""


def test_r10_ingest_publish_and_questions_reach_for_no_network_and_no_name_server(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TLDEXTRACT_CACHE": str(tmp_path / "no cache yet")}
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(tmp_path / "home")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


def _engine(home: Path, load: str) -> str:
    """What is reached by a process, in a new home and outside of what counts as continuous integration, that loads
    what embeds."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH")}
    done = subprocess.run(
        [sys.executable, "-c", _ENGINE.format(load=load)],
        cwd=ROOT,
        env={**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stderr


def test_r10_the_engine_that_embeds_reports_to_nobody_and_keeps_no_number_of_the_user(tmp_path: Path) -> None:
    assert "reached" not in _engine(tmp_path, "from index.embedding.encoder import openvino; engine = openvino()")
    assert list(tmp_path.iterdir()) == []


def test_r10_the_engine_is_imported_in_one_place() -> None:
    importing = {
        str(path)
        for path, tree in sources("index", "tools", "agent", "tui")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.split(".")[0] == "openvino"
    }
    assert importing == {"index/embedding/encoder.py"}


def test_r10_left_alone_the_engine_would_report(tmp_path: Path) -> None:
    assert "reached" in _engine(tmp_path, "import openvino as engine")
    assert list(tmp_path.iterdir()) != []


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("LANGSMITH_TRACING", "false"),
        ("LANGSMITH_TRACING_V2", "false"),
        ("LANGCHAIN_TRACING", "false"),
        ("LANGCHAIN_TRACING_V2", "false"),
        ("ANONYMIZED_TELEMETRY", "False"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("DO_NOT_TRACK", "1"),
    ],
)
def test_r10_telemetry_is_off_even_where_the_shell_had_switched_it_on(
    monkeypatch: pytest.MonkeyPatch, name: str, off: str
) -> None:
    monkeypatch.setenv(name, "something else")
    prepare_process()
    assert os.environ[name] == off


def test_r10_the_vector_store_is_opened_with_telemetry_off() -> None:
    text = (ROOT / "index" / "stores" / "vectors.py").read_text("utf-8")
    assert "anonymized_telemetry=False" in text
    clients = {
        str(path)
        for path, tree in sources("index", "tools", "agent", "tui")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("PersistentClient", "HttpClient", "CloudClient")
    }
    assert clients == {"index/stores/vectors.py"}
    assert text.count("Client(") == text.count("anonymized_telemetry=False")
