"""CoLA: is a sentence acceptable?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="cola",
    title="CoLA",
    years=(2023, 2024),
    citation="Warstadt et al. 2019, https://arxiv.org/abs/1805.12471; GLUE",
    files=glue("cola"),
    form=Form(first=("sentence",)),
    metric="mcc",
)
