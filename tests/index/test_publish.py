"""Publishing and reading: frozen snapshots, enough new accounts, private files, clear faults."""

import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agent.wiring import prepare_process
from index.core.errors import IndexFault, SettingsError
from index.core.home import Home, load_or_make_key
from index.core.records import Conversation, Turn
from index.core.words import specifics
from index.handle import Index, open_writer, read_settings
from index.privacy.sealing import Sealer
from index.publish.taxonomy import Groups, Theme
from index.snapshots.snapshot import Snapshot, snapshot_numbers, snapshot_path, vectors_path
from index.stores.vectors import Vectors
from index.vocabulary import public_part
from tests.fakes.corpus import FIRST_DAY, Built, FakeEncoder, build, publish_of, records, small, small_index, take

SOME = [record.conversation() for record in records()[:80]]


def said(account: str, text: str = "merge two dataframes") -> Conversation:
    return Conversation((Turn("user", text),), account, FIRST_DAY)


async def test_a_snapshot_stays_as_it_is_while_more_is_taken_and_published(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    file = snapshot_path(path / "snapshots", 1)
    before = file.read_bytes()
    writer.close()
    reader = Index(path, FakeEncoder())
    writer = open_writer(path, home)
    await take(writer, [said(f"new-{number}") for number in range(9)])
    assert len(reader.snapshot) == 80
    assert (await publish_of(writer)).snapshot == 2
    assert (reader.snapshot.number, len(reader.snapshot)) == (1, 80)
    assert len(reader.snapshot.texts(np.arange(80))) == 80
    assert file.read_bytes() == before
    assert len(Index(path, FakeEncoder()).snapshot) == 89
    writer.close()


async def test_only_the_newest_snapshot_has_vectors_beside_it_and_only_its_owner_reads_them(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    await take(writer, [said(f"new-{number}") for number in range(9)])
    await publish_of(writer)
    writer.close()
    beside = list((path / "snapshots").glob("*.npy"))
    assert beside == [vectors_path(path / "snapshots", 2)]
    assert stat.S_IMODE(beside[0].stat().st_mode) == 0o600


async def test_nearness_is_the_cosine_of_the_summarys_own_vector_and_stays_while_more_is_taken(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    reader = Index(path, FakeEncoder())
    rows, similarity = reader.near("merge dataframes")
    await take(writer, [said(f"new-{number}") for number in range(40)])
    vectors = np.concatenate(list(writer.vectors.pages(reader.snapshot.numbers.tolist())))
    assert np.allclose(similarity, (vectors @ FakeEncoder().encode(["merge dataframes"])[0])[rows], atol=1e-5)
    again, same = reader.near("merge dataframes")
    assert np.array_equal(rows, again)
    assert np.array_equal(similarity, same)
    writer.close()


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"no vectors")])
async def test_a_snapshot_without_its_vectors_says_so_and_publishing_gives_them_back(
    home: Home, harm: Callable[[Path], object]
) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    writer.close()
    file = vectors_path(path / "snapshots", 1)
    whole = file.read_bytes()
    harm(file)
    with pytest.raises(IndexFault, match="vectors") as fault:
        Index(path, FakeEncoder())
    assert "shoal publish" in (fault.value.hint or "")
    file.unlink(missing_ok=True)
    writer = open_writer(path, home)
    assert (await publish_of(writer)).snapshot is None
    writer.close()
    assert file.read_bytes() == whole
    assert len(Index(path, FakeEncoder()).near("merge dataframes")[0])


async def test_a_phrase_finds_nothing_in_a_snapshot_that_was_taken_after_it(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, SOME)
    await publish_of(writer)
    reader = Index(path, FakeEncoder())
    await take(writer, [said(f"new-{number}") for number in range(9)])
    rows, similarity = reader.near("merge dataframes")
    assert len(rows) == len(similarity) <= 80
    assert rows.max() < 80
    assert np.all(np.diff(rows) > 0)
    writer.close()


