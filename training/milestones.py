"""The marks of words seen at which the challenge asks for a model: 1M to 10M, 20M to 100M, 200M to 1000M.

As the 2025 evaluation names them: ``chck_1M`` and so on (babylm/evaluation-pipeline-2025, README). Words *seen* count,
repeats included.
"""

from __future__ import annotations

MILLION = 1_000_000
MARKS = tuple(
    number * scale * MILLION
    for scale, numbers in ((1, range(1, 11)), (10, range(2, 11)), (100, range(2, 11)))
    for number in numbers
)


def name_of(words: int) -> str:
    """Return the name of a mark: 3,000,000 is ``chck_3M``."""
    return f"chck_{words // MILLION}M"


def passed(before: int, after: int) -> list[str]:
    """Return the marks that lie above ``before`` words seen and not above ``after``."""
    return [name_of(mark) for mark in MARKS if before < mark <= after]
