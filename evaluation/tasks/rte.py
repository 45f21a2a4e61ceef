"""RTE: does a text entail a sentence?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="rte",
    title="RTE",
    years=(2023, 2024, 2025, 2026),
    citation="Dagan et al. 2005 and after, in Wang et al. 2018, https://arxiv.org/abs/1804.07461; GLUE",
    files=glue("rte"),
    form=Form(first=("sentence1",), second=("sentence2",)),
    metric="accuracy",
)
