"""What `shoal doctor` says: versions, what is configured, what would leave the machine, and the index's own checks.

It must print neither a key nor anything of a conversation.
"""

import platform
import shutil
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

from agent.llm.services import where as place
from agent.wiring import App
from index.maintenance.health import Check, State
from index.maintenance.health import checks as index_checks

_PACKAGES = ("shoal", "anthropic", "langgraph", "chromadb", "duckdb", "sentence-transformers", "hdbscan", "textual")
_LITTLE_DISK_GB = 5


def checks(app: "App") -> list[Check]:
    """Every check, in the order of a reader's interest."""
    return [*_machine(app), *_leaving(app), _weights(app), *index_checks(app.path), *_ledger(app)]


def _machine(app: "App") -> list[Check]:
    found = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    free = shutil.disk_usage(app.home.root if app.home.root.exists() else app.home.root.anchor or "/").free / 1e9
    state: State = "ok" if free > _LITTLE_DISK_GB else "note"
    return [
        Check("versions", "ok", f"Python {platform.python_version()}, {found}"),
        Check("home", "ok", f"{app.home.root} (SHOAL_HOME moves it)"),
        Check("disk", state, f"{free:,.0f} GB free", "" if state == "ok" else "Make room before a large ingest."),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _leaving(app: "App") -> list[Check]:
    """What goes to which address. An object store is asked for what it holds, and nothing is sent to it."""
    store = _to_store(app)
    return [*_to_model(app, nothing="" if store else "nothing: "), *store]


def _to_store(app: "App") -> list[Check]:
    from index.core.errors import ShoalError
    from index.handle import read_settings

    try:
        url = read_settings(app.path).vectors.url
    except ShoalError:
        return []  # said by another check
    if url is None:
        return []
    return [Check("vectors leave", "note", f"to {url}: the vectors of screened summaries, with their numbers")]


def _to_model(app: "App", nothing: str) -> list[Check]:
    settings = app.settings
    if not settings.has_model:
        return [Check("leaves the machine", "ok", f"{nothing}no model is configured, and telemetry is off")]
    where = place(settings.service, settings.base_url)
    return [
        Check("model", "ok", f"{where}: {settings.lead_model}, {settings.worker_model}, {settings.reader_model}"),
        Check(
            "leaves the machine",
            "note",
            f"to {where}: screened conversations at ingest ({settings.reader_model}), screened summaries when clusters "
            "are named, questions and findings when asked; telemetry is off",
            "--built-in sends nothing",
        ),
    ]


def _weights(app: "App") -> Check:
    from index.core.errors import ShoalError

    try:
        return Check("embedding model", "ok", app.encoder().verified())
    except ShoalError as error:
        return Check("embedding model", "wrong", error.message, error.hint)


def _ledger(app: "App") -> list[Check]:
    if not (app.path / "index.toml").exists():
        return []
    with closing(app.ledger()) as ledger:
        broken, is_empty = ledger.verify(), not ledger.entries()
    if broken is None and is_empty:
        return [Check("ledger", "note", "nothing was released yet")]
    if broken is not None:
        return [
            Check(
                "ledger",
                "wrong",
                "its last entries are not there: it was deleted, replaced or rolled back"
                if is_empty
                else f"the chain breaks at entry {broken}",
                "Keep a copy and inform the person who oversees it.",
            )
        ]
    return [Check("ledger", "ok", "the chain is whole")]
