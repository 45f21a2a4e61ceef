"""EWoK, targets compared (2024, 2025): given a context, is its own target likelier than the other one?

The data are gated and may not be redistributed: use your own licensed copy, filtered as the official script does.
"""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import ewok_targets

TASK = Choice(
    name="ewok",
    title="EWoK",
    years=(2024, 2025),
    citation="Ivanova et al. 2024, https://arxiv.org/abs/2405.09605; babylm/evaluation-pipeline-2025, read_files.py",
    files={"full": "full_eval/ewok_filtered", "fast": "fast_eval/ewok_fast"},
    fields=("Context1", "Context2", "Target1", "Target2", "Domain"),
    item=ewok_targets,
)
