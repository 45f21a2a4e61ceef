"""MNLI: does a premise entail, leave open or contradict a hypothesis? Matched genres."""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="mnli",
    title="MNLI",
    years=(2023, 2024, 2025, 2026),
    citation="Williams et al. 2018, https://arxiv.org/abs/1704.05426; GLUE",
    files=glue("mnli", scored_2023="validation_matched"),
    form=Form(first=("premise",), second=("hypothesis",), labels=3),
    metric="accuracy",
    shares=True,
)
