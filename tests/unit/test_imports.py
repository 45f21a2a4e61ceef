from pathlib import Path

import tests


def test_our_own_tests_package_is_imported():
    """A package from PyPI installs a stray top-level `tests`, which would hide the shared strategies."""
    assert Path(tests.__file__).resolve().parent == Path(__file__).resolve().parents[1]