@pytest.mark.parametrize(("accounts", "number"), [(0, None), (1, None), (4, None), (5, 2)])
async def test_nothing_is_published_before_five_accounts_are_new(home: Home, accounts: int, number: int | None) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, SOME)
    await publish_of(writer)
    await take(writer, [said(f"new-{place}", f"{text} today") for place in range(accounts) for text in ("sum", "sort")])
    published = await publish_of(writer)
    assert published.snapshot == number
    assert bool(published.why) == (number is None)
    assert snapshot_numbers(writer.snapshots) == ([1] if number is None else [1, 2])
    writer.close()


def test_how_many_accounts_must_be_new_is_no_test_for_one_of_them() -> None:
    """Whoever has invented all of them but one guesses by whether there is a snapshot. Each trial has a key of its own."""
    right = [_guess(key, known, there) for key in range(40) for known in (4, 6) for there in (False, True)]
    assert sum(right) / len(right) <= 0.64


def _guess(key: int, known: int, there: bool) -> bool:
    needed = 5 + int(5 * Sealer(bytes([key]) * 32).edge(1))
    published = known + there >= needed
    return published == there


async def test_a_snapshot_needs_as_many_new_accounts_as_its_edge_draws(home: Home) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, SOME)
    await publish_of(writer)
    await take(writer, [said(f"new-{place}", f"{text} today") for place in range(7) for text in ("sum", "sort")])
    refused = await publish_of(writer, edge=lambda snapshot: 0.7)
    assert refused.snapshot is None
    assert "7" not in refused.why
    assert (await publish_of(writer, edge=lambda snapshot: 0.5)).snapshot == 2
    writer.close()


async def test_many_new_conversations_of_known_accounts_are_not_published_either(home: Home) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, [said(f"a{number}") for number in range(20)])
    await publish_of(writer)
    await take(writer, [said("a1", f"question {number}") for number in range(40)])
    assert (await publish_of(writer)).snapshot is None
    writer.close()


async def test_a_first_snapshot_needs_five_accounts(home: Home) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, [said(f"a{number % 4}", f"question {number}") for number in range(40)])
    published = await publish_of(writer)
    assert published.snapshot is None
    assert "5 accounts" in published.why
    writer.close()


async def test_a_publish_that_was_killed_leaves_no_snapshot_and_the_next_one_succeeds(home: Home) -> None:
    writer = open_writer(home.index_path("made"), home)
    await take(writer, SOME)
    (writer.snapshots / "0001.partial").write_bytes(b"half a file")
    assert snapshot_numbers(writer.snapshots) == []
    assert (await publish_of(writer)).snapshot == 1
    assert sorted(path.name for path in writer.snapshots.iterdir()) == ["0001.duckdb", "0001.vectors.npy"]
    writer.close()


def test_a_snapshot_says_what_made_it() -> None:
    meta = small_index().snapshot.meta
    assert (meta["encoder"], meta["extractor"], meta["namer"], meta["taxonomist"], meta["accounts"]) == (
        "fake", "built-in", "built-in", "built-in", "stated",
    )  # fmt: skip


def test_the_taxonomy_covers_base_clusters_by_top_groups_of_their_own() -> None:
    snapshot = small_index().snapshot
    tops = {cluster.id for cluster in snapshot.clusters if cluster.parent is None}
    assert {cluster.parent for cluster in snapshot.base_clusters} == tops
    assert len(snapshot.base_clusters) == snapshot.base_labels.max() + 1
    sizes = np.bincount(snapshot.base_labels[snapshot.base_labels >= 0])
    assert sizes.min() >= 25


def test_the_four_shared_themes_are_found_as_clusters_of_one_theme_each() -> None:
    snapshot = small_index().snapshot
    themes = np.array([record.theme for record in records()])
    found = [Counter(themes[snapshot.base_labels == place].tolist()) for place in range(len(snapshot.base_clusters))]
    assert sum(max(theme.values()) for theme in found) >= 0.94 * sum(theme.total() for theme in found)
    assert {"letters", "python", "recipes", "travel"} <= {theme.most_common(1)[0][0] for theme in found}


