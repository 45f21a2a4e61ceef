"""MSGS, a control: is the main verb in the -ing form?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_main_verb_control",
    title="MSGS MV (control)",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("main_verb_control"),
    form=MSGS,
    metric="mcc",
    ids="main_verb_control",
)
