"""What rests on disk is no test: who can write conversations and read the folder learns nothing of what another one wrote."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from index.core.errors import IndexFault
from index.core.home import Home
from index.core.records import Conversation, Turn
from index.handle import Index, open_writer
from index.privacy.cipher import Cipher
from index.privacy.sketch import VALUES, shared_forms
from tests.fakes.corpus import FIRST_DAY, FakeEncoder, publish_of, records, take

SOME = [record.conversation() for record in records()[:80]]
SECRET = "please help me plan the xylotomy and zugzwang evening of the quinquereme club"


def said(account: str, text: str) -> Conversation:
    return Conversation((Turn("user", text),), account, FIRST_DAY)


def values(path: Path) -> list[set[str]]:
    """The numbers of the forms of the newest two summaries (the victim and the guess), in each file."""
    found: list[set[str]] = []
    for file in [path / "facts.duckdb", *path.glob("snapshots/*.duckdb")]:
        with duckdb.connect(str(file), read_only=True) as connection:
            table = "summaries" if file.name == "facts.duckdb" else "members"
            rows = connection.execute(f"SELECT no, sketch FROM {table} ORDER BY no DESC LIMIT 2").fetchall()
            found += [{bytes(row[1])[place : place + 4].hex() for place in range(0, 64, 4)} for row in rows if row[1]]
    return found


@pytest.mark.parametrize("guess", [SECRET, "please help me write the menu of a quiet birthday for the whole street"])
async def test_writing_a_guess_does_not_tell_what_another_wrote(home: Home, guess: str) -> None:
    path = home.index_path("some")
    writer = open_writer(path, home)
    await take(writer, [*SOME, said("victim", SECRET)])
    await publish_of(writer)
    await take(writer, [said("attacker", guess)])
    waiting = writer.facts._rows("SELECT octet_length(part) FROM support")
    await publish_of(writer)
    writer.close()
    assert waiting
    with duckdb.connect(str(path / "facts.duckdb"), read_only=True) as connection:
        held = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        columns = connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'support'").fetchall()
    assert "rare" not in held
    assert columns == [("part",)]  # no mark and no account in clear
    found = values(path)
    assert not set.intersection(*found[:2])
    assert not any(one & other for place, one in enumerate(found) for other in found[place + 1 :])


async def test_a_draft_that_waits_is_read_with_its_own_key_alone(home: Home) -> None:
    writer = open_writer(home.index_path("some"), home)
    await take(writer, SOME)
    writer.close()
    (key,) = home.folder("keys").glob("*.key")
    key.write_bytes(bytes(32))
    with pytest.raises(IndexFault, match="cannot be read with this key"):
        open_writer(home.index_path("some"), home)


async def test_rare_words_go_on_counting_in_a_later_process(home: Home) -> None:
    """What is sealed is not lost: four accounts in four processes and the fifth attest a word."""
    for number in range(5):
        writer = open_writer(home.index_path("slow"), home)
        assert "xylotomy" not in {item.word for item in writer.facts.vocabulary().values()}
        await take(writer, [said(f"a{number}", "xylotomy")])
        shown = {item.word for item in writer.facts.vocabulary().values()}
        writer.close()
    assert "xylotomy" in shown


async def test_a_form_that_enough_accounts_share_is_in_the_snapshot(home: Home) -> None:
    path = home.index_path("ring")
    writer = open_writer(path, home)
    await take(writer, [*SOME, *(said(f"ring-{number}", SECRET) for number in range(5))])
    await publish_of(writer)
    writer.close()
    snapshot = Index(path, FakeEncoder()).snapshot
    forms, formed = snapshot.sketches(np.arange(len(snapshot)))
    _, alike = np.unique(forms[formed], axis=0, return_counts=True)
    assert alike.max() == 5


def test_numbers_of_a_form_that_few_accounts_have_are_drawn_anew() -> None:
    forms = np.tile(np.arange(VALUES, dtype=np.uint32), (6, 1))
    forms[5, 3:] = 900 + np.arange(VALUES - 3)
    shared = shared_forms(forms, np.array([1, 2, 3, 4, 4, 5]), 4)
    assert (shared[:, :3] == forms[:, :3]).all()  # five accounts
    assert (shared[:5, 3:] == forms[:5, 3:]).all()  # four
    assert not (shared[5, 3:] == forms[5, 3:]).any()  # one
    assert not (shared_forms(forms, np.array([1, 2, 3, 4, 4, 5]), 6) == forms).any()


def test_the_same_bytes_are_never_sealed_alike_and_a_change_is_seen() -> None:
    cipher = Cipher(bytes(32), b"one")
    assert cipher.seal(b"x") != cipher.seal(b"x")
    sealed = cipher.seal(b"word")
    assert cipher.open(sealed) == b"word"
    for other in (Cipher(bytes(32), b"two"), Cipher(b"j" * 32, b"one")):
        with pytest.raises(IndexFault):
            other.open(sealed)
    with pytest.raises(IndexFault):
        cipher.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))
