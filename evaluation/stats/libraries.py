"""scipy and statsmodels, loaded when first needed: no verb pays for them that computes no statistics."""

from __future__ import annotations

import importlib
from typing import Any

from curation.core.errors import MissingExtra


def library(name: str) -> Any:
    """Import a module of scipy or statsmodels, such as ``scipy.special``.

    Raises:
        MissingExtra: the package is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = name.split(".", maxsplit=1)[0]
        hint = "pip install 'curate-corpora[evaluate]'"
        raise MissingExtra(f"{package} is not installed", where="statistics", hint=hint) from error
