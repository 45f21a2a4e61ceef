"""How every kernel is compiled: on first use, without the GIL, cached on disk.

With ``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python: the oracle that tests compare with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _digest_of_sources() -> str:
    digest = hashlib.blake2b(digest_size=16)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


#: numba notices a change of the file that a kernel stands in, not of the kernels and tables that it uses from other
#: files: an upgrade could run old code. So what is cached is stamped with all sources of this folder.
STAMP = _digest_of_sources()


def kernel(function: F) -> F:
    """Compile a kernel lazily."""
    return _stamped(numba.njit(nogil=True, cache=True, boundscheck=False)(function))


def inlined(function: F) -> F:
    """Compile a small function that only kernels call. LLVM inlines it, so numba need not."""
    return _stamped(numba.njit(nogil=True, cache=True, boundscheck=False, inline="never")(function))


def _stamped(compiled: F) -> F:
    cache = getattr(compiled, "_cache", None)  # there is none with NUMBA_DISABLE_JIT=1
    if cache is not None:
        cache._cache_file._source_stamp = STAMP  # noqa: SLF001  (numba has no public way; a unit test watches this)
    return compiled
