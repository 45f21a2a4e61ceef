"""MNLI-mm: MNLI's model on genres that its training rows do not have."""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="mnli_mm",
    title="MNLI-mm",
    years=(2023, 2024),
    citation="Williams et al. 2018, https://arxiv.org/abs/1704.05426; GLUE",
    files={
        **glue("mnli", "mnli-mm", scored_2023="validation_mismatched"),
        "select": glue("mnli", scored_2023="validation_matched")["scored"],
    },
    form=Form(first=("premise",), second=("hypothesis",), labels=3),
    metric="accuracy",
    ids="mnli-mm",
    trained_as="mnli",
)
