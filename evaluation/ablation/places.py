"""Paths in an ablation file: relative to it, with ``${NAME}`` and ``${NAME:-default}`` from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evaluation.ablation.errors import AblationError

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def beside(file: Path, reference: str) -> Path:
    """Return a path that an ablation file names.

    Raises:
        AblationError: a variable is not set and has no default.
    """

    def value(found: re.Match[str]) -> str:
        name, default = found.group(1), found.group(2)
        known = os.environ.get(name) or default
        if known is None:
            hint = f"set {name}, or write ${{{name}:-DEFAULT}}"
            raise AblationError(f"the variable {name} is not set", where=f"{file.name}: {reference}", hint=hint)
        return known

    path = Path(_VARIABLE.sub(value, reference)).expanduser()
    return path if path.is_absolute() else file.parent / path


def recipe_at(file: Path, recipe: str) -> str:
    """Return a recipe's name, or the path of its file, which is beside the ablation's."""
    return str(beside(file, recipe)) if recipe.endswith((".yaml", ".yml")) else recipe
