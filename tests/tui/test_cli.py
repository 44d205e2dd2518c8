import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "langgraph", "anthropic", "chromadb", "duckdb", "sentence_transformers", "hdbscan", "textual")


def _shoal(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SHOAL_HOME": str(home)}
    command = [sys.executable, "-c", "from tui.cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


def test_the_command_line_loads_nothing_heavy() -> None:
    script = f"import sys, tui.cli.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_screen_paints_before_anything_heavy_loads() -> None:
    script = f"import sys, tui.screens.app; print([name for name in {HEAVY[:-1]!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_teaches(own_home: Path) -> None:
    found = _shoal(own_home, "--help")
    assert found.returncode == 0
    for word in ("ask", "ingest", "demo", "audit", "Exit"):
        assert word in found.stdout


def test_asking_without_an_index_says_how_to_make_one(own_home: Path) -> None:
    found = _shoal(own_home, "ask", "What is new?")
    assert found.returncode == 3
    assert "shoal ingest" in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("binary.bin", b"\x7fELF\x00\x00\x01", "binary"),
        ("utf16.json", '[{"a": 1}]'.encode("utf-16"), "UTF-16"),
        ("latin.jsonl", b'{"messages": "caf\xe9 and more text"}\n' * 3, "not UTF-8"),
        ("other.json", json.dumps([{"city": "x", "population": 3}]).encode(), "'city', 'population'"),
        ("broken.jsonl", b"{not json\n{also not\n", "not valid JSON"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    own_home: Path, tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = _shoal(own_home, "ingest", str(path))
    assert found.returncode == 3
    assert complaint in found.stderr
    assert "next:" in found.stderr
    assert not (own_home / "indexes").exists()


def test_a_folder_without_files_is_refused(own_home: Path, tmp_path: Path) -> None:
    found = _shoal(own_home, "ingest", str(tmp_path))
    assert found.returncode == 3
    assert "is a folder without files" in found.stderr


def test_a_wrong_setting_is_named(own_home: Path) -> None:
    own_home.mkdir(exist_ok=True)
    (own_home / "settings.toml").write_text("max_tool_calls = 'many'\n")
    found = _shoal(own_home, "ask", "What is new?")
    assert found.returncode == 2
    assert "max_tool_calls" in found.stderr
