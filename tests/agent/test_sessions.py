"""The session store: found, renamed, deleted for good."""

from pathlib import Path

import pytest

from agent.storage.session_store import SessionStore
from index.core.errors import SettingsError
from tests.agent.conftest import MakeSession, collect
from tests.fakes.roles import data_behind

ASKED = "Which languages are used most by zanzibarquokka speakers?"


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and "ledger" not in path.name)


async def test_what_is_deleted_is_in_no_file_of_the_folder(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask(ASKED))
    run = session.last_run or ""
    await collect(session.ask("Which languages are used most?"))
    kept, digest = session.id, session.store.released(session.id)[0].finding["digest"]
    session.store.rename(kept, "marmaladefalcon")
    marks = [word.encode() for word in ("zanzibarquokka", "marmaladefalcon", digest, run, kept)]
    held = _bytes(session.folder)
    assert all(mark in held for mark in marks)
    await session._stack.aclose()
    session.store.delete(kept)
    left = _bytes(session.folder)
    assert [mark for mark in marks if mark in left] == []
    assert session.store.sessions() == []
    assert data_behind(session).gate.ledger.digest_known(digest)
    assert data_behind(session).gate.ledger.verify() is None


async def test_deleting_one_session_leaves_another_whole(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask("Which languages are used most?"))
    other = SessionStore(session.folder)
    other.start("r-other", "s-other", Path("x"), "Something else entirely")
    other.delete("s-other")
    other.close()
    assert [item.id for item in session.store.sessions()] == [session.id]
    events = await collect(session.ask("And by surface?"))
    assert events[-1].type == "run_ended"
    assert session.store.sessions("surface")


def _three(tmp_path: Path) -> SessionStore:
    store = SessionStore(tmp_path / "kept")
    for session, question in {
        "s-a1": 'What is new since "the launch"?',
        "s-a2": "Qué preguntan los hablantes de español sobre ÑANDÚ?",
        "s-b1": "日本語で何を聞かれていますか",
    }.items():
        store.start(f"r-{session}", session, Path("/x/demo"), question)
    return store


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("launch", ["s-a1"]),
        ("LAUNCH new", ["s-a1"]),
        ("launch español", []),
        ("ñandú", ["s-a2"]),
        ("日本語", ["s-b1"]),
        ("何を", ["s-b1"]),
        ('"the', ["s-a1"]),
        ("100% _", []),
        ("OR NEAR(", []),
        ("", ["s-b1", "s-a2", "s-a1"]),
    ],
)
def test_sessions_are_found_by_words_of_their_questions(tmp_path: Path, words: str, found: list[str]) -> None:
    store = _three(tmp_path)
    assert [item.id for item in store.sessions(words)] == found
    store.close()


def test_a_title_is_found_too_and_shown(tmp_path: Path) -> None:
    store = _three(tmp_path)
    store.rename("s-b1", "Japan desk")
    assert [(item.id, item.title) for item in store.sessions("japan")] == [("s-b1", "Japan desk")]
    with pytest.raises(SettingsError):
        store.rename("s-b1", "  ")
    store.close()


def test_a_session_is_named_by_the_beginning_of_its_id_or_as_the_last(tmp_path: Path) -> None:
    store = _three(tmp_path)
    assert (store.find("s-b"), store.find("last"), store.find("s-a2")) == ("s-b1", "s-b1", "s-a2")
    for name in ("s-a", "s-z", ""):
        with pytest.raises(SettingsError):
            store.find(name)
    store.close()


def test_sessions_of_an_older_store_are_found(tmp_path: Path) -> None:
    store = _three(tmp_path)
    store._connection.execute("DROP TABLE words")
    store.close()
    again = SessionStore(tmp_path / "kept")
    assert [item.id for item in again.sessions("launch")] == ["s-a1"]
    again.close()
