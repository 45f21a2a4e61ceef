"""What is found, what is refused, and that every family is scored as its own forward pass says."""

from __future__ import annotations

import json
import shutil
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluation.errors import NotFinite, NotTrusted, SubjectError
from evaluation.networks.lean import Lean
from evaluation.queries import Query
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import score
from evaluation.subject import Subject
from tests import tiny_models
from tests.unit.training.export.exports import CASES, write_case

pytestmark = pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
TEXTS = ["The dog ran under the tree.", "The dog ran under it.", "They like the old cats and", "don't", "the the"]
DEFAULT = {"causal": "causal", "masked": "mlm", "hybrid": "mntp"}


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return tiny_models.make("gpt2", tmp_path_factory.mktemp("gpt2"))


@pytest.fixture
def copy(gpt2, tmp_path):
    return shutil.copytree(gpt2, tmp_path / "copy")


def change(folder, name, **changes):
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def one_by_one(subject, backend):
    """The sums of each text, by Hugging Face's or our exported class, one row at a time."""
    model = subject._load("AutoModelForCausalLM" if backend == "causal" else "AutoModelForMaskedLM")
    tokenizer, totals = subject.tokenizer, []
    with torch.inference_mode():
        for text in TEXTS:
            encoded = tokenizer(text, return_offsets_mapping=True)
            ids, total = torch.tensor([encoded["input_ids"]]), 0.0
            for place, (_, end) in enumerate(encoded["offset_mapping"]):
                if end == 0 or (place == 0 and backend != "mlm"):
                    continue
                row, at = ids.clone(), place if backend == "mlm" else place - 1
                if backend != "causal":
                    row[0, place] = tokenizer.mask_token_id
                total += float(model(row).logits.log_softmax(-1)[0, at, ids[0, place]])
            totals.append(total)
    return totals


@pytest.mark.parametrize("name", CASES)
def test_our_exports_need_no_trust_and_score_as_their_class_does(name, tmp_path):
    """All families, both ways; for any batch size and order."""
    write_case(tmp_path / "case", name)
    backend = DEFAULT[CASES[name][1]]
    subject = Subject.open(str(tmp_path / "case" / "model"))
    assert subject.backend == backend
    assert isinstance(subject.scorer()._network, Lean)
    for way in {"mntp": ("mntp", "causal")}.get(backend, (backend,)):
        expected = one_by_one(subject, way)
        for tokens in (None, 16):
            options = ScoringOptions(batch_tokens=tokens)
            scorer = Subject.open(str(tmp_path / "case" / "model"), options=options).scorer(way)
            found = score(scorer, [Query(text) for text in reversed(TEXTS)]).totals()[::-1]
            assert np.abs(found - expected).max() < 1e-4


def test_a_run_and_its_milestones_are_found(gpt2, tmp_path):
    run = tmp_path / "run"
    for place in ("model", "milestones/chck_3M", "milestones/chck_20M"):
        shutil.copytree(gpt2, run / place)
    record = {"run_version": 1, "status": "done", "corpus": {"digest": "ab"}, "result": {"words_seen": 21_000_000}}
    (run / "run.json").write_text(json.dumps(record))
    last, early = Subject.open(str(run)), Subject.open(str(run), revision="chck_3M")
    assert (last.name, last.corpus, last.words_seen, last.revision) == ("run", "ab", 21_000_000, None)
    assert (early.name, early.words_seen, early.revision) == ("run", 3_000_000, "chck_3M")
    assert Subject.open(str(run / "milestones" / "chck_20M")).words_seen == 20_000_000
    assert last.digest == early.digest
    with pytest.raises(SubjectError, match="chck_3M, chck_20M"):
        Subject.open(str(run), revision="chck_4M")
    (run / "run.json").write_text(json.dumps(record | {"status": "running"}))
    with pytest.raises(SubjectError, match="did not finish"):
        Subject.open(str(run))


def test_what_is_known_of_a_folder(gpt2):
    subject = Subject.open(str(gpt2))
    assert (subject.backend, subject.max_length, subject.record, subject.corpus) == ("causal", 64, None, None)
    assert subject.parameters == sum(t.numel() for n, t in load_file(gpt2 / "model.safetensors").items())
    model, tokenizer, width = subject.encoder()
    states = model(**tokenizer(["a cat sat"], return_tensors="pt")).last_hidden_state
    assert states.shape[-1] == width == 32
    assert states.dtype == torch.float32


