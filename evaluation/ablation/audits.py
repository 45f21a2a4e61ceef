"""Every arm under the same audit: a broken budget is refused, and text that was to be held out is looked for.

A line of held-out text is seen in a corpus when the corpus holds a fifth of its word 8-grams (``curation.audit``). Only
lines of at least 8 words (without a speaker's code before a tab) are looked for: "do you want more" proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.core.artifact import write_text
from curation.core.events import Event, Warned
from evaluation.ablation.corpora import ArmCorpus, curate, place_of
from evaluation.ablation.errors import AblationError

#: Words of the n-grams that the audit looks for.
NGRAM = 8
#: Share of a held-out text's lines that an arm may have trained on before its user is warned.
TOLERATED = 0.01


class Auditor:
    """Audits corpora under the same rules, one with the same text once."""

    def __init__(
        self, rules: str | None, heldout: Mapping[str, Path], folder: Path, listen: Callable[[Event], None]
    ) -> None:
        """Write the lines of held-out text that are looked for.

        Args:
            rules: profile that all arms must keep, or None.
            heldout: domain to text.
            folder: gets the lines.
            listen: is warned of what the audit cannot say, and of held-out text in a corpus.
        """
        self._rules = rules
        self._folder = folder
        self._listen = listen
        self._shares = _write_lines(heldout, folder)
        self._known: dict[str, dict[str, Any]] = {}
        for domain, share in self._shares.items():
            if not share:
                told = f"the held-out text {domain} has no line of {NGRAM} words: it is not looked for in the corpora"
                listen(Warned(told))

    def audit(self, name: str, corpus: ArmCorpus) -> dict[str, Any]:
        """Audit an arm's corpus.

        Returns:
            ``exit`` (0 or 2, None without rules), ``verdict`` and ``overlap``: domain to ``lines`` that were looked
            for, how many were ``seen``, and the ``share`` of the text's words that the lines have.

        Raises:
            AblationError: it breaks a rule, or cannot be audited.
        """
        if corpus.digest in self._known:
            return self._known[corpus.digest]
        found = _audit(name, corpus, self._rules, self._folder, self._shares)
        if found["exit"] == 2:
            self._listen(Warned(f"{name}: the audit under {self._rules} cannot say whether the rules hold"))
        for domain, overlap in found["overlap"].items():
            if overlap["seen"] > TOLERATED * overlap["lines"]:
                what = f"{overlap['seen']:,} of {overlap['lines']:,} lines of the held-out text {domain}"
                self._listen(Warned(f"{name}: its corpus holds {what}: its bits per byte there are no test"))
        self._known[corpus.digest] = found
        return found


def worst_of(audits: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the audit of an arm: the least certain verdict of its draws, and the most held-out lines seen in one."""
    worst = max(audits, key=lambda audit: audit["exit"] or 0)
    overlap = {
        domain: max((audit["overlap"][domain] for audit in audits), key=lambda of: of["seen"])
        for domain in worst["overlap"]
    }
    return {**worst, "overlap": overlap}


def _write_lines(heldout: Mapping[str, Path], folder: Path) -> dict[str, float]:
    """Write the long lines of each text in the form that the audit reads; return their share of its words."""
    shares = {}
    for domain, path in heldout.items():
        text = path.read_text(encoding="utf-8")
        parts = [part for line in text.split("\n") for part in line.split("\t") if _words(part) >= NGRAM]
        shares[domain] = sum(map(_words, parts)) / max(_words(text), 1)
        write_text(folder / f"{domain}.jsonl", "".join(json.dumps({"text": part}) + "\n" for part in parts))
    return shares


def _words(text: str) -> int:
    """Return the words that the audit compares: those with a letter or digit."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _audit(arm: str, corpus: ArmCorpus, rules: str | None, folder: Path, shares: Mapping[str, float]) -> dict[str, Any]:
    files = [str(folder / f"{domain}.jsonl") for domain, share in shares.items() if share]
    looked_for = [part for file in files for part in ("--contamination", file)]
    where = place_of(arm)
    hint = f"see `curate audit {corpus.folder} --rules {rules or 'none'} {' '.join(looked_for)}`"
    done = curate("audit", str(corpus.folder), "--rules", rules or "none", *looked_for, "--json")
    try:
        told = json.loads(done.stdout)
        tasks = told.pop("contamination")["tasks"] if files else []
    except (ValueError, KeyError, TypeError) as error:
        raise AblationError(f"cannot be audited: {done.stderr.strip()[-500:]}", where=where, hint=hint) from error
    if done.returncode == 1:
        broken = f"breaks the rules of {rules}" if rules else "its corpus is not what its lock says"
        raise AblationError(broken, where=where, hint=hint)
    overlap = {}
    for task in tasks:
        domain = Path(task["task"]).name
        overlap[domain] = {"lines": task["compared"], "seen": task["seen_long"], "share": shares[domain]}
    if rules is None:
        return {"exit": None, "verdict": None, "overlap": overlap}
    return {"exit": done.returncode, "verdict": told, "overlap": overlap}
