"""Our LTG-BERT, ELC-BERT and GPT-BERT are the published ones: equal logits and gradients on equal weights.

``CURATE_GPT_BERT=DIR pytest -m benchmark tests/benchmark/test_published_models.py``, or, for a table of differences,
``python -m tests.benchmark.test_published_models --gpt-bert DIR --ltg-bert DIR --elc-bert DIR``. A DIR is a checkout or
a bare repository of github.com/ltgoslo/{gpt,ltg,elc}-bert; without one its tests skip.

Every parameter is drawn at random first, so that none of them hides behind an initial value of 0 or 1.
"""

import argparse
import importlib
import os
import re
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from tests.benchmark import published

pytestmark = pytest.mark.benchmark

LOGITS = 1e-4
GRADIENTS = 5e-4
"""Relative to a parameter's largest; weights of layer mixes are sums of 10^5 products of both signs, in float32."""
VOCABULARY, BATCH = 101, 6
SIZES = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "vocab_size": VOCABULARY,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "max_position_embeddings": 512,
    "position_bucket_size": 32,
    "layer_norm_eps": 1e-5,
}
LENGTHS = (1, 17, 64, 300)
"""Below the buckets of single distances, above them, and where distances share the wide buckets."""

VARIANTS = ("base", "zero", "normalized", "weighted_output")
GPT_BERT = ("gpt_bert", "pretraining/model_extra.py", None)
OTHERS = [
    ("ltg_bert", "babylm/train/model.py", None),
    *(("elc_bert", f"models/model_elc_bert_{variant}.py", variant) for variant in VARIANTS),
]
ROWS = ("masked", "causal", "mixed", "packed")


def published_name(family: str, name: str, layers: int) -> str:
    """Where a parameter of ours stands in the published code."""
    gated = family == "gpt_bert"
    attention = r"transformer.attention_layers.\1." if gated else r"transformer.layers.\1.attention."
    feed_forward = r"transformer.mlp_layers.\1.mlp." if gated else r"transformer.layers.\1.mlp.mlp."
    mix = r"transformer.dwa_modules.alphas.\1" if gated else r"transformer.layers.\1.prev_layer_weights"
    rules = [
        (r"layers\.(\d+)\.attention\.query_key\.", attention + "in_proj_qk."),
        (r"layers\.(\d+)\.attention\.value\.", attention + ("in_proj_vg." if gated else "in_proj_v.")),
        (r"layers\.(\d+)\.attention\.output\.", attention + "out_proj."),
        (r"layers\.(\d+)\.attention\.output_layer_norm\.", attention + "post_layer_norm."),
        (r"layers\.(\d+)\.feed_forward\.up\.", feed_forward + "1."),
        (r"layers\.(\d+)\.feed_forward\.down\.", feed_forward + "4."),
        (r"layer_mix\.(\d+)$", mix),
        (r"head\.transform\.", "classifier.nonlinearity.1."),
        (r"head\.bias$", "classifier.nonlinearity.5.bias"),
    ]
    if not gated and name == f"layer_mix.{layers}":
        return "transformer.prev_layer_weights"  # what the head reads, in weighted_output
    for pattern, replacement in rules:
        found, count = re.subn("^" + pattern, replacement, name)
        if count:
            return found
    return name  # the embeddings have the same names


def pair(family: str, path: str, variant: str | None, repository: str) -> tuple[nn.Module, nn.Module]:
    """Our model and the published one with the same random weights, without dropout."""
    sizes = SIZES | ({"variant": variant} if variant else {})
    torch.manual_seed(0)
    ours = importlib.import_module(f"training.models.{family}").Model(SimpleNamespace(**sizes)).eval()
    theirs = published.load(repository, path).Bert(SimpleNamespace(**sizes)).eval()
    there = dict(theirs.named_parameters())
    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            parameter.normal_(std=0.3 if parameter.dim() == 1 else 0.15)
            there.pop(published_name(family, name, SIZES["num_hidden_layers"])).copy_(parameter)
    assert not there, f"without a counterpart: {sorted(there)}"
    return ours, theirs