def test_a_hub_model_without_a_network_fails_at_once():
    start = time.monotonic()
    with pytest.raises(SubjectError, match="HF_HUB_OFFLINE"):
        Subject.open("nobody/no-such-model")
    assert time.monotonic() - start < 20
    with pytest.raises(SubjectError, match="no such folder"):
        Subject.open("./nothing here")


def test_code_of_its_own_is_not_run_unless_allowed(copy):
    change(copy, "config.json", auto_map={"AutoModelForCausalLM": "mine.Model"}, model_type="mine")
    (copy / "mine.py").write_text("raise SystemExit('ran')\n")
    with pytest.raises(NotTrusted, match=r"mine\.py.*could do anything"):
        Subject.open(str(copy))


def test_a_tokenizer_with_code_of_its_own_is_not_run(copy):
    change(copy, "tokenizer_config.json", auto_map={"AutoTokenizer": ["mine.Tokenizer", None]})
    with pytest.raises(NotTrusted, match="AutoTokenizer"):
        Subject.open(str(copy))


def test_pickled_weights_are_not_opened(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(NotTrusted, match=r"pickle \(pytorch_model\.bin\)"):
        Subject.open(str(copy))
    (copy / "pytorch_model.bin").unlink()
    with pytest.raises(SubjectError, match="no weights"):
        Subject.open(str(copy))


def test_a_tokenizer_of_another_model_is_refused(copy):
    change(copy, "config.json", vocab_size=100)
    with pytest.raises(SubjectError, match="only knows 100 tokens"):
        Subject.open(str(copy))


def test_damaged_folders_are_refused(copy):
    (copy / "tokenizer.json").write_text("{")
    with pytest.raises(SubjectError, match="tokenizer cannot be loaded"):
        Subject.open(str(copy))
    (copy / "config.json").write_text("[1")
    with pytest.raises(SubjectError, match=r"config\.json cannot be read"):
        Subject.open(str(copy))
    (copy / "config.json").unlink()
    with pytest.raises(SubjectError, match="not a model"):
        Subject.open(str(copy))


def test_the_backend_must_suit(copy, gpt2):
    with pytest.raises(SubjectError, match="no backend 'clausal'"):
        Subject.open(str(gpt2), backend="clausal")
    with pytest.raises(SubjectError, match=r"cannot be loaded|no weights for"):
        Subject.open(str(gpt2), backend="mlm").scorer()
    change(copy, "config.json", architectures=None)
    with pytest.raises(SubjectError, match="does not tell how to score it"):
        Subject.open(str(copy))
    change(copy, "tokenizer_config.json", mask_token=None)
    with pytest.raises(SubjectError, match="no mask token"):
        Subject.open(str(copy), backend="mlm")


def test_a_model_without_a_pad_token_is_scored(copy, gpt2):
    change(copy, "tokenizer_config.json", pad_token=None)
    change(copy, "config.json", pad_token_id=None)
    queries = [Query(text) for text in TEXTS]
    bare, whole = (score(Subject.open(str(folder)).scorer(), queries).totals() for folder in (copy, gpt2))
    assert np.abs(bare - whole).max() < 1e-5


def test_weights_that_are_not_numbers_are_told(copy):
    weights = load_file(copy / "model.safetensors")
    weights["transformer.h.0.attn.c_attn.weight"][0, 0] = float("nan")
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(NotFinite, match="not finite"):
        score(Subject.open(str(copy)).scorer(), [Query("a cat sat")])


def test_half_precision_weights_are_scored_in_full(copy):
    weights = {name: tensor.bfloat16() for name, tensor in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    change(copy, "config.json", dtype="bfloat16", torch_dtype="bfloat16")
    subject = Subject.open(str(copy))
    found = score(subject.scorer(), [Query(text) for text in TEXTS]).totals()
    assert next(subject._load("AutoModelForCausalLM").parameters()).dtype == torch.float32
    assert np.abs(found - one_by_one(subject, "causal")).max() < 1e-4
