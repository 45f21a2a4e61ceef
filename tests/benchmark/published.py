"""Model code that its authors published, from a checkout or a bare repository; it is read at run time, never kept here.

``CURATE_GPT_BERT``, ``CURATE_LTG_BERT`` and ``CURATE_ELC_BERT`` name them, for example
``git clone --bare https://github.com/ltgoslo/gpt-bert gpt-bert.git``.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

VARIABLES = {name: f"CURATE_{name.upper()}" for name in ("gpt_bert", "ltg_bert", "elc_bert")}


def where(name: str) -> str | None:
    """The folder given for a repository, or None."""
    return os.environ.get(VARIABLES[name]) or None


def load(repository: str | Path, path: str) -> types.ModuleType:
    """Import one file of a repository from a temporary copy."""
    repository = Path(repository)
    if (repository / path).is_file():
        source = (repository / path).read_bytes()
    else:
        command = ["git", "-C", str(repository), "show", f"HEAD:{path}"]
        source = subprocess.run(command, check=True, capture_output=True).stdout
    name = f"published_{Path(path).stem}_{abs(hash(str(repository)))}"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"{name}.py")
        copy.write_bytes(source)
        spec = importlib.util.spec_from_file_location(name, copy)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module
