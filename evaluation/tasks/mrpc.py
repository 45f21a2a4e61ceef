"""MRPC: are two sentences paraphrases?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="mrpc",
    title="MRPC",
    years=(2023, 2024, 2025, 2026),
    citation="Dolan and Brockett 2005, https://aclanthology.org/I05-5002; GLUE",
    files=glue("mrpc"),
    form=Form(first=("sentence1",), second=("sentence2",)),
    metric="f1",
)
