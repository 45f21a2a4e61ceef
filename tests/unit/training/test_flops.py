"""FLOPs: against torch's counter on the real models, and against published totals."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from training import flops
from training.models.settings import Bert, ElcBert, Gpt2, GptBert, Llama, LtgBert, Roberta
from training.optim import schedule
from training.optim.settings import Cosine, Rows

ROWS, LENGTH, ANSWERS = 3, 24, 17
SIZES = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 4}
MODELS = [
    LtgBert(**SIZES, position_bucket_size=8),
    *(ElcBert(**SIZES, variant=variant) for variant in ("base", "zero", "normalized", "weighted_output")),
    GptBert(**SIZES),
    Gpt2(**SIZES),
    Llama(**SIZES),
    Llama(**SIZES, num_key_value_heads=2, tie_word_embeddings=False),
    Bert(**SIZES),
    Roberta(**SIZES),
]


@pytest.mark.parametrize("config", MODELS, ids=lambda config: config.use)
def test_the_formula_is_what_torch_counts(config):
    """Forward, and forward with backward, to the last multiplication; the mix of layers is no product."""
    torch.manual_seed(0)
    model = importlib.import_module(f"training.models.{config.use}").Model(config)
    inputs = torch.randint(config.vocab_size, (ROWS, LENGTH))
    tokens = ROWS * LENGTH
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as forward:
        hidden = model.hidden(inputs, causal=config.use in {"gpt2", "llama"}).flatten(0, 1)
        loss = model.logits(hidden[:ANSWERS]).sum()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as backward:
        loss.backward()
    arguments = config, LENGTH, ANSWERS / tokens
    once = flops.forward_flops_per_token(*arguments, tokens_at_once=tokens)
    assert tokens * (once.total - once.mixing) == pytest.approx(forward.get_total_flops(), rel=1e-12)
    both = flops.flops_per_token(*arguments, tokens_at_once=tokens)
    counted = forward.get_total_flops() + backward.get_total_flops()
    assert tokens * (both.total - both.mixing) == pytest.approx(counted, rel=1e-12)


def test_the_triangle_counts_each_visible_pair():
    """T (T + 1) / 2 pairs a row, each a product of queries and keys and one of probabilities and values."""
    config = Gpt2(**SIZES)
    pairs = LENGTH * (LENGTH + 1) / 2
    scores = flops.forward_flops_per_token(config, LENGTH, 1.0, triangle=True).scores
    assert scores * LENGTH == pairs * 4 * SIZES["hidden_size"] * SIZES["num_hidden_layers"]


def test_the_mix_of_layers():
    """GPT-BERT's sublayer m of 2L sums m + 1 states: a product and a sum for each number."""
    states = 2 + 3 + 4 + 5 + 6 + 7
    assert flops.forward_flops_per_token(GptBert(**SIZES), LENGTH, 0).mixing == 2 * 32 * states
    assert flops.forward_flops_per_token(ElcBert(**SIZES), LENGTH, 0).mixing == 2 * 32 * (1 + 2 + 3)
    weighted = ElcBert(**SIZES, variant="weighted_output")
    assert flops.forward_flops_per_token(weighted, LENGTH, 0).mixing == 2 * 32 * (1 + 2 + 3 + 4)


