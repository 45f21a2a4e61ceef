"""Errors of training that a user can mend, below ``CurateError``.

::

    TrainError          a run cannot begin or go on
    ├── RecipeError     the recipe cannot be used, or does not fit the corpus
    ├── TokenizerError  a tokenizer cannot be trained, read, or used with this corpus
    ├── ResumeError     a run folder or checkpoint is not what is asked for
    └── Diverged        too many steps in a row had no usable gradient
"""

from __future__ import annotations

from curation.core.errors import CurateError


class TrainError(CurateError):
    """A run cannot begin or go on."""


class RecipeError(TrainError):
    """The recipe cannot be used, or does not fit the corpus."""


class TokenizerError(TrainError):
    """A tokenizer cannot be trained, read, or used with this corpus."""


class ResumeError(TrainError):
    """A run folder or checkpoint is not what is asked for."""


class Diverged(TrainError):
    """Too many steps in a row had no usable gradient."""
