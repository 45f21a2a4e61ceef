"""SST-2: is a phrase of a film review positive?"""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="sst2",
    title="SST-2",
    years=(2023, 2024),
    citation="Socher et al. 2013, https://aclanthology.org/D13-1170; GLUE",
    files=glue("sst2"),
    form=Form(first=("sentence",)),
    metric="accuracy",
)
