"""Settings of the optimisers, of the learning rate and of the ramps. No torch.

Published values: LTG-BERT (arXiv 2303.09859), ELC-BERT (2311.02265) and GPT-BERT (2410.24159) with LAMB; BabyLlama
(2308.02019) and the BabyLM baselines with AdamW.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Momentum = Annotated[float, Field(ge=0, lt=1)]
#: A part of a run: a share of its steps below 1, or a whole number of steps.
Part = Annotated[StrictInt, Field(ge=0)] | Annotated[float, Field(ge=0, lt=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class _Optimizer(_Settings):
    lr: Positive = 1e-3
    """Learning rate at its highest; the schedule multiplies it."""

    betas: tuple[Momentum, Momentum] = (0.9, 0.95)
    """Decay of the means of gradients and of their squares."""

    eps: Positive = 1e-8
    """Added to the root of the mean square."""

    weight_decay: NotNegative = 0.1
    """Pull towards zero, of every parameter that ``no_decay`` does not name."""

    no_decay: tuple[str, ...] = ("bias", "norm", "layer_mix")
    """Parameters whose name contains one of these are not decayed; nor does LAMB scale their step by their norm."""

    clip: Positive | None = 1.0
    """Largest norm of the gradient of all parameters together; none does not clip."""

    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay of a moving average of the weights at each step, which the run then exports; none keeps no average."""


class Adamw(_Optimizer):
    """AdamW (arXiv 1711.05101), torch's fused kernel."""

    use: Literal["adamw"] = "adamw"
    """The optimiser."""


class Lamb(_Optimizer):
    """LAMB (arXiv 1904.00962) as the LTG models use it: no own clipping, the trust ratio only where weights decay.

    The defaults are GPT-BERT's: embeddings, the relative table and the layer weights decay and are scaled. LTG-BERT
    adds ``embedding`` to ``no_decay``, ELC-BERT ``embedding`` and ``layer_mix``.
    """

    use: Literal["lamb"] = "lamb"
    """The optimiser."""

    lr: Positive = 1e-2
    """Learning rate at its highest; the schedule multiplies it."""

    betas: tuple[Momentum, Momentum] = (0.9, 0.98)
    """Decay of the means of gradients and of their squares."""

    no_decay: tuple[str, ...] = ("bias", "layer_norm")
    """A parameter whose name contains one of these is not decayed, and its step is not scaled by its norm."""

    clip: Positive | None = 2.0
    """Largest norm of the gradient of all parameters together; none does not clip."""


class Muon(_Optimizer):
    """Muon (arXiv 2502.16982) for the matrices of hidden layers, AdamW for the rest, on one learning rate.

    Its steps are scaled to the size of AdamW's. Each costs about 20 m n min(m, n) FLOPs a matrix whatever the batch:
    with a few hundred tokens a step that is as much as the model itself (``flops.muon_flops_per_step``).
    """

    use: Literal["muon"] = "muon"
    """The optimiser."""

    momentum: Momentum = 0.95
    """Decay of the mean of the matrices' gradients; ``betas`` and ``eps`` are AdamW's."""

    adamw: tuple[str, ...] = ("embedding", "untied")
    """A matrix whose name contains one of these is no hidden layer: AdamW takes it."""


OptimizerSettings = Annotated[Adamw | Lamb | Muon, Field(discriminator="use")]


def _pairs(value: Any) -> Any:
    if isinstance(value, int):
        return ((0.0, value),)
    return tuple(value.items()) if isinstance(value, Mapping) else value


def _rising(stages: Sequence[tuple[float, int]]) -> Sequence[tuple[float, int]]:
    shares = [share for share, _ in stages]
    if not shares or shares[0] != 0:
        raise ValueError("the first length must start at share 0.0 of the run")
    if any(after <= before for before, after in pairwise(shares)):
        raise ValueError("shares of the run must rise")
    return stages


#: Row lengths by the share of steps from which they hold: ``128``, or ``{0.0: 128, 0.7: 256, 0.9: 512}``.
Lengths = Annotated[
    tuple[tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[int, Field(ge=1)]], ...],
    BeforeValidator(_pairs),
    AfterValidator(_rising),
    PlainSerializer(dict),
]


class Rows(_Settings):
    """Rows of a step, growing linearly with the steps."""

    start: Annotated[int, Field(ge=1)]
    """At the first step."""

    stop: Annotated[int, Field(ge=1)]
    """At the last step."""


def _constant(value: Any) -> Any:
    return {"start": value, "stop": value} if isinstance(value, int) else value


class _Schedule(_Settings):
    warmup: Part = 0.016
    """Steps over which the rate rises from 0: a share of the run below 1, or a whole number of steps."""

    cooldown: Part = 0.0
    """Last steps, over which the rate falls linearly to 0 from where it was: a share of the run, or steps."""

    length: Lengths = ((0.0, 128),)
    """Tokens of a row: one number, or numbers by the share of steps from which they hold."""

    rows: Annotated[Rows, BeforeValidator(_constant)] = Rows(start=4, stop=4)
    """Rows of a step at the first length: one number, or start and stop. Longer rows are fewer, for as many tokens."""


class Cosine(_Schedule):
    """Down a half cosine (arXiv 1608.03983)."""

    use: Literal["cosine"] = "cosine"
    """The schedule."""

    final: Share = 0.1
    """Share of the highest rate that is reached at the end, before the cooldown."""


class Linear(_Schedule):
    """Down a straight line."""

    use: Literal["linear"] = "linear"
    """The schedule."""

    final: Share = 0.0
    """Share of the highest rate that is reached at the end, before the cooldown."""


class Constant(_Schedule):
    """At the highest rate after the warm-up."""

    use: Literal["constant"] = "constant"
    """The schedule."""


class Trapezoid(_Schedule):
    """At the highest rate, then down to 0 over the cooldown (arXiv 2405.18392)."""

    use: Literal["trapezoid"] = "trapezoid"
    """The schedule."""

    cooldown: Part = 0.2
    """Last steps, over which the rate falls linearly to 0: a share of the run, or steps."""


ScheduleSettings = Annotated[Cosine | Linear | Constant | Trapezoid, Field(discriminator="use")]
