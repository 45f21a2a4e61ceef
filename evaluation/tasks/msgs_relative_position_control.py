"""MSGS, a control: does "the" come before "a"?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_relative_position_control",
    title="MSGS RP (control)",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("relative_position_control"),
    form=MSGS,
    metric="mcc",
    ids="relative_position_control",
)