@pytest.mark.parametrize(
    ("config", "steps", "rows", "parameters", "tokens", "six_nd", "exact"),
    [
        (
            GptBert(vocab_size=16384),
            15_625,
            Rows(start=8192, stop=32768),
            119.45e6,
            4.10e10,
            2.9e19,
            2.8e19,
        ),
        (
            GptBert(vocab_size=8192, hidden_size=384, intermediate_size=1280, num_attention_heads=6),
            7_812,
            Rows(start=8192, stop=32768),
            29.89e6,
            2.05e10,
            3.7e18,
            3.7e18,
        ),
    ],
    ids=["base", "small"],
)
def test_published_runs_of_gpt_bert(config, steps, rows, parameters, tokens, six_nd, exact):
    """The totals of design/models.md §9 from the recipe alone: ramps of rows, length and mask rate, 1/16 causal."""
    settings = Cosine(length={0.0: 128, 0.7: 256, 0.9: 512}, rows=rows)
    total, student = 0, 0.0
    for step in range(0, steps, 25):  # every 25th stands for 25
        length = schedule.length(step, steps, settings)
        here = 25 * length * schedule.rows(step, steps, settings)
        supervised = 1 / 16 + 15 / 16 * schedule.ramp(step, steps, 0.30, 0.15)
        total += here
        student += here * (flops.flops_per_token(config, length, supervised).total)
    assert total == pytest.approx(tokens, rel=0.005)
    assert student == pytest.approx(exact, rel=0.02)
    report = flops.run_report(student=student, tokens=total, parameters=round(parameters))
    assert report["six_nd"] == pytest.approx(six_nd, rel=0.02)
    assert report["total"] == student


def test_a_report_names_what_others_leave_out():
    """BabyLlama: teachers are about 95% of the compute (design/models.md §9), and stand in the total."""
    student = Llama(
        vocab_size=16000,
        hidden_size=512,
        intermediate_size=1024,
        num_hidden_layers=16,
        num_attention_heads=8,
        tie_word_embeddings=False,
    )
    large = Llama(
        vocab_size=16000,
        hidden_size=1024,
        intermediate_size=3072,
        num_hidden_layers=24,
        num_attention_heads=8,
        tie_word_embeddings=False,
    )
    gpt2 = Gpt2(
        vocab_size=16000, hidden_size=1536, intermediate_size=6144, num_hidden_layers=24, num_attention_heads=16
    )
    tokens = 81_000_000
    taught = 4 * 13_500_000
    auxiliary = [
        *flops.teacher("llama", large, length=128, tokens=tokens, training=6 * 360.0e6 * taught),
        *flops.teacher("gpt2", gpt2, length=128, tokens=tokens, training=6 * 704.9e6 * taught),
        flops.tokenizer("bpe", 12.34),
        flops.frozen_vision("dino", 86_000_000, images=2),
    ]
    trained = tokens * flops.flops_per_token(student, 128, 1.0).total
    report = flops.run_report(student=trained, tokens=tokens, parameters=58_343_936, auxiliary=auxiliary)
    names = [part["name"] for part in report["auxiliary"]]
    assert names == [
        "training of teacher llama",
        "forward passes of teacher llama",
        "training of teacher gpt2",
        "forward passes of teacher gpt2",
        "tokenizer bpe",
        "image encoder dino",
    ]
    assert report["six_nd"] == pytest.approx(2.8e16, rel=0.02)
    assert sum(part["flops"] for part in report["auxiliary"] if "forward" in part["name"]) == pytest.approx(
        1.7e17, rel=0.05
    )
    assert report["auxiliary"][-1]["flops"] == 2 * 86e6 * 197 * 2
    assert report["total"] == trained + sum(part["flops"] for part in report["auxiliary"])
    assert 0.93 < 1 - trained / report["total"] < 0.97


def test_muon_costs_what_torch_counts():
    """At small batches Muon's products are as much as the model's, so they are told."""
    shapes = [(24, 64), (64, 24), (32, 32)]
    matrices = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    for matrix in matrices:
        matrix.grad = torch.randn_like(matrix)
    optimizer = torch.optim.Muon(matrices)
    with FlopCounterMode(display=False) as counter:
        optimizer.step()
    assert flops.muon_flops_per_step(shapes) == counter.get_total_flops()


def test_any_object_with_the_names_will_do():
    """An exported Hugging Face configuration has the same names."""
    config = SimpleNamespace(use="llama", **SIZES)
    assert flops.flops_per_token(config, LENGTH, 1.0) == flops.flops_per_token(Llama(**SIZES), LENGTH, 1.0)
