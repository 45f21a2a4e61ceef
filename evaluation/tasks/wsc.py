"""WSC: does a pronoun refer to a noun? Winograd schemas."""

from __future__ import annotations

from evaluation.finetune.examples import Form
from evaluation.kinds.finetune import FineTune, glue

TASK = FineTune(
    name="wsc",
    title="WSC",
    years=(2023, 2024, 2025, 2026),
    citation="Levesque et al. 2012, https://aaai.org/papers/4492; SuperGLUE",
    files=glue("wsc"),
    form=Form(
        first=("span2_text", "span1_text"),
        second=("text",),
        template='Does "{}" refer to "{}" in this passage?',
        group="text",
    ),
    metric="accuracy",
)
