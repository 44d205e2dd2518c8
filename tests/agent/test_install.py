"""Setting up: the CPU build of PyTorch comes from an index that answers, and a silent one delays nothing."""

import importlib.util
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shoal_install", ROOT / "scripts" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


INSTALL = _loaded()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A stand-in for PyTorch's CPU index, with a wheel of a few bytes."""
    folder = tmp_path / "index" / "torch"
    folder.mkdir(parents=True)
    version = INSTALL.TORCH.partition("==")[2]
    name = f"torch-{version}+cpu-py3-none-any.whl"
    about = f"torch-{version}+cpu.dist-info"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr("torch/__init__.py", f'__version__ = "{version}+cpu"\n')
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}+cpu\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{name.replace("+", "%2B")}">{name}</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "index")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the registry's build is the CPU build")
def test_the_cpu_build_comes_from_the_cpu_index_without_asking(index: str, tmp_path: Path) -> None:
    INSTALL.install_torch("cpu", index, ["--target", str(tmp_path / "site")])
    assert "+cpu" in (tmp_path / "site" / "torch" / "__init__.py").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the registry's build is the CPU build")
def test_where_the_cpu_index_is_silent_pip_is_used_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(INSTALL, "run", called.append)
    monkeypatch.setattr(INSTALL, "needs_cuda", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts and never replies
        began = time.monotonic()
        INSTALL.install_torch("cpu", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 5
    assert [command[1:4] for command in called] == [["-m", "pip", "install"]]
    assert INSTALL.TORCH in called[0]


def test_the_cuda_build_is_only_installed_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(INSTALL, "run", called.append)
    INSTALL.install_torch("cuda", "http://127.0.0.1:1")
    assert [command[1:4] for command in called] == [["-m", "uv", "pip"]]
    assert "--no-deps" not in called[0]
    with pytest.raises(SystemExit, match="TORCH=rocm is not a build"):
        INSTALL.install_torch("rocm", "")


def test_the_lock_file_has_a_hash_for_every_file_and_leaves_pytorch_to_the_installer() -> None:
    entries = [entry for entry in INSTALL.LOCK.read_text("utf-8").split("\n") if entry[:1].isalpha()]
    assert len(entries) > 150
    assert not [entry for entry in entries if entry.startswith(("torch==", "nvidia-", "triton==", "cuda-"))]
    text = INSTALL.LOCK.read_text("utf-8")
    assert text.count("--hash=sha256:") > len(entries)
