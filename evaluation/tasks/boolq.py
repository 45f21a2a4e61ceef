"""BoolQ: yes/no questions on a passage."""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="boolq",
    title="BoolQ",
    years=(2023, 2024, 2025, 2026),
    citation="Clark et al. 2019, https://arxiv.org/abs/1905.10044; SuperGLUE",
    files=glue("boolq"),
    form=Form(first=("question",), second=("passage",)),
    metric="accuracy",
)
