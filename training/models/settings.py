"""The sizes of each model family, under the names that Hugging Face configurations use.

Published sizes: LTG-BERT (arXiv 2303.09859), ELC-BERT (2311.02265), GPT-BERT (2410.24159), BabyLlama (2308.02019).
No torch here: a recipe is validated before anything heavy is loaded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class _Sizes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)

    vocab_size: int = 0
    """Size of the vocabulary; 0 takes the tokenizer's."""

    hidden_size: Count = 768
    """Width of the residual stream."""

    intermediate_size: Count = 2048
    """Width inside the feed-forward layers."""

    num_hidden_layers: Count = 12
    """Layers; each holds an attention and a feed-forward sublayer."""

    num_attention_heads: Count = 12
    """Attention heads; they divide the width."""

    hidden_dropout_prob: Share = 0.1
    """Dropout on embeddings and sublayer outputs."""

    attention_probs_dropout_prob: Share = 0.1
    """Dropout on attention probabilities."""

    @model_validator(mode="after")
    def _heads_divide(self) -> _Sizes:
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_attention_heads {self.num_attention_heads}"
            )
        return self


class _RelativeSizes(_Sizes):
    max_position_embeddings: Count = 512
    """Distance from which all positions share the last bucket; longer inputs run."""

    position_bucket_size: Annotated[int, Field(ge=4, multiple_of=2)] = 32
    """Buckets of relative distance on each side, itself included."""

    layer_norm_eps: Annotated[float, Field(gt=0)] = 1e-7
    """Added to the variance in layer norms."""

    @model_validator(mode="after")
    def _far_is_beyond_near(self) -> _RelativeSizes:
        near = self.position_bucket_size // 2  # distances up to it have a bucket each
        if self.max_position_embeddings < near + 2:
            raise ValueError(
                f"max_position_embeddings {self.max_position_embeddings} must be at least {near + 2} with "
                f"position_bucket_size {self.position_bucket_size}"
            )
        return self


class LtgBert(_RelativeSizes):
    """LTG-BERT: DeBERTa-like relative positions, GEGLU, extra layer norms."""

    use: Literal["ltg_bert"] = "ltg_bert"
    """The family."""


class ElcBert(_RelativeSizes):
    """ELC-BERT: LTG-BERT whose layers read a learned mix of all layers before them."""

    use: Literal["elc_bert"] = "elc_bert"
    """The family."""

    variant: Literal["base", "zero", "normalized", "weighted_output"] = "zero"
    """How the mix starts and what a layer puts out (models/elc_bert.py)."""


class GptBert(_RelativeSizes):
    """GPT-BERT: LTG-BERT with gated attention and dense layer weighting, for causal and masked rows."""

    use: Literal["gpt_bert"] = "gpt_bert"
    """The family."""

    layer_norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    """Added to the variance in layer norms."""

    intermediate_size: Count = 2560
    """Width inside the feed-forward layers."""


class _AbsoluteSizes(_Sizes):
    max_position_embeddings: Count = 512
    """The longest input."""

    tie_word_embeddings: bool = True
    """Share the embedding with the output layer."""

    initializer_range: Annotated[float, Field(gt=0)] = 0.02
    """Standard deviation of the initial weights."""


class Gpt2(_AbsoluteSizes):
    """GPT-2: learned positions, pre-norm, GELU; the Hugging Face class on export."""

    use: Literal["gpt2"] = "gpt2"
    """The family."""

    intermediate_size: Count = 3072
    """Width inside the feed-forward layers."""

    layer_norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    """Added to the variance in layer norms."""


class Llama(_AbsoluteSizes):
    """Llama: rotary positions, RMS norm, SwiGLU; the Hugging Face class on export."""

    use: Literal["llama"] = "llama"
    """The family."""

    num_key_value_heads: int | None = None
    """Heads of keys and values; none means as many as query heads."""

    hidden_dropout_prob: Literal[0] = 0
    """Llama has no dropout on hidden states."""

    attention_probs_dropout_prob: Share = 0.0
    """Dropout on attention probabilities."""

    rms_norm_eps: Annotated[float, Field(gt=0)] = 1e-6
    """Added to the mean square in RMS norms."""

    rope_theta: Annotated[float, Field(gt=0)] = 10000.0
    """Base of the rotary frequencies."""

    @model_validator(mode="after")
    def _groups_divide(self) -> Llama:
        if self.num_key_value_heads and self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} is not a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )
        if (self.hidden_size // self.num_attention_heads) % 2:
            raise ValueError(f"heads of {self.hidden_size // self.num_attention_heads} cannot be rotated in pairs")
        return self


class Bert(_AbsoluteSizes):
    """BERT: learned positions, post-norm, GELU, a transform before the output layer."""

    use: Literal["bert"] = "bert"
    """The family."""

    intermediate_size: Count = 3072
    """Width inside the feed-forward layers."""

    layer_norm_eps: Annotated[float, Field(gt=0)] = 1e-12
    """Added to the variance in layer norms."""


class Roberta(Bert):
    """RoBERTa: BERT whose positions are counted after the padding id."""

    use: Literal["roberta"] = "roberta"
    """The family."""

    layer_norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    """Added to the variance in layer norms."""


ModelSettings = Annotated[LtgBert | ElcBert | GptBert | Gpt2 | Llama | Bert | Roberta, Field(discriminator="use")]
