"""Who looks coordinated is read once a snapshot, kept beside it, and goes with an erasure."""

import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tools.coordination.suspects
from agent.services.ingest import forget, publish
from agent.wiring import App
from index.handle import open_writer
from tests.fakes.corpus import FakeEncoder, take
from tests.fakes.encoders import use_encoder
from tests.fakes.policy import SHARP
from tests.tools.test_coordination import planted
from tools.coordination.suspects import keep_suspected, suspected

POLICY = SHARP


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app whose index holds the planted ring, not published yet."""
    monkeypatch.setenv("SHOAL_HOME", str(tmp_path / "home"))
    use_encoder(monkeypatch, FakeEncoder())
    started = App.start("made")
    writer = open_writer(started.path, started.home)
    await take(writer, planted())
    writer.close()
    return started


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on reading clusters fails."""

    def read(*_: object) -> None:
        raise AssertionError("clusters were read")

    monkeypatch.setattr(tools.coordination.suspects, "_read", read)


async def test_publishing_keeps_who_looks_coordinated_and_no_question_reads_it_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(app, lambda _: None, built_in=True)
    index = app.open_index()
    assert stat.S_IMODE(index.derived.stat().st_mode) == 0o600
    unread(monkeypatch)
    ring = {number for number, said in enumerate(planted(), start=1) if (said.account or "").startswith("ring-")}
    rows = np.flatnonzero(suspected(index, POLICY)[index.snapshot.accounts])
    found = {int(number) for number in index.snapshot.numbers[rows]}
    # An account all of whose conversations are unclustered is not looked at.
    assert found <= ring
    assert len(found) >= 0.9 * len(ring)


@pytest.mark.parametrize("content", [None, b"", b"no array", "another policy"])
async def test_what_is_missing_broken_or_of_another_policy_is_read_anew(
    app: App, monkeypatch: pytest.MonkeyPatch, content: bytes | str | None
) -> None:
    await publish(app, lambda _: None, built_in=True)
    index = app.open_index()
    before = suspected(index, POLICY)
    if isinstance(content, bytes):
        index.derived.write_bytes(content)
    elif content is None:
        index.derived.unlink()
    else:
        keep_suspected(index, SHARP.with_values(min_accounts=6))
    assert before.any()
    assert np.array_equal(suspected(index, POLICY), before)
    unread(monkeypatch)
    with pytest.raises(AssertionError, match="clusters were read"):
        suspected(index, POLICY)


async def test_an_erasure_takes_what_was_kept_with_it_and_reads_anew(app: App) -> None:
    await publish(app, lambda _: None, built_in=True)
    before = app.open_index()
    number = int(before.snapshot.accounts[before.snapshot.numbers.tolist().index(len(planted()) - 60)])
    assert suspected(before, POLICY)[number]
    await forget(app, lambda _: None, account="ring-29")
    after = app.open_index()
    assert number not in np.load(after.derived)[4:]
    assert number not in after.snapshot.accounts


async def test_the_next_snapshot_has_its_own(app: App) -> None:
    await publish(app, lambda _: None, built_in=True)
    first = app.open_index().derived
    writer = open_writer(app.path, app.home)
    more = [replace(said, account=f"new-{place % 12}") for place, said in enumerate(planted()[:60])]
    await take(writer, more)
    writer.close()
    await publish(app, lambda _: None, built_in=True)
    assert app.open_index().derived.exists()
    assert not first.exists()
