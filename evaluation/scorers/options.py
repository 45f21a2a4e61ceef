"""How a text becomes a score: what stands around it, what is counted, and how many tokens are run at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Temperature = Annotated[float, Field(gt=0, le=100)]


class ScoringOptions(BaseModel):
    """Options of the scorers of neural models."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    begin: bool | None = None
    """Whether a begin token stands before every text; none leaves it to the tokenizer's own post-processor."""

    end: bool | None = None
    """Whether an end token stands after every text, and is scored; none leaves it to the tokenizer, not scored."""

    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1, max_length=64)] = (1.0,)
    """What logits are divided by: all are scored from the same logits."""

    pll: Literal["original", "within_word_l2r"] = "original"
    """Pseudo-log-likelihood: mask one token (Salazar et al. 2020), or also the rest of its word to its right
    (Kauf & Ivanova 2023, arXiv 2305.10588)."""

    batch_tokens: Annotated[int, Field(ge=16, le=65536)] | None = None
    """Tokens run at once; none takes what is quickest. Scores do not depend on it (within 1e-4)."""
