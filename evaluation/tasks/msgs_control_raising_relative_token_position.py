"""MSGS, which generalisation wins: control or raising, or "the" before "a"?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_control_raising_relative_token_position",
    title="MSGS CR_RTP",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("control_raising_relative_token_position"),
    form=MSGS,
    metric="mcc",
    ids="control_raising_relative_token_position",
)
