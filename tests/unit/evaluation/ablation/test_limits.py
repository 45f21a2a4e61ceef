"""Limits of time and disk: reached or not, and told once."""

from __future__ import annotations

from curation.core.events import Warned
from evaluation.ablation.limits import Limits, size_of


def test_without_limits_nothing_ends(tmp_path):
    limits = Limits(tmp_path)
    assert (limits.late, limits.full, limits.seconds_left) == (False, False, None)


def test_a_deadline_counts_from_its_beginning_and_is_told_once(tmp_path):
    told = []
    limits = Limits(tmp_path, hours=1.0, listen=told.append)
    left = limits.seconds_left
    assert left is not None
    assert 3590 < left <= 3600
    assert not limits.late
    limits.begun -= 3601
    assert limits.seconds_left == 0.0
    assert limits.late
    assert limits.late
    assert [type(event) for event in told] == [Warned]
    assert "--max-hours 1 is over" in told[0].message


def test_a_full_folder_is_told_with_what_it_holds(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 2_000_000)
    assert size_of(tmp_path) == 5_000_000
    told = []
    assert not Limits(tmp_path, gigabytes=0.006, listen=told.append).full
    assert not told
    assert Limits(tmp_path, gigabytes=0.005, listen=told.append).full
    assert "holds 0.005 GB, the limit is 0.005 GB" in told[0].message
