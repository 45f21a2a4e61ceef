"""GlobalPIQA, English, nonparallel set: which of two ways works? Log-probability a token decides (2026)."""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import solutions

TASK = Choice(
    name="global_piqa_nonparallel",
    title="GlobalPIQA (nonparallel)",
    years=(2026,),
    citation="https://arxiv.org/abs/2510.24081; babylm-org/babylm-eval, read_files.py",
    files={"full": "full_eval/global_piqa_nonparallel", "fast": "fast_eval/global_piqa_nonparallel"},
    fields=("prompt", *(f"solution{number}" for number in range(2)), "label", "example_id"),
    item=solutions,
    reduction="mean",
)
