"""Fills the virtual environment that runs it from the lock file: `make setup` calls this.

    python scripts/install.py          # PyTorch's CPU build where it can be had
    TORCH=cuda python scripts/install.py    # PyPI's build of PyTorch, on Linux with 3 GB of CUDA libraries
    python scripts/install.py --lock   # write requirements.lock anew from pyproject.toml, keeping its versions

Packages come from the package registry with their hashes checked, by uv, which is installed first. PyTorch is apart:
its CPU build has other files than the registry's. It comes from PyTorch's own index where that answers within a second,
else from what pip is configured to use. Plain pip works too: CONTRIBUTING.md has the three commands.
"""

import os
import platform
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
UV = "uv==0.13.9"
TORCH = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ANSWERS_WITHIN_S = 1.0
LOCKED_EXTRAS = ("dev", "browser", "ner")
"""The libraries of object stores are not among them: nothing here needs them, and they are forty packages more."""
_OF_TORCH = re.compile(r"torch|triton|nvidia-|cuda-")
"""Packages that come with PyTorch or its CUDA build, and stand in no lock file."""
QUIET = ["--quiet", "--disable-pip-version-check"]


def main(arguments: Sequence[str]) -> None:
    pip("install", *QUIET, UV)
    if "--lock" in arguments:
        lock()
        return
    uv("pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK))
    install_torch(os.environ.get("TORCH", "cpu"), os.environ.get("TORCH_CPU_INDEX", CPU_INDEX))
    uv("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def install_torch(build: str, index: str, more: Sequence[str] = ()) -> None:
    """Install the build of PyTorch that is asked for: "cpu" or "cuda". `more` are further options of the installer."""
    if build not in ("cpu", "cuda"):
        raise SystemExit(f"TORCH={build} is not a build of PyTorch. Use TORCH=cpu (the default) or TORCH=cuda.")
    if build == "cuda" or platform.system() != "Linux":
        uv("pip", "install", "--quiet", TORCH, *more)  # elsewhere than on Linux, PyPI's build is the CPU build
    elif answers(f"{index}/torch/"):
        uv("pip", "install", "--quiet", "--no-deps", "--index-url", index, TORCH, *more)
    else:
        pip("install", *QUIET, "--no-deps", TORCH, *more)
        if needs_cuda():
            sys.stderr.write(f"{index} does not answer; PyPI's build of PyTorch brings about 3 GB of CUDA libraries.\n")
            uv("pip", "install", "--quiet", TORCH, *more)


def answers(url: str) -> bool:
    """Whether a package index answers. A server that is silent counts as none."""
    if not url.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(url, timeout=ANSWERS_WITHIN_S) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def needs_cuda() -> bool:
    """Whether the installed PyTorch cannot be imported without the CUDA libraries that it names."""
    done = subprocess.run([sys.executable, "-c", "import torch"], capture_output=True, check=False)
    return done.returncode != 0


def lock() -> None:
    """Write the lock file: the versions that it has, where they still fit, with the hashes of every file."""
    made = LOCK.with_suffix(".partial")
    extras = [option for name in LOCKED_EXTRAS for option in ("--extra", name)]
    command = ["pip", "compile", "pyproject.toml", *extras, "--generate-hashes", "--universal", "--quiet"]
    uv(*command, "--python-version", "3.11", "--no-header", "-c", str(LOCK), "-o", str(made))
    entries = re.split(r"(?m)^(?=\S)", made.read_text("utf-8"))
    kept = [entry for entry in entries if entry and not _OF_TORCH.match(entry)]
    LOCK.write_text("".join(kept), "utf-8")
    made.unlink()


def pip(*arguments: str) -> None:
    run([sys.executable, "-m", "pip", *arguments])


def uv(*arguments: str) -> None:
    run([sys.executable, "-m", "uv", *arguments])


def run(command: Sequence[str]) -> None:
    """Run a command in this environment. Ends with its exit code where it fails."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
