"""Cross-entropy of a vocabulary projection, in blocks, with the gradient made in the forward pass.

The logits of a batch (tokens x vocabulary) are the largest array of a small language model. Here a block of rows is
projected, its loss and its gradient are taken while it lies in cache, and only gradients of the size of the features
and of the projection are kept (the idea of Liger and Cut Cross-Entropy, arXiv 2410.10989 and 2411.09009, without a
custom kernel). On a CPU that saves memory traffic; on a GPU memory. Teachers' logits (distillation) are made and used
block by block in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

BLOCK = 128


class Losses(NamedTuple):
    """What the projection costs."""

    total: Tensor
    """The loss to go down; a scalar with a gradient."""

    cross_entropy: Tensor
    """Cross-entropy of each row [N], in nats, without gradient."""

    divergence: Tensor
    """Kullback-Leibler divergence from the teachers of each row [N], at their temperature; 0 without teachers."""


class Projection(NamedTuple):
    """What makes logits: ``features @ weight.T + bias``."""

    features: Tensor
    """[N, D]."""

    weight: Tensor
    """[V, D]."""

    bias: Tensor | None
    """[V] or None."""

    def logits(self, rows: slice) -> Tensor:
        """Return the logits of some rows in float32 [n, V], fresh."""
        logits = (self.features[rows] @ self.weight.to(self.features.dtype).T).float()
        return logits if self.bias is None else logits.add_(self.bias)


@dataclass(frozen=True)
class Teaching:
    """What teachers add: weight x T^2 x KL(teachers || student), both softened by T (Hinton, arXiv 1503.02531)."""

    teachers: list[Projection]
    """Their logits are averaged before the softmax."""

    weights: Tensor
    """Weight of the divergence of each row, float32 [N]."""

    temperature: float


class _BlockedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        targets: Tensor,
        row_weights: Tensor,
        z_loss: float,
        teaching: Teaching | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        student = Projection(features, weight.to(features.dtype), bias)
        wanted = ctx.needs_input_grad[:3]
        features_grad = torch.empty_like(features) if wanted[0] else None
        weight_grad = torch.zeros_like(weight) if wanted[1] else None
        bias_grad = torch.zeros_like(bias) if bias is not None and wanted[2] else None
        losses = torch.empty(len(targets), dtype=torch.float32, device=features.device)
        divergences = torch.zeros_like(losses)
        total = torch.zeros((), dtype=torch.float32, device=features.device)
        for start in range(0, len(targets), BLOCK):
            rows = slice(start, start + BLOCK)
            target, scale = targets[rows, None], row_weights[rows, None]
            logits = student.logits(rows)
            taught = None
            if teaching is not None:
                divergences[rows], taught = _taught(logits, rows, teaching)
                total += (divergences[rows] * teaching.weights[rows]).sum() * teaching.temperature**2
            chosen = logits.gather(1, target)
            highest = logits.amax(1, keepdim=True)
            powers = logits.sub_(highest).exp_()
            sums = powers.sum(1, keepdim=True)
            normaliser = highest + sums.log()
            row_loss = normaliser - chosen
            losses[rows] = row_loss[:, 0]
            total += (scale * (row_loss + z_loss * normaliser.square())).sum()
            if not any(wanted):
                continue
            # d/dlogits of the loss: w (p - 1[target]) + w z 2 lse p, built in place of the logits.
            grad = powers.mul_(scale * (1 + 2 * z_loss * normaliser) / sums)
            grad.scatter_add_(1, target, -scale)
            if taught is not None:
                grad += taught
            if bias_grad is not None:
                bias_grad += grad.sum(0)
            grad = grad.to(features.dtype)
            if features_grad is not None:
                torch.mm(grad, student.weight, out=features_grad[rows])
            if weight_grad is not None:
                if weight_grad.dtype == grad.dtype:
                    weight_grad.addmm_(grad.T, features[rows])
                else:
                    weight_grad += grad.T @ features[rows]
        ctx.save_for_backward(features_grad, weight_grad, bias_grad)
        ctx.mark_non_differentiable(losses, divergences)
        return total, losses, divergences

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        scale = grads[0]
        scaled = (None if grad is None else grad * scale.to(grad.dtype) for grad in ctx.saved_tensors)
        return *scaled, None, None, None, None


def _taught(logits: Tensor, rows: slice, teaching: Teaching) -> tuple[Tensor, Tensor]:
    """Return the divergence of each row [n], and its gradient towards the student's logits [n, V], weighted."""
    heat = teaching.temperature
    mean = teaching.teachers[0].logits(rows)
    for teacher in teaching.teachers[1:]:
        mean += teacher.logits(rows)
    theirs = (mean / (len(teaching.teachers) * heat)).log_softmax(1)
    ours = (logits / heat).log_softmax(1)
    expected = theirs.exp()
    divergence = (expected * (theirs - ours)).sum(1)
    # d/dz of w T^2 KL is w T^2 (softmax(z/T) - q) / T.
    return divergence, ours.exp_().sub_(expected).mul_(teaching.weights[rows, None] * heat)


def linear_cross_entropy(
    student: Projection,
    targets: Tensor,
    row_weights: Tensor,
    *,
    z_loss: float = 0.0,
    teaching: Teaching | None = None,
) -> Losses:
    """Return the weighted sum of cross-entropies of a projection.

    Args:
        student: features [N, D], weight [V, D], bias [V]; the gradient goes to all three.
        targets: int64 [N].
        row_weights: float32 [N]; 1/N each gives the mean.
        z_loss: weight of the squared log-normaliser (PaLM, arXiv 2204.02311 §5).
        teaching: what teachers add.
    """
    return Losses(*_BlockedCrossEntropy.apply(*student, targets, row_weights, z_loss, teaching))  # type: ignore[no-untyped-call]
