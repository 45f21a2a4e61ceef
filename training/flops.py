"""Training compute, by formula: matrix products, forward and backward, as ``FlopCounterMode`` of torch counts them.

For one token of the body and one answer of the head, forward, with D, I, L, V, T for width, inner width, layers,
vocabulary and row length (a product of [m, k] and [k, n] is 2 m k n)::

    projections     2 L c D^2            c = 4; 5 with GPT-BERT's gate; 2 + 2 G/H with G key heads for H query heads
    scores          4 L T D              queries by keys, and probabilities by values; every pair of positions
    positions       4 L (2K - 1) D       LTG family: content by the K-bucket tables, both ways
    feed_forward    2 L 3 D I            gated (LTG family, Llama); 2 L 2 D I without a gate
    head            2 f (D^2 + V D)      f = answers per token; no D^2 where there is no transform (GPT-2, Llama)
    relative_table  2 L (2K - 1) 2 D^2   LTG family: once a pass, so divided by the tokens of a pass
    mixing          sums over layers     GPT-BERT, ELC-BERT: not a matrix product, which the counter leaves out

The backward pass is twice the forward pass. Look-ups, norms, activations and the optimiser are not counted (Muon's
matrix products are: ``muon_flops_per_step``). Causal attention counts every pair, unless ``triangle`` asks for what a
kernel that skips the upper half does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

LTG = frozenset({"ltg_bert", "elc_bert", "gpt_bert"})
GATED = LTG | {"llama"}
TRANSFORM = LTG | {"bert", "roberta"}
METHOD = (
    "analytic: matrix products, backward twice the forward, every pair of positions in attention, vocabulary "
    "projection on answered positions only; no optimiser, norms or activations; tested against torch's FlopCounterMode"
)


class Flops(NamedTuple):
    """FLOPs by part."""

    projections: float
    scores: float
    positions: float
    feed_forward: float
    head: float
    relative_table: float
    mixing: float

    @property
    def total(self) -> float:
        """All parts together."""
        return sum(self)

    def times(self, factor: float) -> Flops:
        """Return every part multiplied, as by a number of tokens."""
        return Flops(*(part * factor for part in self))


class Auxiliary(NamedTuple):
    """Compute beside the student's training."""

    name: str
    """What did it."""

    flops: float
    """How much."""

    how: str
    """How it was counted."""


def forward_flops_per_token(
    config: Any, length: int, supervised: float, *, tokens_at_once: int | None = None, triangle: bool = False
) -> Flops:
    """Return the FLOPs of a forward pass for each token that goes in, padding included.

    Args:
        config: sizes under Hugging Face's names, and the family as ``use`` (``training.models.settings``).
        length: tokens of a row.
        supervised: answers per token that goes in, 0 to 1.
        tokens_at_once: tokens of a pass, to share the relative table over; None leaves it out.
        triangle: count the pairs of causal attention only, (T + 1) / 2 keys a token.
    """
    family, layers, width = config.use, config.num_hidden_layers, config.hidden_size
    keys = (length + 1) / 2 if triangle else length
    buckets = 2 * config.position_bucket_size - 1 if family in LTG else 0
    projections = {"gpt_bert": 5.0, "llama": 2 + 2 * _key_heads(config) / config.num_attention_heads}.get(family, 4.0)
    matrices = 3 if family in GATED else 2
    return Flops(
        projections=2 * layers * projections * width**2,
        scores=4 * layers * keys * width,
        positions=4 * layers * buckets * width,
        feed_forward=2 * layers * matrices * width * config.intermediate_size,
        head=2 * supervised * (config.vocab_size * width + (width**2 if family in TRANSFORM else 0)),
        relative_table=4 * layers * buckets * width**2 / tokens_at_once if tokens_at_once else 0.0,
        mixing=2 * width * _mixed_states(config),
    )


def flops_per_token(
    config: Any, length: int, supervised: float, *, tokens_at_once: int | None = None, triangle: bool = False
) -> Flops:
    """Return the FLOPs of training on a token, forward and backward; arguments as ``forward_flops_per_token``."""
    forward = forward_flops_per_token(config, length, supervised, tokens_at_once=tokens_at_once, triangle=triangle)
    return forward.times(3)


def _key_heads(config: Any) -> int:
    return getattr(config, "num_key_value_heads", None) or int(config.num_attention_heads)


def _mixed_states(config: Any) -> int:
    """Return how many states the weighted sums of all layers read."""
    layers = int(config.num_hidden_layers)
    if config.use == "gpt_bert":  # sum m of 2L reads the embeddings and m sublayers
        return sum(range(2, 2 * layers + 2))
    if config.use == "elc_bert":
        return sum(range(1, layers + 1 + (config.variant == "weighted_output")))
    return 0


def muon_flops_per_step(shapes: Iterable[Sequence[int]], iterations: int = 5) -> float:
    """Return the FLOPs of Muon's orthogonalisation in a step, for matrices of these shapes [rows, columns].

    An iteration on the short side m and the long side n is two products of 2 m^2 n and one of 2 m^3.
    """
    sides = [(min(shape), max(shape)) for shape in shapes]
    return float(sum(iterations * (4 * short**2 * long + 2 * short**3) for short, long in sides))


def teacher(name: str, config: Any, *, length: int, tokens: int, training: float) -> tuple[Auxiliary, Auxiliary]:
    """Return a teacher's own training (from its run) and its forward passes over the student's ``tokens``."""
    passes = forward_flops_per_token(config, length, 1.0).total * tokens
    return (
        Auxiliary(f"training of teacher {name}", training, "as its run reports"),
        Auxiliary(f"forward passes of teacher {name}", passes, "analytic, logits at every position"),
    )


def frozen_vision(name: str, parameters: int, images: int, tokens: int = 197) -> Auxiliary:
    """Return a frozen image encoder's forward passes; ``images`` counts each once if its features are kept."""
    how = f"2 x {parameters:,} parameters x {tokens} tokens x {images:,} images"
    return Auxiliary(f"image encoder {name}", 2.0 * parameters * tokens * images, how)


def tokenizer(name: str, cpu_seconds: float) -> Auxiliary:
    """Return the training of a tokenizer: it counts strings and does no arithmetic to speak of."""
    return Auxiliary(f"tokenizer {name}", 0.0, f"counting, no matrix products: {cpu_seconds:.1f} CPU-seconds")


def run_report(
    *, student: float, tokens: int, parameters: int, auxiliary: Iterable[Auxiliary] = (), optimizer: float = 0.0
) -> dict[str, Any]:
    """Return what a run's training cost, as JSON.

    Args:
        student: FLOPs of the student's training, summed over its steps.
        tokens: tokens it was trained on, repeats counted.
        parameters: its parameters, embeddings included and tied ones once.
        auxiliary: teachers, image encoders, tokenizers.
        optimizer: Muon's matrix products; 0 for AdamW and LAMB.

    Returns:
        ``method``, ``student``, ``optimizer``, ``six_nd`` (6 x parameters x tokens, to compare with other reports),
        ``auxiliary`` (a list of name, flops, how) and ``total``, which adds the student, optimiser and auxiliaries.
    """
    parts = [part._asdict() for part in auxiliary]
    return {
        "method": METHOD,
        "student": student,
        "optimizer": optimizer,
        "six_nd": 6.0 * parameters * tokens,
        "auxiliary": parts,
        "total": student + optimizer + sum(part["flops"] for part in parts),
    }