def test_a_published_name_holds_only_words_that_ten_accounts_of_the_cluster_used() -> None:
    snapshot = small_index().snapshot
    for place, cluster in enumerate(snapshot.base_clusters):
        rows = np.flatnonzero(snapshot.base_labels == place)
        languages = snapshot.facet("language")
        read = zip(snapshot.texts(rows), languages.codes[rows], snapshot.accounts[rows].tolist(), strict=True)
        members = [(f"{text} {languages.values[code]}".casefold(), account) for text, code, account in read]
        for word in specifics(public_part(cluster.name or "")[1]):
            users = {account for text, account in members if word in text}
            assert len(users) >= 10, word


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask of an ordinary shell; the product has to set its own, as its wiring does."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_everything_written_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    prepare_process()
    built = build(tmp_path / "shoal", SOME)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "shoal").rglob("*")}
    assert {path.suffix for path in modes} >= {".duckdb", ".toml", ".key", ".sqlite3"}
    wrong = {
        str(path.relative_to(tmp_path)): oct(mode)
        for path, mode in modes.items()
        if mode != (0o700 if path.is_dir() else 0o600)
    }
    assert wrong == {}
    assert stat.S_IMODE(built.path.stat().st_mode) == 0o700


def test_the_account_key_lies_outside_the_index_and_in_no_file_of_it() -> None:
    built = small()
    (key_file,) = (built.home.root / "keys").iterdir()
    key = key_file.read_bytes()
    assert len(key) == 32
    assert built.path not in key_file.parents
    assert all(key not in path.read_bytes() for path in built.path.rglob("*") if path.is_file())


def test_account_names_are_in_no_file_of_the_index() -> None:
    built = small()
    names = {record.account.encode() for record in records()}
    for path in built.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(name in content for name in names), path


def test_the_key_of_an_index_is_made_once_and_a_damaged_one_is_a_fault(tmp_path: Path) -> None:
    key = load_or_make_key(tmp_path, "x")
    assert load_or_make_key(tmp_path, "x") == key != load_or_make_key(tmp_path, "y")
    (tmp_path / "x.key").write_bytes(key[:-1])
    with pytest.raises(IndexFault, match="damaged"):
        load_or_make_key(tmp_path, "x")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ü", "-x"])
def test_what_cannot_name_an_index_is_a_settings_error(home: Home, name: str) -> None:
    with pytest.raises(SettingsError):
        home.index_path(name)


def copied(built: Built, tmp_path: Path) -> Path:
    """A copy of the index without its vectors, whose settings may be spoiled."""
    target = tmp_path / "copy"
    shutil.copytree(built.path, target, ignore=shutil.ignore_patterns("vectors", "facts.duckdb"))
    return target


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "id = ",
        "[landmarks]\nlaunch = 2026-08-03\n",
        'id = "x"\n[landmarks]\nlaunch = "soon"\n',
        'id = "x"\nlandmarks = 3\n',
        'id = "x"\npolicy = 3\n',
        "\xff",
    ],
    ids=["empty", "syntax", "no id", "no date", "landmarks a number", "policy a number", "not UTF-8"],
)
def test_a_wrong_settings_file_is_a_fault_that_names_the_file_and_the_next_step(tmp_path: Path, settings: str) -> None:
    path = copied(small(), tmp_path)
    (path / "index.toml").write_bytes(settings.encode("latin-1"))
    with pytest.raises(IndexFault) as caught:
        read_settings(path)
    assert "index.toml" in caught.value.message
    assert caught.value.hint


def test_no_index_and_no_snapshot_are_faults_that_say_what_to_run(tmp_path: Path, home: Home) -> None:
    with pytest.raises(IndexFault, match="no index") as caught:
        Index(tmp_path / "nowhere", FakeEncoder())
    assert "shoal ingest" in caught.value.hint
    writer = open_writer(home.index_path("bare"), home)
    writer.close()
    with pytest.raises(IndexFault, match="no published snapshot"):
        Index(home.index_path("bare"), FakeEncoder())


def test_a_damaged_snapshot_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "0001.duckdb"
    path.write_bytes(b"not a database" * 999)
    with pytest.raises(IndexFault, match="damaged"):
        _ = Snapshot(path).numbers


def test_a_file_that_is_no_store_is_a_fault(home: Home) -> None:
    path = home.index_path("made")
    open_writer(path, home).close()
    (path / "facts.duckdb").write_bytes(b"not a database" * 999)
    with pytest.raises(IndexFault) as caught:
        open_writer(path, home)
    assert caught.value.hint


