"""Making a finding of curate's own rules, and the digest of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.audit.verdict import NAMED_DOCUMENTS, Finding, Status

OURS = "curate"


def finding(rule: str, status: Status, message: str, names: Sequence[str] = (), **more: Any) -> Finding:
    """Return a finding of curate's own rules; ``names`` are documents or files concerned."""
    more = {"source": OURS, "documents_total": len(names), **more}
    return Finding(rule=rule, status=status, message=message, documents=tuple(names[:NAMED_DOCUMENTS]), **more)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
