"""How every kernel is compiled: on first use, without the GIL, cached on disk, IEEE arithmetic.

With ``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python: the oracle that tests compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a kernel lazily."""
    return numba.njit(nogil=True, cache=True, boundscheck=False)(function)


def inlined(function: F) -> F:
    """Compile a small function that only kernels call."""
    return numba.njit(nogil=True, cache=True, boundscheck=False, inline="never")(function)
