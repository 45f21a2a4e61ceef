"""EWoK, contexts compared (from May 2026): is a target likelier after its own context than after the other one?

The target's own probability cancels out, so that a likely target is no reason. Data as for ``ewok``.
"""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import ewok_contexts

TASK = Choice(
    name="ewok_contexts",
    title="EWoK (contexts)",
    years=(2026,),
    citation="Ivanova et al. 2024, https://arxiv.org/abs/2405.09605; babylm-org/babylm-eval, read_files.py",
    files={"full": "full_eval/ewok_filtered", "fast": "fast_eval/ewok_fast"},
    fields=("Context1", "Context2", "Target1", "Target2", "Domain"),
    item=ewok_contexts,
)
