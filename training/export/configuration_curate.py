"""Configuration of the LTG models for Hugging Face Auto classes; copied into every export."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig


class CurateConfig(PretrainedConfig):
    """Sizes of LTG-BERT, ELC-BERT or GPT-BERT, and how it was trained.

    ``predicts_next`` says that position k of the masked model answers with token k + 1 (GPT-BERT); the "mntp" backend
    of the BabyLM evaluation expects exactly that. ``shift_mlm`` moves the answers of ``AutoModelForMaskedLM`` one
    position on, to where ordinary masked-model users look.
    """

    model_type = "curate"

    def __init__(
        self,
        use: str = "gpt_bert",
        vocab_size: int = 16384,
        hidden_size: int = 384,
        intermediate_size: int = 1280,
        num_hidden_layers: int = 12,
        num_attention_heads: int = 6,
        max_position_embeddings: int = 512,
        position_bucket_size: int = 32,
        layer_norm_eps: float = 1e-5,
        hidden_dropout_prob: float = 0.1,
        attention_probs_dropout_prob: float = 0.1,
        classifier_dropout: float | None = None,
        variant: str = "zero",
        trained_on: tuple[str, ...] = ("causal", "masked"),
        predicts_next: bool = True,
        shift_mlm: bool = False,
        **kwargs: Any,
    ) -> None:
        """Keep the values under their names."""
        self.use = use
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        self.position_bucket_size = position_bucket_size
        self.layer_norm_eps = layer_norm_eps
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.classifier_dropout = classifier_dropout
        self.variant = variant
        self.trained_on = list(trained_on)
        self.predicts_next = predicts_next
        self.shift_mlm = shift_mlm
        kwargs["use_cache"] = False
        super().__init__(**kwargs)
