"""The structure of the design that no import contract can state."""

import ast
import importlib.util
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from index.core.records import Conversation, Facets, Turn
from index.ingest.extraction import Extraction
from index.naming.samples import NamingSample, Phrase
from index.privacy.sealing import Listing, Term
from index.sources import Read
from index.stores.rows import DraftRow, Staged

ROOT = Path(__file__).parents[2]
OURS = ("agent", "index", "prompts", "tools", "tui")
HEAVY = ("torch", "langgraph", "anthropic", "chromadb", "duckdb", "sentence_transformers", "hdbscan")


def test_the_command_line_loads_nothing_heavy() -> None:
    pytest.importorskip("tui.cli.app")
    code = f"import sys, tui.cli.app; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_packages_is_the_one_of_this_repository(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    assert [place.resolve() for place in places] == [ROOT / name]


@pytest.mark.parametrize("name", OURS)
def test_no_dependency_installs_a_top_level_module_of_our_name(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"shoal"}
    site = [Path(place) for place in sys.path if place.endswith("site-packages")]
    assert site
    assert not [place / name for place in site if (place / name).exists() or (place / f"{name}.py").exists()]


SECRET = "quackenbush"
_CONVERSATION = Conversation((Turn("user", SECRET),), account=SECRET)
_FACETS = Facets("English", 1, 1, None, None, "web")


@pytest.mark.parametrize(
    "value",
    [
        Turn("user", SECRET),
        _CONVERSATION,
        Extraction(Listing((SECRET,), (Term(SECRET),)), "English", 1),
        Staged("id", b"hash", _FACETS, SECRET),
        DraftRow("id", 1, _FACETS, SECRET),
        Read("line 1", 1, _CONVERSATION),
        NamingSample((Phrase(SECRET, 10, 1.0),), (Phrase(SECRET, 10, 1.0),)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_text_shows_none_of_it_in_its_repr(value: object) -> None:
    assert type(value).__name__ in repr(value)
    assert SECRET not in repr(value)
    assert SECRET not in f"{value} {[value]}"


def _broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id == "Exception") for kind in caught)


def test_only_the_session_the_gate_and_object_stores_catch_every_exception() -> None:
    """The libraries of object stores share no class of errors, and their texts may hold credentials. Whoever talks to the gate
    reads a sentence of ours, whatever fails."""
    places = {
        str(path.relative_to(ROOT))
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and _broad(node)
    }
    gate = {"agent/gateway/http.py", "agent/gateway/mcp_server.py", "agent/gateway/desk.py"}
    assert places == {*gate, "agent/engine/session.py", "index/sources/in_memory.py"}


def test_base_exceptions_are_caught_only_to_be_raised_again() -> None:
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.ExceptHandler)
                    and isinstance(node.type, ast.Name)
                    and node.type.id == "BaseException"
                ):
                    last = node.body[-1]
                    assert isinstance(last, ast.Raise), path
                    assert last.exc is None, path


def test_no_error_of_index_or_tools_is_raised_with_the_repr_of_an_exception() -> None:
    for package in ("index", "tools", "agent"):
        for path in (ROOT / package).rglob("*.py"):
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "repr"
            ]
            names = {argument.id for node in calls for argument in node.args if isinstance(argument, ast.Name)}
            assert not names & {"error", "exc", "exception"}, path
