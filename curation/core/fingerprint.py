"""Fingerprints of settings and the seeds drawn from them: both stable across machines and versions."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def fingerprint(*parts: Any) -> str:
    """Return a 32-digit hexadecimal digest of JSON-able parts, independent of key order."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def seed_for(*parts: Any) -> int:
    """Return a 64-bit seed for, say, (manifest seed, step name): every draw names what it is for."""
    return int(fingerprint(*parts)[:16], 16)
