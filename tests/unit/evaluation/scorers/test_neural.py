"""Neural scorers: networks of each kind agree, runs go on where they stopped, and the options do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.errors import SubjectError
from evaluation.networks.hugging_face import HuggingFace
from evaluation.networks.lean import Lean
from evaluation.networks.load import network_for
from evaluation.queries import Query
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import score
from evaluation.subject import Subject
from tests import tiny_models

pytestmark = pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
QUERIES = [Query(text) for pair in tiny_models.PAIRS[:6] for text in pair]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    kinds = ("gpt2", "llama", "opt", "bert", "bart")
    return {kind: str(tiny_models.make(kind, tmp_path_factory.mktemp(kind))) for kind in kinds}


@pytest.mark.parametrize(("kind", "network"), [("llama", Lean), ("opt", HuggingFace)])
def test_the_quickest_network_that_is_right_is_taken(folders, kind, network):
    found = Subject.open(folders[kind]).scorer()._network
    assert type(found) is network
    assert found.branches


def test_a_model_that_knows_no_position_ids_is_run_text_by_text(tmp_path):
    import transformers

    config = transformers.BloomConfig(vocab_size=500, hidden_size=32, n_layer=2, n_head=4)
    tiny_models.redraw(transformers.BloomForCausalLM(config)).save_pretrained(tmp_path)
    tiny_models.byte_tokenizer().save_pretrained(tmp_path)
    subject = Subject.open(str(tmp_path))
    scorer = subject.scorer()
    assert not scorer._network.branches
    found = score(scorer, QUERIES).totals()
    scorer._network = HuggingFace(subject._load("AutoModelForCausalLM"))
    assert np.abs(score(scorer, QUERIES).totals() - found).max() < 1e-4


@pytest.mark.parametrize("way", [{}, {"narrow": True}, {"narrow": True, "branches": True}])
def test_every_way_of_running_hugging_face_models_gives_the_same(folders, way):
    subject = Subject.open(folders["llama"])
    scorer = subject.scorer()
    expected = score(scorer, QUERIES).totals()
    scorer._network = HuggingFace(subject._load("AutoModelForCausalLM"), **way)
    assert np.abs(score(scorer, QUERIES).totals() - expected).max() < 1e-4


def test_a_configuration_that_the_lean_model_does_not_know_is_left_to_hugging_face(tmp_path):
    folder = tiny_models.make("gpt2", tmp_path, scale_attn_by_inverse_layer_idx=True)
    model = Subject.open(str(folder))._load("AutoModelForCausalLM")
    assert isinstance(network_for(model, 100, causal=True), HuggingFace)


@pytest.mark.parametrize(
    ("kind", "backend"),
    [
        ("gpt2", "causal"),
        ("opt", "causal"),
        ("bert", "mlm"),
        ("bert", "mntp"),
        ("bart", "enc_dec_mask"),
        ("bart", "enc_dec_prefix"),
    ],
)
def test_a_stopped_run_goes_on_from_its_journal(folders, kind, backend, tmp_path):
    options = ScoringOptions(batch_tokens=64)
    scorer = Subject.open(folders[kind], backend=backend, options=options).scorer()
    whole = score(scorer, QUERIES)

    class Stop(Exception):
        pass

    def stop(done, total):
        if done > total // 2:
            raise Stop

    with pytest.raises(Stop):
        score(scorer, QUERIES, journal=tmp_path / "journal", listen=stop)
    started = []
    again = score(scorer, QUERIES, journal=tmp_path / "journal", listen=lambda done, _: started.append(done))
    assert started[0] > len(whole.logprobs[0]) // 2
    assert np.abs(again.logprobs - whole.logprobs).max() < 1e-4


def test_texts_longer_than_the_model_are_scored_and_marked(folders):
    long = "The old clock stopped, and so did the radio. " * 20
    for kind, backend in (("gpt2", "causal"), ("bert", "mlm"), ("bart", "enc_dec_mask"), ("bart", "enc_dec_prefix")):
        found = score(
            Subject.open(folders[kind], backend=backend).scorer(), [Query("a cat sat"), Query(long, 600), Query(long)]
        )
        assert found.truncated.tolist() == [False, True, True]
        assert np.isfinite(found.logprobs).all()
        assert (np.diff(found.offsets) > 0).all()


def test_begin_and_end_are_as_asked_for(folders):
    text = "a cat sat"
    whole = score(Subject.open(folders["gpt2"]).scorer(), [Query(text)])
    forced = score(Subject.open(folders["gpt2"], options=ScoringOptions(begin=True)).scorer(), [Query(text)])
    bare = score(Subject.open(folders["gpt2"], options=ScoringOptions(begin=False)).scorer(), [Query(text)])
    ended = score(Subject.open(folders["gpt2"], options=ScoringOptions(end=True)).scorer(), [Query(text)])
    assert np.allclose(forced.logprobs, whole.logprobs)
    assert len(bare.logprobs[0]) == len(whole.logprobs[0]) - 1  # its first token has nothing before it
    assert len(ended.logprobs[0]) == len(whole.logprobs[0]) + 1
    assert ended.spans[-1].tolist() == [len(text), len(text)]
    assert np.allclose(ended.logprobs[0, :-1], whole.logprobs[0], atol=1e-5)


def test_hiding_the_rest_of_a_word_changes_words_of_several_tokens_only(folders):
    query = [Query("The gardener waters the roses.")]
    plain = score(Subject.open(folders["bert"]).scorer(), query)
    other = score(Subject.open(folders["bert"], options=ScoringOptions(pll="within_word_l2r")).scorer(), query)
    follows = np.append(plain.spans[1:, 0] == plain.spans[:-1, 1], False)
    follows[-2] = False  # the full stop is a word of its own
    assert ((np.abs(plain.logprobs[0] - other.logprobs[0]) > 1e-4) == follows).all()


def test_unknown_tokens_are_told(folders):
    found = score(Subject.open(folders["bert"]).scorer(), [Query("a cat sat"), Query("a Ünit sat")])
    assert found.has_unknown().tolist() == [False, True]


def test_a_begin_token_that_is_not_there_is_an_error(tmp_path):
    folder = tiny_models.make("gpt2", tmp_path)
    file = folder / "tokenizer_config.json"
    file.write_text(
        file.read_text()
        .replace('"bos_token": "<s>"', '"bos_token": null')
        .replace('"cls_token": "<s>"', '"cls_token": null')
    )
    with pytest.raises(SubjectError, match="no begin token"):
        Subject.open(str(folder), options=ScoringOptions(begin=True)).scorer()
