"""Fine-tuning tasks from files to results, with a stand-in for the model and invented rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from curation.core.events import Event
from evaluation.catalog import load_task, task_names
from evaluation.data import Data
from evaluation.errors import DataError, Unsupported
from evaluation.events import Advanced, TaskStarted
from evaluation.finetune.examples import Form
from evaluation.finetune.settings import Lora
from evaluation.kinds.finetune import FineTune, encoder_of, glue
from evaluation.task import Task, Tuning, Work

from .stand_ins import QUICK, Averages, Words, examples, write_jsonl

TASK = FineTune(
    name="toy",
    title="Toy",
    years=(2025,),
    citation="none",
    files=glue("toy"),
    form=Form(first=("sentence",)),
    metric="f1",
)
GLUE = ("boolq", "cola", "mnli", "mnli_mm", "mrpc", "multirc", "qnli", "qqp", "rte", "sst2", "wsc")


class Subject:
    name = "stand-in"
    backend = "mlm"
    max_length = 16
    tokenizer = Words()

    def encoder(self):
        return Averages(), self.tokenizer, 16


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    def settings_for(*_, lora=False, **changes):
        return QUICK.model_copy(update=changes | {"lora": Lora() if lora else None})

    monkeypatch.setattr("evaluation.kinds.finetune.settings_for", settings_for)


@pytest.fixture
def work(tmp_path):
    for name, rows, seed in (("train", 64, 1), ("valid", 30, 2)):
        made = examples(rows, seed)
        lines = [
            {"sentence": text[0], "label": int(label)} for text, label in zip(made.texts, made.labels, strict=True)
        ]
        write_jsonl(tmp_path / "data" / "glue_filtered" / f"toy.{name}.jsonl", lines)
    told: list[Event] = []
    made = Work(Subject(), Data(tmp_path / "data"), folder=tmp_path / "work", listen=told.append)
    return SimpleNamespace(made=made, told=told, with_=lambda **changes: replaced(made, **changes))


def replaced(work, **changes):
    from dataclasses import replace

    return replace(work, **changes)


def test_a_result(work):
    found = TASK.run(work.made)

    result = found.result
    assert (result.status, result.metric, result.items) == ("scored", "f1", 30)
    assert result.value == result.honest == result.details["metrics"]["f1"] > 90
    assert result.majority == pytest.approx(200 / 3)
    assert result.run_stderr is None
    assert result.warnings == ("one seed: how much another one would change is not known",)
    assert result.details["selected_on"] == "held-out training rows"
    assert set(result.data.files) == {"toy.train.jsonl", "toy.valid.jsonl"}
    assert found.rows[3]["uid"] == "toy_3"
    assert found.rows[3]["answer"] == str(found.rows[3]["chosen"])
    assert isinstance(work.told[0], TaskStarted)
    assert [event.done for event in work.told if isinstance(event, Advanced)][-1] == 4 * 7


def test_the_official_protocol_has_no_honest_value(work):
    result = TASK.run(work.with_(tuning=Tuning(official_selection=True, seeds=(1, 2)))).result

    assert result.honest is None
    assert result.value is not None
    assert result.run_stderr is not None
    assert result.warnings[0].startswith("selected_on: scored set")
    assert [run["seed"] for run in result.details["seeds"]] == [1, 2]


def test_a_limit_takes_some_items_and_says_so(work):
    found = TASK.run(work.with_(limit=10))

    assert found.result.items == len(found.rows) == 10
    assert found.result.data.cut == "limited to 10 items"


def test_steps_can_be_limited(work):
    result = TASK.run(work.with_(tuning=Tuning(max_steps=2))).result

    assert result.details["seeds"][0]["steps"] == 2
    assert "training was limited to 2 steps" in result.warnings


def test_a_missing_file_is_named(work, tmp_path):
    (tmp_path / "data" / "glue_filtered" / "toy.train.jsonl").unlink()

    with pytest.raises(DataError, match=r"toy\.train\.jsonl"):
        TASK.run(work.made)


def test_a_subject_without_states(work):
    with pytest.raises(Unsupported, match="no states"):
        TASK.run(work.with_(subject=SimpleNamespace(name="kn", backend="ngram")))


def test_which_models_are_causal():
    hybrid = Averages()
    hybrid.reads_both_sides = True
    subjects = [
        SimpleNamespace(backend=backend, max_length=None, encoder=lambda module=module: (module, Words(), 16))
        for backend, module in (("causal", Averages()), ("mlm", Averages()), ("causal", hybrid))
    ]

    assert [encoder_of(subject).causal for subject in subjects] == [True, False, False]


def test_every_task_is_there():
    names = task_names()

    for name in GLUE:
        task = load_task(name)
        assert isinstance(task, Task)
        assert task.name == name
        assert 2023 in task.years
    assert len([name for name in names if name.startswith("msgs_")]) == 11
    assert {name for name in GLUE if 2025 in load_task(name).years} == {
        "boolq",
        "mnli",
        "mrpc",
        "multirc",
        "qqp",
        "rte",
        "wsc",
    }
    assert {load_task(name).metric for name in ("mrpc", "qqp")} == {"f1"}
    assert load_task("cola").metric == load_task("msgs_main_verb_control").metric == "mcc"


def test_mnli_mm_is_scored_with_the_training_of_mnli():
    task = load_task("mnli_mm")

    assert task.trained_as == "mnli"
    assert task.files["train"] == load_task("mnli").files["train"]
    assert task.files["select"] == load_task("mnli").files["scored"]
    assert "glue_filtered/mnli-mm.valid.jsonl" in task.files["scored"]
    assert "glue_filtered/mnli.validation_mismatched.json" in task.files["scored"]