def test_landmarks_are_kept_with_the_index_and_read_back(home: Home) -> None:
    path = home.index_path("made")
    open_writer(path, home, {"launch": FIRST_DAY.date()}).close()
    assert read_settings(path).landmarks == {"launch": FIRST_DAY.date()}


async def test_a_cluster_keeps_its_id_in_the_next_snapshot_and_no_id_is_used_twice(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    first = [record.conversation() for record in records() if record.theme in ("letters", "python", "recipes")]
    await take(writer, first)
    await publish_of(writer)
    later = [record.conversation() for record in records() if record.theme == "travel"]
    await take(writer, [replace(conversation, account=f"later-{conversation.account}") for conversation in later])
    await publish_of(writer)
    writer.close()
    old, new = (Snapshot(snapshot_path(path / "snapshots", number)) for number in (1, 2))
    shared = _members_of(old).keys() & _members_of(new).keys()
    assert len(shared) >= len(old.base_clusters) / 2
    for identity in shared:
        before, after = _members_of(old)[identity], _members_of(new)[identity]
        after = {number for number in after if number <= len(first)}
        assert len(before & after) > len(before | after) / 2
    fresh = {cluster.id for cluster in new.clusters} - {cluster.id for cluster in old.clusters}
    assert fresh
    highest = max(int(cluster.id[1:]) for cluster in old.base_clusters)
    assert all(int(identity[1:]) > highest for identity in fresh if identity.startswith("C"))
    assert len({cluster.id for cluster in new.clusters}) == len(new.clusters)


def _members_of(snapshot: Snapshot) -> dict[str, set[int]]:
    labels = snapshot.base_labels
    return {
        cluster.id: set(snapshot.numbers[labels == place].tolist())
        for place, cluster in enumerate(snapshot.base_clusters)
    }


async def test_beyond_a_size_landmarks_stand_for_the_rest(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.geometry.placing.DIRECTLY", 300)
    monkeypatch.setattr("index.geometry.placing.LANDMARKS", 600)
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, [record.conversation() for record in records()])
    await publish_of(writer)
    writer.close()
    snapshot = Index(path, FakeEncoder()).snapshot
    themes = np.array([record.theme for record in records()])
    labels = snapshot.base_labels
    assert len(snapshot) == len(records())
    assert len(set(labels[labels >= 0])) >= 4
    pure = sum(max(np.unique(themes[labels == label], return_counts=True)[1]) for label in range(labels.max() + 1))
    assert pure >= 0.94 * (labels >= 0).sum()
    assert (labels >= 0).mean() > 0.6
    assert any(cluster.name for cluster in snapshot.base_clusters)
    assert np.isfinite(snapshot.space(np.arange(len(snapshot)))).all()


class Paired:
    """A taxonomist that puts clusters in two groups and names them, one by a word nobody used."""

    name = "paired"

    async def groups(self, themes: Sequence[Theme], centres: Vectors) -> Groups:
        labels = (np.arange(len(themes)) % 2).astype(np.int32)
        return Groups(labels, "paired, because it was asked", ("Zephyrine and friends", None))


async def test_names_that_a_taxonomist_proposes_are_checked_as_all_names_are(home: Home) -> None:
    path = home.index_path("made")
    writer = open_writer(path, home)
    await take(writer, [record.conversation() for record in records() if record.theme in ("letters", "python")])
    await publish_of(writer, taxonomist=Paired())
    writer.close()
    snapshot = Index(path, FakeEncoder()).snapshot
    assert snapshot.meta["taxonomist"] == "paired, because it was asked"
    tops = [cluster for cluster in snapshot.clusters if cluster.parent is None]
    assert len(tops) == 2
    assert all(cluster.name for cluster in tops)
    assert "Zephyrine" not in str(tops)


async def test_publishing_the_same_summaries_twice_gives_the_same_names(tmp_path: Path) -> None:
    some = [record.conversation() for record in records()]
    first, second = (Index(build(tmp_path / name, some).path, FakeEncoder()).snapshot for name in ("a", "b"))
    assert first.clusters == second.clusters
    assert any(cluster.name for cluster in first.clusters)