def rows(kind: str, length: int) -> tuple[Tensor | None, bool | Tensor, Tensor]:
    """Segments and causal as we take them, and what is blocked [B, T, T] as GPT-BERT's code takes it."""
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    if kind in {"masked", "causal"}:
        causal = kind == "causal"
        return None, causal, (later & causal).expand(BATCH, length, length).clone()
    causal_rows = torch.arange(BATCH) % 2 == 1
    blocked = later & causal_rows[:, None, None]
    if kind == "mixed":
        return None, causal_rows, blocked
    # Documents of random lengths, one after the other; the last row ends in padding.
    generator = torch.Generator().manual_seed(length)
    segments = 1 + (torch.rand(BATCH, length, generator=generator) < 4 / length).cumsum(1)
    segments[-1, length - length // 4 :] = 0
    seen = (segments[:, :, None] == segments[:, None, :]) & (segments != 0)[:, None, :]
    return segments, causal_rows, blocked | ~seen


def weights_of(there: Tensor) -> Tensor:
    """Random weights for each logit that counts, so that every one of them has a gradient of its own."""
    return torch.randn(*there.shape, VOCABULARY, generator=torch.Generator().manual_seed(1)) * there[..., None]


def differences(
    family: str, pairs: tuple[nn.Module, nn.Module], ours: Tensor, theirs: Tensor, there: Tensor
) -> tuple[float, float]:
    """Largest difference of logits [B, T, V] and, relative to a parameter's largest, of gradients."""
    weights = weights_of(there)
    for model, logits in zip(pairs, (ours, theirs), strict=True):
        model.zero_grad()
        (logits * weights).sum().div(there.sum()).backward()
    published_parameters = dict(pairs[1].named_parameters())
    largest = max(float(p.grad.abs().max()) for p in published_parameters.values() if p.grad is not None)
    worst = 0.0
    for name, parameter in pairs[0].named_parameters():
        mine = parameter.grad
        other = published_parameters[published_name(family, name, SIZES["num_hidden_layers"])].grad
        if mine is None or other is None:
            assert mine is None or not mine.any(), name
            continue
        # Sums that cancel, such as the gradient of keys' bias, are rounding errors of the terms: hence a floor.
        scale = max(float(other.abs().max()), 0.01 * largest)
        worst = max(worst, float((mine - other).abs().max()) / scale)
    return float(((ours - theirs) * there[..., None]).detach().abs().max()), worst


def compare_gpt_bert(repository: str, kind: str, length: int) -> tuple[float, float]:
    """Differences of logits and gradients."""
    pairs = ours, theirs = pair(*GPT_BERT, repository)
    ids = torch.randint(0, VOCABULARY, (BATCH, length), generator=torch.Generator().manual_seed(2))
    segments, causal, blocked = rows(kind, length)
    mine = ours.logits(ours.hidden(ids, segments=segments, causal=causal))
    states = theirs.get_contextualized(ids.t(), blocked)
    other = theirs.classifier.nonlinearity(states).transpose(0, 1)
    # Padding sees nothing and is nothing in both; all positions are compared.
    return differences("gpt_bert", pairs, mine, other, torch.ones(BATCH, length))


def compare_encoder(family: str, path: str, variant: str | None, repository: str, length: int) -> tuple[float, float]:
    """Differences of logits and gradients of LTG-BERT or ELC-BERT, with rows that end in padding."""
    pairs = ours, theirs = pair(family, path, variant, repository)
    ids = torch.randint(0, VOCABULARY, (BATCH, length), generator=torch.Generator().manual_seed(2))
    segments = torch.ones(BATCH, length, dtype=torch.int64)
    for row in range(1, BATCH):
        segments[row, length - row * length // (2 * BATCH) :] = 0
    mine = ours.logits(ours.hidden(ids, segments=segments, causal=False))
    other = theirs(ids.t(), segments == 0).transpose(0, 1)
    # What stands at padding differs and is never read.
    return differences(family, pairs, mine, other, (segments != 0).float())


def repository_of(name: str) -> str:
    """The published code, or skip."""
    folder = published.where(name)
    if folder is None:
        pytest.skip(f"set {published.VARIABLES[name]} to a checkout or bare repository of the published code")
    return folder


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", ROWS)
def test_gpt_bert_equals_the_published_code(kind, length):
    logits, gradients = compare_gpt_bert(repository_of("gpt_bert"), kind, length)
    assert logits < LOGITS
    assert gradients < GRADIENTS


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("model", OTHERS, ids=lambda model: model[2] or model[0])
def test_ltg_and_elc_bert_equal_the_published_code(model, length):
    logits, gradients = compare_encoder(*model, repository_of(model[0]), length)
    assert logits < LOGITS
    assert gradients < GRADIENTS


def main() -> int:
    """Print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in published.VARIABLES:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, default=published.where(name), help="checkout or bare repository")
    args = vars(parser.parse_args())
    worst = 0.0
    print("| model | rows | length | logits | gradients |", "|---|---|---:|---:|---:|", sep="\n")

    def show(model: str, kind: str, length: int, found: tuple[float, float]) -> float:
        print(f"| {model} | {kind} | {length} | {found[0]:.1e} | {found[1]:.1e} |", flush=True)
        return max(found[0] / LOGITS, found[1] / GRADIENTS)

    if args["gpt_bert"]:
        for kind in ROWS:
            for length in LENGTHS:
                worst = max(worst, show("gpt_bert", kind, length, compare_gpt_bert(args["gpt_bert"], kind, length)))
    for model in OTHERS:
        if args[model[0]]:
            for length in LENGTHS:
                found = compare_encoder(*model, args[model[0]], length)
                worst = max(worst, show(f"{model[0]} {model[2] or ''}".strip(), "padded", length, found))
    print(f"at most {worst:.2f} of what is allowed: {LOGITS:.0e} for logits, {GRADIENTS:.0e} for gradients")
    return int(worst >= 1)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
