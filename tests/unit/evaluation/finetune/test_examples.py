"""Reading, joining, cutting and parting of rows."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.errors import DataError
from evaluation.finetune.examples import Examples, Form, read, split, tokenise
from evaluation.tasks.multirc import TASK as MULTIRC
from evaluation.tasks.wsc import TASK as WSC

from .stand_ins import Words, write_jsonl

PAIR = Form(first=("premise",), second=("hypothesis",), labels=3)


def test_a_pair(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [{"premise": "the dog", "hypothesis": "a cat", "label": 2, "idx": 0}])

    found = read(path, PAIR)

    assert found.texts == [("the dog", "a cat")]
    assert found.labels.tolist() == [2]


def test_official_forms_of_wsc_and_multirc():
    wsc = {"text": "Ann called her.", "span1_text": "Ann", "span2_text": "her", "span1_index": 0}
    multirc = {"paragraph": "It rained.", "question": "What?", "answer": "Rain"}

    assert WSC.form.texts(wsc) == ('Does "her" refer to "Ann" in this passage?', "Ann called her.")
    assert MULTIRC.form.texts(multirc) == ("Question: What? Answer: Rain", "It rained.")


def test_msgs_scores_only_its_test_rows(tmp_path):
    from evaluation.tasks.msgs_main_verb_control import TASK

    made = [
        {"sentence": "the dog runs", "label": number % 2, "condition": name, "UID": "x"}
        for number, name in enumerate(["training", "test", "control", "test"])
    ]
    path = write_jsonl(tmp_path / "a.json", made)

    assert len(read(path, TASK.form)) == 4
    assert read(path, TASK.form, scored=True).labels.tolist() == [1, 1]


@pytest.mark.parametrize("label", [3, -1, None, "1", True, 0.0])
def test_a_label_outside_the_range_names_file_and_line(tmp_path, label):
    made = [{"premise": "a", "hypothesis": "b", "label": 0}, {"premise": "a", "hypothesis": "b", "label": label}]
    path = write_jsonl(tmp_path / "a.jsonl", made)

    with pytest.raises(DataError, match="not one of 0 to 2") as caught:
        read(path, PAIR)
    assert caught.value.where == f"{path}:2"


def test_a_truncated_line_names_file_and_line(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [{"premise": "a", "hypothesis": "b", "label": 0}])
    path.write_text(path.read_text() + '{"premise": "a", "hypo')

    with pytest.raises(DataError) as caught:
        read(path, PAIR)
    assert caught.value.where == f"{path}:2"


def test_an_empty_file_and_a_text_that_is_none(tmp_path):
    with pytest.raises(DataError, match="no rows"):
        read(write_jsonl(tmp_path / "a.jsonl", []), PAIR)
    with pytest.raises(DataError, match="premise is not a text"):
        read(write_jsonl(tmp_path / "b.jsonl", [{"premise": 1, "hypothesis": "b", "label": 0}]), PAIR)


def test_long_rows_are_cut_and_counted():
    made = Examples([("the dog runs", "a cat"), ("dog", "cat")], np.array([0, 1]), np.arange(2))

    found = tokenise(made, Words(), 5)

    assert found.cut == 1
    assert found.lengths.tolist() == [5, 4]
    assert found.ids[0] == Words()([("the", "a cat")])["input_ids"][0]


def test_split_keeps_a_share_of_each_class_and_is_a_function_of_the_seed():
    labels = np.array([0] * 70 + [1] * 30)
    made = Examples([(str(number),) for number in range(100)], labels, np.arange(100))

    learnt, held = split(made, 0.1, 0)

    assert np.bincount(held.labels).tolist() == [7, 3]
    assert {*learnt.texts} | {*held.texts} == {*made.texts}
    assert not {*learnt.texts} & {*held.texts}
    assert split(made, 0.1, 0)[1].texts == held.texts
    assert split(made, 0.1, 1)[1].texts != held.texts


def test_split_parts_no_group():
    made = Examples([(str(number),) for number in range(60)], np.arange(60) % 2, np.arange(60) // 4)

    learnt, held = split(made, 0.2, 3)

    assert not set(learnt.groups.tolist()) & set(held.groups.tolist())
    assert 8 <= len(held) <= 16


def test_too_few_rows_to_part():
    with pytest.raises(DataError, match="cannot be parted"):
        split(Examples([("a",), ("b",)], np.array([0, 1]), np.arange(2)), 0.1, 0)
