"""MSGS, which generalisation wins: main verb in -ing, or "the"?"""

from __future__ import annotations

from evaluation.kinds.finetune import MSGS, FineTune, msgs

TASK = FineTune(
    name="msgs_main_verb_lexical_content_the",
    title="MSGS MV_LC",
    years=(2023,),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.emnlp-main.16; babylm/evaluation-pipeline-2023",
    files=msgs("main_verb_lexical_content_the"),
    form=MSGS,
    metric="mcc",
    ids="main_verb_lexical_content_the",
)
