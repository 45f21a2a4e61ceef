"""Peer: GPT-BERT's published model code (github.com/ltgoslo/gpt-bert), fetched by whoever benchmarks.

Chosen, and why:
- ``pretraining/model_extra.py`` as it is, trained with its own two-part loss and z-loss, in [T, B] order.
- Not its dataset, which makes each row in Python: rows come as slices of the memory map and masks from three array
  operations for the whole batch, in the peer's favour. Attention masks say what its dataset's do, for rows of one
  document: everything in masked rows, the lower triangle in causal ones.
- Fused AdamW, as on our side, or with ``--optimizer lamb`` its own LAMB. Clipping is torch's.
- The accuracies that its ``forward`` also computes are part of its step.
"""

import types

import numpy as np
import torch
from torch import Tensor

from tests.benchmark import published
from tests.benchmark.peers_train import common
from tests.benchmark.peers_train.common import Clock, Job

Z_LOSS = 1e-4


def config(job: Job) -> types.SimpleNamespace:
    """The names that the published code reads."""
    drop = 0.1 if job.dropout is None else job.dropout
    return types.SimpleNamespace(
        vocab_size=job.vocabulary, hidden_size=job.width, intermediate_size=job.inner, num_hidden_layers=job.layers,
        num_attention_heads=job.heads, hidden_dropout_prob=drop, attention_probs_dropout_prob=drop,
        max_position_embeddings=512, position_bucket_size=32, layer_norm_eps=1e-5,
    )  # fmt: skip


class Loader:
    """Batches: masked rows first, as the published loss wants them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._tokens = common.Tokens(job, beyond=1)
        self._draws = np.random.default_rng(0)
        causal_rows = round(job.causal_share * job.rows)
        self.masked_rows = job.rows - causal_rows
        blocked = torch.zeros(job.rows, job.length, job.length, dtype=torch.bool)
        blocked[self.masked_rows :] = torch.ones(job.length, job.length, dtype=torch.bool).triu(1)
        self._blocked = blocked

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs [T, B], what is blocked [B, T, T], labels [T, B]."""
        job = self._job
        ids = self._tokens.rows(self._draws.integers(0, self._tokens.count, job.rows))
        inputs, labels = ids[:, :-1].clone(), ids[:, 1:].clone()
        chosen = torch.rand(self.masked_rows, job.length + 1) < job.mask_rate
        fate = torch.rand(self.masked_rows, job.length)
        shown = inputs[: self.masked_rows]
        hidden = chosen[:, :-1]
        shown[hidden & (fate >= 0.2)] = common.MASK
        replaced = hidden & (fate < 0.1)
        shown[replaced] = torch.randint(common.SPECIALS, job.vocabulary, (int(replaced.sum()),))
        labels[: self.masked_rows][~chosen[:, 1:]] = -100
        # A copy, as its loader makes one: attention fills scores by it.
        return inputs.t().contiguous(), self._blocked, labels.t().contiguous()


def main() -> None:
    """Train until the clock stops."""
    job = common.read_job()
    module = published.load(job.published, "pretraining/model_extra.py")
    model = module.Bert(config(job))
    decayed = [p for n, p in model.named_parameters() if "bias" not in n and "layer_norm" not in n]
    rest = [p for n, p in model.named_parameters() if "bias" in n or "layer_norm" in n]
    groups = [{"params": decayed, "weight_decay": common.DECAY}, {"params": rest, "weight_decay": 0.0}]
    if job.optimizer == "lamb":
        lamb = published.load(job.published, "pretraining/lamb.py")
        optimizer = lamb.Lamb(groups, lr=common.RATE, betas=common.BETAS)
    else:
        optimizer = torch.optim.AdamW(groups, lr=common.RATE, betas=common.BETAS, fused=True)
    loader, clock = Loader(job), Clock(job)
    ratio = loader.masked_rows / job.rows
    model.train()
    forward = torch.compile(model) if job.compiled else model
    while not clock.tick():
        with torch.autocast("cpu", torch.bfloat16, enabled=job.bf16):
            loss, *_, z_loss, _ = forward(*loader.batch(), num_masked=loader.masked_rows, ratio=ratio)
        (loss + Z_LOSS * z_loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), common.CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    clock.answer(model)


if __name__ == "__main__":
    main()
