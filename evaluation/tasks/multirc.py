"""MultiRC: is an answer to a question on a paragraph right?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="multirc",
    title="MultiRC",
    years=(2023, 2024, 2025, 2026),
    citation="Khashabi et al. 2018, https://aclanthology.org/N18-1023; SuperGLUE",
    files=glue("multirc"),
    form=Form(
        first=("question", "answer"), second=("paragraph",), template="Question: {} Answer: {}", group="paragraph"
    ),
    metric="accuracy",
)
