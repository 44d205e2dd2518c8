"""A file that several write at once is whole, and one that fails leaves what was there."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.core.files import written_whole


def test_two_who_write_the_same_file_at_once_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "holds.json"
    with written_whole(target) as slow:
        slow.write_text("half")
        with written_whole(target) as fast:
            fast.write_text("fast")
        assert target.read_text() == "fast"
        slow.write_text("slow")
    assert target.read_text() == "slow"
    assert os.listdir(tmp_path) == ["holds.json"]


def test_many_threads_leave_one_whole_private_file(tmp_path: Path) -> None:
    target = tmp_path / "holds.json"

    def write(number: int) -> None:
        with written_whole(target) as partial:
            partial.write_text(json.dumps([number] * 5_000))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(64)))
    assert len(set(json.loads(target.read_text()))) == 1
    assert target.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["holds.json"]


def test_where_writing_fails_the_old_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "kept.npy"
    with written_whole(target) as partial:
        np.save(partial, np.arange(3))

    def fail() -> None:
        with written_whole(target) as partial:
            partial.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert np.load(target).tolist() == [0, 1, 2]
    assert os.listdir(tmp_path) == ["kept.npy"]
