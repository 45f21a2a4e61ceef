"""MSGS, a control: is there an adjective?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_syntactic_category_control",
    title="MSGS SC (control)",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("syntactic_category_control"),
    form=MSGS,
    metric="mcc",
    ids="syntactic_category_control",
)
