"""Exports against the installed transformers, in a process of its own where curate cannot be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.training.export.exports import CASES, write_case

CHECK = Path(__file__).with_name("check_export.py")


def run_checks(python: str, exports: Path, modules: Path) -> subprocess.CompletedProcess[str]:
    """Run every check with an interpreter; neither the hub nor this checkout is within reach."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PYTHON"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(modules), "HF_MODULES_CACHE": str(modules / "modules")}
    command = [python, "-I", str(CHECK), str(exports)]
    return subprocess.run(
        command, env=environment, cwd=modules, capture_output=True, text=True, timeout=500, check=False
    )


def assert_all_passed(done: subprocess.CompletedProcess[str]) -> None:
    """Show what failed, and that nothing was left out."""
    failed = done.stdout[done.stdout.find("FAILED") :] if "FAILED" in done.stdout else done.stderr[-3000:]
    assert done.returncode == 0, f"{done.stdout.partition(chr(10))[0]}\n{failed}"
    passed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("ok ")}
    assert passed == set(CASES)


@pytest.fixture
def exports(tmp_path):
    for name in CASES:
        write_case(tmp_path / "exports" / name, name)
    (tmp_path / "cache").mkdir()
    return tmp_path / "exports"


@pytest.mark.slow
def test_the_installed_transformers_gives_the_trainers_numbers(exports, tmp_path):
    """Every family, class, mask and text of ``check_export.py``."""
    pytest.importorskip("transformers")

    assert_all_passed(run_checks(sys.executable, exports, tmp_path / "cache"))
