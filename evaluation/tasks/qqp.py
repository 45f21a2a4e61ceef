"""QQP: do two questions ask the same?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="qqp",
    title="QQP",
    years=(2023, 2024, 2025, 2026),
    citation="Quora question pairs; Wang et al. 2018, https://arxiv.org/abs/1804.07461; GLUE",
    files=glue("qqp"),
    form=Form(first=("question1",), second=("question2",)),
    metric="f1",
)
