"""The blocked cross-entropy against torch's own: values and every gradient."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)

from training.objectives.cross_entropy import BLOCK, Projection, Teaching, linear_cross_entropy

WIDTH, VOCABULARY = 12, 37


def _projection(rows: int, *, bias: bool = True, seed: int = 0) -> Projection:
    torch.manual_seed(seed)
    made = Projection(
        torch.randn(rows, WIDTH), torch.randn(VOCABULARY, WIDTH), torch.randn(VOCABULARY) if bias else None
    )
    for part in made:
        if part is not None:
            part.requires_grad_()
    return made


def _logits(projection: Projection) -> torch.Tensor:
    return F.linear(*projection)


def _gradients(loss: torch.Tensor, projection: Projection) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, [part for part in projection if part is not None]))


@pytest.mark.parametrize("rows", [0, 1, BLOCK, 2 * BLOCK + 3])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("z_loss", [0.0, 0.01])
def test_value_and_gradients_are_those_of_the_full_logits(rows, bias, z_loss):
    """Rows weigh differently; the z-loss is the weighted square of the log-normaliser."""
    projection = _projection(rows, bias=bias)
    targets, weights = torch.randint(0, VOCABULARY, (rows,)), torch.rand(rows)
    logits = _logits(projection)
    each = F.cross_entropy(logits, targets, reduction="none")
    expected = (weights * (each + z_loss * logits.logsumexp(1).square())).sum()
    found = linear_cross_entropy(projection, targets, weights, z_loss=z_loss)
    torch.testing.assert_close(found.total, expected)
    torch.testing.assert_close(found.cross_entropy, each.detach())
    for ours, theirs in zip(_gradients(3 * found.total, projection), _gradients(3 * expected, projection), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("teachers", [1, 3])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_teachers_add_the_divergence_from_their_mean_logits(teachers, temperature):
    """Weight x T^2 x KL(softmax(mean / T) || softmax(z / T)), as torch computes it from full logits."""
    rows = BLOCK + 5
    student = _projection(rows)
    theirs = [Projection(*(part.detach() for part in _projection(rows, seed=n))) for n in range(1, teachers + 1)]
    targets, weights, taught = torch.randint(0, VOCABULARY, (rows,)), torch.rand(rows), torch.rand(rows)
    logits = _logits(student)
    mean = torch.stack([_logits(teacher) for teacher in theirs]).mean(0)
    each = F.kl_div(
        (logits / temperature).log_softmax(1), (mean / temperature).log_softmax(1), reduction="none", log_target=True
    ).sum(1)
    expected = (weights * F.cross_entropy(logits, targets, reduction="none")).sum()
    expected = expected + (taught * each).sum() * temperature**2
    found = linear_cross_entropy(student, targets, weights, teaching=Teaching(theirs, taught, temperature))
    torch.testing.assert_close(found.total, expected)
    torch.testing.assert_close(found.divergence, each.detach())
    for ours, wanted in zip(_gradients(found.total, student), _gradients(expected, student), strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-5)


def test_large_logits_do_not_overflow():
    """The largest logit is taken off before the exponential."""
    projection = _projection(4)
    projection.features.data.mul_(1e4)
    found = linear_cross_entropy(projection, torch.tensor([0, 1, 2, 3]), torch.ones(4))
    torch.testing.assert_close(
        found.cross_entropy, F.cross_entropy(_logits(projection), torch.tensor([0, 1, 2, 3]), reduction="none").detach()
    )
    assert all(bool(gradient.isfinite().all()) for gradient in _gradients(found.total, projection))


def test_nothing_is_computed_for_what_needs_no_gradient():
    """A frozen projection gets none, and the features still do."""
    features, weight, bias = _projection(5)
    projection = Projection(features, weight.detach(), bias.detach())
    linear_cross_entropy(projection, torch.zeros(5, dtype=torch.long), torch.ones(5)).total.backward()
    assert features.grad is not None
    assert projection.weight.grad is None
