"""The same checks on transformers 4.51.3, which the BabyLM evaluation pins, with an interpreter that has it.

``make .venv-hf4/.ready`` makes one; ``CURATE_TRANSFORMERS4`` names another.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.training.export.exports import CASES, write_case
from tests.unit.training.export.test_export_transformers import assert_all_passed, run_checks

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.slow
def test_transformers_4_gives_the_trainers_numbers(tmp_path):
    """Version 4 copies the code, reads the tokenizer and makes the weights in its own way."""
    python = os.environ.get("CURATE_TRANSFORMERS4") or str(ROOT / ".venv-hf4" / "bin" / "python")
    if not Path(python).is_file():
        pytest.skip("no interpreter with transformers 4: `make .venv-hf4/.ready`, or name one in CURATE_TRANSFORMERS4")
    for name in CASES:
        write_case(tmp_path / "exports" / name, name)
    (tmp_path / "cache").mkdir()

    done = run_checks(python, tmp_path / "exports", tmp_path / "cache")

    assert done.stdout.startswith("transformers 4."), done.stdout[:200] + done.stderr[-2000:]
    assert_all_passed(done)
