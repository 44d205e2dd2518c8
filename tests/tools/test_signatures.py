"""Signatures kept with the ledger's sets: good in every snapshot that still holds what they were made from, and in no other."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.snapshots.snapshot import Rows
from tests.fakes.corpus import small_index
from tests.fakes.snapshots import bare_snapshot
from tools.history.signatures import EVERYWHERE, FINER, NOWHERE, Signature, Signer

FEW = 5
MEMBERS = [(number, 1 + number * 7 % 41) for number in range(1, 301)]
ROWS = np.arange(20, 180, 3, dtype=np.int64)


def told(signature: Signature | None) -> tuple[bytes, bytes, int] | None:
    if signature is None:
        return None
    return signature.fine.tobytes(), signature.coarse.tobytes(), signature.accounts


def themes(signature: Signature | None) -> tuple[int, int] | None:
    return None if signature is None else (int(signature.reach), int(signature.roots))


@pytest.mark.parametrize("later", [0, 50], ids=["the same snapshot", "a later snapshot"])
def test_a_kept_signature_is_read_as_it_would_be_made(tmp_path: Path, later: int) -> None:
    packed = Signer(bare_snapshot(tmp_path, MEMBERS), FEW).packed(ROWS)
    again = Signer(bare_snapshot(tmp_path, [*MEMBERS, *((301 + new, 100 + new) for new in range(later))]), FEW)
    assert told(again.unpacked(packed)) == told(again.of(ROWS))


def test_themes_of_a_kept_signature_are_known_in_their_own_snapshot_only(tmp_path: Path) -> None:
    signer = Signer(bare_snapshot(tmp_path, MEMBERS), FEW)
    packed = signer.packed(ROWS)
    later = Signer(bare_snapshot(tmp_path, [*MEMBERS, (301, 100)]), FEW)
    assert themes(signer.unpacked(packed)) == themes(signer.of(ROWS)) != (int(EVERYWHERE), int(NOWHERE))
    assert themes(later.unpacked(packed)) == (int(EVERYWHERE), int(NOWHERE))


def test_a_signature_that_an_older_shoal_kept_may_lie_in_any_theme(tmp_path: Path) -> None:
    signer = Signer(bare_snapshot(tmp_path, MEMBERS), FEW)
    older = signer.packed(ROWS)[: -3 * 8]
    assert told(signer.unpacked(older)) == told(signer.of(ROWS))
    assert themes(signer.unpacked(older)) == (int(EVERYWHERE), int(NOWHERE))


def test_signatures_made_at_once_are_those_made_one_by_one() -> None:
    held, chance = small_index().snapshot, np.random.default_rng(3)
    sets = [np.flatnonzero(chance.random(len(held)) < share).astype(np.int64) for share in (0, 0.01, 0.2, 0.9)]
    one_by_one, at_once = Signer(held, FEW), Signer(held, FEW)
    at_once.learn([*sets, sets[2]])
    for rows in sets:
        one, same = one_by_one.of(rows), at_once.of(rows)
        assert (told(one), themes(one)) == (told(same), themes(same))


def test_a_kept_signature_is_not_taken_where_a_conversation_is_gone_or_another_accounts(tmp_path: Path) -> None:
    packed = Signer(bare_snapshot(tmp_path, MEMBERS), FEW).packed(ROWS)
    forgotten = [*MEMBERS[:150], *MEMBERS[151:]]
    renumbered = [*MEMBERS[:150], (151, 99), *MEMBERS[151:]]
    earlier = MEMBERS[:-1]
    for members in (forgotten, renumbered, earlier):
        assert Signer(bare_snapshot(tmp_path, members), FEW).unpacked(packed) is None


def test_a_kept_signature_of_another_policy_or_of_none_is_made_anew(tmp_path: Path) -> None:
    held = bare_snapshot(tmp_path, MEMBERS)
    assert Signer(held, FEW + 1).unpacked(Signer(held, FEW).packed(ROWS)) is None
    assert Signer(held, FEW).unpacked(b"") is None


@st.composite
def changed(draw: st.DrawFn) -> tuple[Rows, Rows]:
    """A set, and one that differs by the conversations of fewer than FEW accounts, or by none."""
    held = small_index().snapshot
    chance = np.random.default_rng(draw(st.integers(0, 100_000)))
    rows = np.sort(chance.choice(len(held), draw(st.sampled_from([1, 4, 30, 400])), replace=False)).astype(np.int64)
    who = chance.choice(held.accounts, draw(st.integers(0, FEW - 1)))
    of_them = np.flatnonzero(np.isin(held.accounts, who))
    return rows, np.setxor1d(rows, of_them[chance.random(len(of_them)) < 0.7]).astype(np.int64)


@settings(max_examples=200)
@given(sets=changed())
def test_fewer_accounts_than_buckets_leave_one_bucket_and_touch_fewer_fine_ones(sets: tuple[Rows, Rows]) -> None:
    signer = Signer(small_index().snapshot, FEW)
    one, other = (signer.of(rows) for rows in sets)
    assert (one.coarse == other.coarse).any()
    assert not one.roots & ~other.reach
    assert np.count_nonzero(one.fine != other.fine) < FEW
    assert (one.fine.tobytes() == other.fine.tobytes()) == (sets[0].tobytes() == sets[1].tobytes())


def test_signatures_of_parts_add_up_to_that_of_the_whole() -> None:
    signer, rows = Signer(small_index().snapshot, FEW), np.arange(500, dtype=np.int64)
    whole, one, other = signer.of(rows), signer.of(rows[::2]), signer.of(rows[1::2])
    assert len(whole.fine) == FEW * FINER
    assert (one.fine + other.fine == whole.fine).all()
    assert (one.coarse + other.coarse == whole.coarse).all()
