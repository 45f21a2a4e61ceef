"""Every arm under the same audit: a broken budget is refused, and text that was to be held out is looked for.

A line of held-out text is seen in a corpus when the corpus holds a fifth of its word 8-grams (``curation.audit``); only
lines of at least 8 words are looked for: "do you want some more" proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from curation.core.artifact import write_text
from curation.core.events import Event, Warned
from evaluation.ablation.corpora import ArmCorpus, curate
from evaluation.ablation.errors import AblationError

#: Words of the n-grams that the audit looks for.
NGRAM = 8
#: Share of a held-out text's lines that an arm may have trained on before its user is warned.
TOLERATED = 0.01


def audit_arms(
    rules: str | None,
    corpora: Mapping[str, ArmCorpus],
    heldout: Mapping[str, Path],
    folder: Path,
    listen: Callable[[Event], None],
) -> dict[str, dict[str, Any]]:
    """Audit each arm's corpus.

    Args:
        rules: profile that all arms must keep, or None.
        corpora: of the arms.
        heldout: domain to text.
        folder: gets the lines that are looked for.
        listen: is warned of what the audit cannot say, and of held-out text in a corpus.

    Returns:
        arm to ``exit`` (0 or 2, None without rules), ``verdict`` and ``overlap``: domain to ``lines`` that were looked
        for and ``seen``.

    Raises:
        AblationError: an arm breaks a rule, or cannot be audited.
    """
    asked = _lines(heldout, folder)
    found: dict[str, dict[str, Any]] = {}
    known: dict[str, dict[str, Any]] = {}
    for name, corpus in corpora.items():
        if corpus.digest not in known:
            known[corpus.digest] = _audit(name, corpus, rules, asked)
            if known[corpus.digest]["exit"] == 2:
                listen(Warned(f"{name}: the audit under {rules} cannot say whether the rules hold"))
            for domain, overlap in known[corpus.digest]["overlap"].items():
                if overlap["seen"] > TOLERATED * overlap["lines"]:
                    what = f"{overlap['seen']:,} of {overlap['lines']:,} lines of the held-out text {domain}"
                    listen(Warned(f"{name}: its corpus holds {what}: its bits per byte there are no test"))
        found[name] = known[corpus.digest]
    return found


def _lines(heldout: Mapping[str, Path], folder: Path) -> list[Path]:
    """Write the long lines of each text in the form that the audit reads."""
    files = []
    for domain, path in heldout.items():
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if len(line.split()) >= NGRAM]
        if lines:
            files.append(folder / f"{domain}.jsonl")
            write_text(files[-1], "".join(json.dumps({"text": line}) + "\n" for line in lines))
    return files


def _audit(arm: str, corpus: ArmCorpus, rules: str | None, asked: list[Path]) -> dict[str, Any]:
    named = [] if rules is None else ["--rules", rules]
    looked_for = [part for file in asked for part in ("--contamination", str(file))]
    done = curate("audit", str(corpus.folder), *named, *looked_for, "--json")
    try:
        told = json.loads(done.stdout)
        tasks = told.pop("contamination")["tasks"] if asked else []
        overlap = {Path(task["task"]).name: {"lines": task["compared"], "seen": task["seen"]} for task in tasks}
    except (ValueError, KeyError, TypeError) as error:
        raise AblationError(f"cannot be audited: {done.stderr.strip()[-500:]}", where=f"arms.{arm}") from error
    if rules is not None and done.returncode == 1:
        hint = f"see `curate audit {corpus.folder} --rules {rules}`"
        raise AblationError(f"breaks the rules of {rules}", where=f"arms.{arm}", hint=hint)
    if rules is None:
        return {"exit": None, "verdict": None, "overlap": overlap}
    return {"exit": done.returncode, "verdict": told, "overlap": overlap}
