"""MSGS, a control: is there a "the"?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_lexical_content_the_control",
    title="MSGS LC (control)",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("lexical_content_the_control"),
    form=MSGS,
    metric="mcc",
    ids="lexical_content_the_control",
)
