"""Errors of evaluation that a user can mend, below ``CurateError``.

::

    EvaluateError       an evaluation cannot begin or go on
    ├── SuiteError      a suite or task cannot be used
    ├── DataError       evaluation data are missing, truncated or not what a task reads
    ├── SubjectError    a model cannot be loaded or does not fit its tokenizer
    │   └── NotTrusted  it needs code of its own to run, and that was not allowed
    ├── Unsupported     this task cannot be asked of this subject: the task is reported so, and the others go on
    └── NotFinite       the model returned NaN or infinity
"""

from __future__ import annotations

from curation.core.errors import CurateError


class EvaluateError(CurateError):
    """An evaluation cannot begin or go on."""


class SuiteError(EvaluateError):
    """A suite or task cannot be used."""


class DataError(EvaluateError):
    """Evaluation data are missing, truncated or not what a task reads."""


class SubjectError(EvaluateError):
    """A model cannot be loaded or does not fit its tokenizer."""


class NotTrusted(SubjectError):
    """A model needs code of its own to run, and that was not allowed."""


class Unsupported(EvaluateError):
    """A task cannot be asked of this subject."""


class NotFinite(EvaluateError):
    """The model returned NaN or infinity."""
