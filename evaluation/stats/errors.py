"""The one error of the statistics."""

from __future__ import annotations

from curation.core.errors import CurateError


class StatisticsError(CurateError):
    """The numbers given cannot answer the question asked of them."""
