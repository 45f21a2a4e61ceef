"""What is shown, what is asked and how much it weighs: causal, masked, hybrid, distillation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)

from tests.tiny_training import tiny_recipe
from training.batches.draws import hashes, key_for
from training.batches.rows import Rows
from training.errors import RecipeError
from training.learner import build_model, objective_for
from training.objectives.objective import Moment
from training.objectives.settings import Causal, Distillation, Hybrid, Masked, Masking
from training.objectives.special import Vocabulary

BEGIN, END, PAD, MASK = 1, 2, 3, 4
VOCABULARY = Vocabulary(size=50, begin=BEGIN, end=END, pad=PAD, mask=MASK, special=(0, 1, 2, 3, 4))
LENGTH = 24
#: Everything that is hidden is hidden behind the mask.
PLAIN = Masking(start=0.3, random=0, keep=0)
SETTINGS = [
    Causal(),
    Masked(masking=Masking(start=0.2)),
    Hybrid(causal_share=0.3, masking=Masking(start=0.3)),
    Distillation(),
]


def _rows(count: int, length: int = LENGTH + 1, seed: int = 0) -> Rows:
    """Return rows of a begin token and eight tokens of text twice, then what fits, then two of padding."""
    rng = np.random.default_rng(seed)
    rows = Rows.empty(count, length, PAD)
    rows.ids[:, :-2] = rng.integers(5, 50, (count, length - 2))
    rows.ids[:, 0:-2:9] = BEGIN
    rows.segments[:, :-2] = np.arange(length - 2) // 9 + 1
    origins = np.arange(count * length).reshape(count, length)
    rows.origins[:] = np.where((rows.ids != BEGIN) & (rows.segments > 0), origins, -1)
    return rows


def _moment(count: int, first_row: int = 0, seed: int = 0) -> Moment:
    return Moment(0, 1, first_row, np.zeros(count, np.int64), hashes(key_for(seed, first_row), count))


def _batch(settings, count=8, first_row=0):
    objective = objective_for(settings, VOCABULARY, 0)
    rows = _rows(count, LENGTH + objective.ahead)
    return rows, objective.prepare(rows, _moment(count, first_row), words=0, separate=True)


def _pairs(batch):
    """Yield row, position, answer."""
    for place, target in zip(batch.labelled.tolist(), batch.targets.tolist(), strict=True):
        yield *divmod(place, batch.inputs.shape[1]), target


def test_causal_asks_at_each_position_for_the_next_token():
    """Each next token of text or end is asked for exactly once; begin tokens and padding never."""
    rows, batch = _batch(Causal())
    assert all(rows.ids[row, position + 1] == target for row, position, target in _pairs(batch))
    wanted = (rows.segments[:, 1:] > 0) & (rows.ids[:, 1:] != BEGIN)
    assert np.flatnonzero(wanted).tolist() == batch.labelled.tolist()
    assert rows.ids[:, :-1].tolist() == batch.inputs.tolist()
    assert batch.causal is True


def test_masked_asks_for_hidden_tokens_where_they_stand():
    """Every hidden token of text is asked for at its place, and the model does not see it."""
    rows, batch = _batch(Masked(masking=PLAIN.model_copy(update={"use": "tokens"})))
    for row, position, target in _pairs(batch):
        assert rows.ids[row, position] == target
        assert batch.inputs[row, position] == MASK
    assert int((batch.inputs == MASK).sum()) == len(batch.targets)
    assert batch.causal is False
    assert bool(batch.masked.all())


@pytest.mark.parametrize("first_row", [0, 3, 1000])
def test_hybrid_answers_with_the_next_token_in_every_row(first_row):
    """In a masked row only hidden tokens are asked for, one position early, and none of them is shown."""
    settings = Hybrid(causal_share=0.25, masking=PLAIN)
    rows, batch = _batch(settings, 16, first_row)
    assert isinstance(batch.causal, torch.Tensor)
    causal = batch.causal.tolist()
    assert 4 == sum(causal)
    asked = {row: set() for row in range(16)}
    for row, position, target in _pairs(batch):
        assert rows.ids[row, position + 1] == target != BEGIN
        asked[row].add(position + 1)
        if not causal[row] and position + 1 < LENGTH:
            assert batch.inputs[row, position + 1] == MASK
    for row in range(16):
        shown = batch.inputs[row].numpy()
        if causal[row]:
            assert rows.ids[row, :-1].tolist() == shown.tolist()
        else:
            assert set(np.flatnonzero(shown == MASK)) == {place for place in asked[row] if place < LENGTH}
    assert [not causal[row] for row, _, _ in _pairs(batch)] == batch.masked.tolist()


@pytest.mark.parametrize("share", [0, 1 / 16, 0.1, 0.29, 1 / 3, 0.5, 0.7, 15 / 16, 1])
def test_any_window_of_rows_has_the_causal_quota(share):
    """Floor or ceiling of n times the share, wherever the window starts; exactly n times where that is whole."""
    objective = objective_for(Hybrid(causal_share=share), VOCABULARY, 0)
    causal = ~objective.masked_rows(_moment(1), 4000)
    before = np.concatenate([[0], np.cumsum(causal)])
    for size in (1, 2, 7, 16, 30, 100, 1000):
        counts = before[size:] - before[:-size]
        assert int(np.floor(size * share + 1e-9)) <= counts.min()
        assert int(np.ceil(size * share - 1e-9)) >= counts.max()


def test_the_modes_of_rows_do_not_depend_on_how_steps_cut_them():
    """Steps of another size, or rows far into a run, are the same rows."""
    objective = objective_for(Hybrid(causal_share=0.3), VOCABULARY, 0)
    whole = objective.masked_rows(_moment(1), 90)
    parts = [objective.masked_rows(_moment(1, first), 30) for first in (0, 30, 60)]
    assert whole.tolist() == np.concatenate(parts).tolist()


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.use)
def test_weights_add_up_to_one(settings):
    """A batch's loss is a weighted mean."""
    _, batch = _batch(settings)
    torch.testing.assert_close(batch.weights.sum(), torch.tensor(1.0))


