"""QNLI: does a sentence answer a question?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="qnli",
    title="QNLI",
    years=(2023, 2024),
    citation="Wang et al. 2018, https://arxiv.org/abs/1804.07461; GLUE",
    files=glue("qnli"),
    form=Form(first=("question",), second=("sentence",)),
    metric="accuracy",
)
