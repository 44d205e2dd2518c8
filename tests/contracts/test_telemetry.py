"""R10: whatever the environment says, no dependency reports to anybody."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.fakes.corpus import small


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


_ASK = "from tui.cli import main; import sys; sys.argv = ['shoal', *sys.argv[1:]]; main()"
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
    shutil.copytree(small().home.root, own_home)
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
