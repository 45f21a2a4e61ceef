"""The table of BLiMP's phenomena: 67 paradigms, each once, and what the real data say of them."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from evaluation.data import official
from evaluation.submission.phenomena import PHENOMENA, PHENOMENON_OF

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[4].parent / "shared" / "data")
PACKED = SHARED / "eval" / "babylm_eval.tar.xz"


def test_each_paradigm_has_one_phenomenon():
    files = {name.removesuffix(".jsonl") for name in official()["full_eval/blimp_filtered"]}
    assert len(PHENOMENA) == 12
    assert set(PHENOMENON_OF) == files
    assert sum(map(len, PHENOMENA.values())) == len(files) == 67
    assert all(list(paradigms) == sorted(paradigms) for paradigms in PHENOMENA.values())


@pytest.mark.shared
@pytest.mark.skipif(not PACKED.is_file(), reason="the real data are not beside the checkout")
def test_the_table_is_that_of_the_data():
    names = {"s-selection": "argument_structure", "filler_gap_dependency": "filler_gap"}
    with tarfile.open(PACKED, "r:xz") as archive:
        for member in archive:
            if "full_eval/blimp_filtered/" in member.name and member.isfile():
                row = json.loads(archive.extractfile(member).readline())
                term = row["linguistics_term"]
                assert PHENOMENON_OF[row["UID"]] == names.get(term, term)
