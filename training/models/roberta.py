"""RoBERTa: "A robustly optimized BERT pretraining approach", arXiv 1907.11692; BabyBERTa's architecture.

BERT's computation; Hugging Face's ``RobertaForMaskedLM`` counts positions from the padding id on and names its head
differently, which the export does (``export/plain.py``).
"""

from __future__ import annotations

from training.models.bert import Model as Bert


class Model(Bert):
    """RoBERTa with its language head."""
