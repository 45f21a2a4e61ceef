"""Every arm under the same rules: an arm that breaks its budget is refused before a minute is spent on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from curation.core.events import Event, Warned
from evaluation.ablation.corpora import ArmCorpus, curate
from evaluation.ablation.errors import AblationError


def check_rules(
    rules: str | None, corpora: Mapping[str, ArmCorpus], listen: Callable[[Event], None]
) -> dict[str, dict[str, Any]]:
    """Audit each arm's corpus, and return what the audits say.

    Raises:
        AblationError: an arm breaks a rule.
    """
    if rules is None:
        return {}
    found: dict[str, dict[str, Any]] = {}
    known: dict[str, dict[str, Any]] = {}
    for name, corpus in corpora.items():
        if corpus.digest not in known:
            done = curate("audit", str(corpus.folder), "--rules", rules, "--json")
            try:
                told = json.loads(done.stdout)
            except ValueError as error:
                message = f"cannot be audited: {done.stderr.strip()[-500:]}"
                raise AblationError(message, where=f"arms.{name}") from error
            known[corpus.digest] = {"exit": done.returncode, "verdict": told}
            if done.returncode == 1:
                raise AblationError(
                    f"breaks the rules of {rules}",
                    where=f"arms.{name}",
                    hint=f"see `curate audit {corpus.folder} --rules {rules}`",
                )
            if done.returncode == 2:
                listen(Warned(f"{name}: the audit under {rules} cannot say whether the rules hold"))
        found[name] = known[corpus.digest]
    return found
