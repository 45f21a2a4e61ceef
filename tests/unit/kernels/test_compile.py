"""Kernels and their cache on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import curation

PROGRAM = """
import numpy as np
from curation.kernels.words import cut_words
data = np.frombuffer(b"abc", np.uint8)
print(cut_words(data, np.array([0, 3]), np.ones(1, np.int32))[0])
"""


def length_of_first_word(folder: Path) -> int:
    """Return what a copy of the package makes of the first word of abc, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_change_in_another_file_is_compiled(tmp_path):
    """A kernel is compiled with the tables of other files: after an upgrade the cache must not give the old ones."""
    shutil.copytree(Path(curation.__file__).parent, tmp_path / "curation")
    assert length_of_first_word(tmp_path) == 3
    table = tmp_path / "curation" / "kernels" / "utf8.py"
    table.write_text(
        table.read_text(encoding="utf-8").replace("    return table\n", "    table[98] = 1\n    return table\n", 1)
    )
    assert length_of_first_word(tmp_path) == 1
