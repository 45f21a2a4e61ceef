"""Settings of the objectives and of masking. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Masking(_Settings):
    """Which tokens are hidden, and behind what."""

    use: Literal["tokens", "ltg_spans", "gpt_bert_spans"] = "gpt_bert_spans"
    """One by one (BERT), spans of geometric length (LTG-BERT), or spans of one to three (GPT-BERT)."""

    start: Share = 0.15
    """Share of tokens hidden at the first step."""

    stop: Share | None = None
    """Share at the last step, reached linearly; none keeps the first."""

    random: Share = 0.1
    """Share of hidden tokens that become a random token."""

    keep: Share = 0.1
    """Share of hidden tokens that stay as they are."""

    balanced: bool = True
    """Hide every token about equally often over the epochs (GPT-BERT's code; only for its spans)."""

    def rate(self, step: int, steps: int) -> float:
        """Return the share to hide at a step of a run of ``steps``."""
        if self.stop is None:
            return self.start
        return self.start + (self.stop - self.start) * min(step / max(steps, 1), 1.0)


class Causal(_Settings):
    """Predict the next token from those before it."""

    use: Literal["causal"] = "causal"
    """The objective."""

    z_loss: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared log-normaliser."""


class Masked(_Settings):
    """Predict hidden tokens from both sides, each at its own position."""

    use: Literal["masked"] = "masked"
    """The objective."""

    masking: Masking = Masking(use="tokens")
    """Which tokens are hidden."""

    z_loss: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared log-normaliser."""


class Hybrid(_Settings):
    """Both at once, row by row: hidden tokens are predicted one position early, so that all rows predict the next."""

    use: Literal["hybrid"] = "hybrid"
    """The objective."""

    causal_share: Share = 1 / 16
    """Share of causal rows: 1/16 won the 2024 challenge, 1/2 is the mixed baseline, 15/16 the causal-focused one."""

    masking: Masking = Masking(start=0.30, stop=0.15)
    """Which tokens of the other rows are hidden."""

    z_loss: Annotated[float, Field(ge=0)] = 1e-4
    """Weight of the squared log-normaliser."""


class Distillation(_Settings):
    """Predict the next token, and agree with the mean of teachers about it."""

    use: Literal["distillation"] = "distillation"
    """The objective."""

    teachers: tuple[str, ...] = ()
    """Run folders of the teachers; `--teacher` gives them on the command line."""

    alpha: Share = 0.5
    """Weight of the text's own next token; the rest is the teachers'."""

    temperature: Annotated[float, Field(gt=0)] = 2.0
    """Softens both distributions; the teachers' part is multiplied by its square."""

    kd_reduction: Literal["batch", "token"] = "batch"
    """Divide the summed divergence by rows, as BabyLlama's code did (T times more weight), or by tokens."""

    z_loss: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared log-normaliser."""


ObjectiveSettings = Annotated[Causal | Masked | Hybrid | Distillation, Field(discriminator="use")]