def test_the_modes_of_hybrid_weigh_as_their_rows():
    """Masked rows have fewer answers, which weigh more."""
    _, batch = _batch(Hybrid(causal_share=0.25, masking=PLAIN), 16)
    torch.testing.assert_close(batch.weights[batch.masked].sum(), torch.tensor(0.75))
    assert 1 == len(batch.weights[batch.masked].unique())
    assert 1 == len(batch.weights[~batch.masked].unique())


def _model(seed=0):
    changes = {"model.hidden_dropout_prob": 0, "model.attention_probs_dropout_prob": 0, "model.vocab_size": 50}
    return build_model(tiny_recipe(changes).model, seed)


def _loss(objective, model, batch):
    loss = objective.loss(model, batch)
    model.zero_grad()
    loss.total.backward()
    return loss, [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.use)
def test_losses_and_gradients_of_slices_add_up_to_the_batch(settings):
    """What accumulation and several processes rest on: uneven slices, one of them a single row."""
    _, batch = _batch(settings, 8)
    objective, model = objective_for(settings, VOCABULARY, 0), _model()
    if settings.use == "distillation":
        objective.attach([_model(1).eval(), _model(2).eval()])
    whole, gradients = _loss(objective, model, batch)
    parts = [_loss(objective, model, batch.rows(start, stop)) for start, stop in ((0, 1), (1, 4), (4, 8))]
    for name in ("total", "masked", "causal"):
        torch.testing.assert_close(sum(getattr(loss, name) for loss, _ in parts), getattr(whole, name))
    for name in ("masked_count", "causal_count", "positions"):
        assert getattr(whole, name) == sum(getattr(loss, name) for loss, _ in parts)
    for expected, *found in zip(gradients, *(part for _, part in parts), strict=True):
        torch.testing.assert_close(sum(found), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("reduction", "times"), [("token", 1), ("batch", LENGTH)])
def test_distillation_is_its_formula(reduction, times):
    """Alpha CE + (1 - alpha) T^2 KL, the KL a mean over tokens, or a sum a row as in BabyLlama's code."""
    settings = Distillation(alpha=0.3, temperature=2.0, kd_reduction=reduction)
    objective, student = objective_for(settings, VOCABULARY, 0), _model()
    teachers = [_model(1).eval(), _model(2).eval()]
    objective.attach(teachers)
    rows = _rows(6)
    rows.segments[:] = 1  # no padding: every position has an answer
    rows.ids[rows.ids == BEGIN] = 7
    batch = objective.prepare(rows, _moment(6), words=0, separate=False)
    assert 6 * LENGTH == len(batch.targets)

    def logits(model):
        return model.logits(model.hidden(batch.inputs, causal=True)).flatten(0, 1)

    with torch.no_grad():
        ours, theirs = logits(student), (logits(teachers[0]) + logits(teachers[1])) / 2
        divergence = F.kl_div((ours / 2).log_softmax(1), (theirs / 2).softmax(1), reduction="sum") / (6 * LENGTH)
        expected = 0.3 * F.cross_entropy(ours, batch.targets) + 0.7 * 4 * divergence * times
    torch.testing.assert_close(objective.loss(student, batch).total.detach(), expected)


def test_a_teacher_of_another_vocabulary_is_an_error():
    """And so is none at all."""
    objective = objective_for(Distillation(), VOCABULARY, 0)
    other = build_model(tiny_recipe({"model.vocab_size": 60}).model, 0)
    with pytest.raises(RecipeError, match="a teacher has a vocabulary of 60"):
        objective.attach([other])
    with pytest.raises(RecipeError, match="at least one teacher"):
        objective.attach([])


@pytest.mark.parametrize("settings", [Masked(), Hybrid()], ids=lambda settings: settings.use)
def test_hiding_needs_a_mask_token(settings):
    """GPT-2's tokenizer has none."""
    without = Vocabulary(size=50, begin=1, end=2, pad=3, mask=None, special=(0, 1, 2, 3))
    with pytest.raises(RecipeError, match="it has none") as caught:
        objective_for(settings, without, 0)
    assert "`mask` special" in caught.value.hint
