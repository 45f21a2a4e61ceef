"""Errors of ablations that a user can mend."""

from __future__ import annotations

from evaluation.errors import EvaluateError


class AblationError(EvaluateError):
    """An ablation cannot begin or go on."""
