"""The loop over tasks: what is finished is kept, what is missing is missing, and a failure stops no other task."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from evaluation.errors import DataError
from evaluation.evaluate import Options, averages, evaluate
from evaluation.result import ITEMS, read_results
from evaluation.suite import Suite, load_suite
from tests.evaluation_subjects import WordScorer, subject


@pytest.fixture
def data(tmp_path):
    for folder in ("blimp_filtered", "supplement_filtered"):
        (tmp_path / "data/full_eval" / folder).mkdir(parents=True)
        rows = [
            {"sentence_good": "a good cat", "sentence_bad": "a bad cat"},
            {"sentence_good": "x", "sentence_bad": "y z"},
        ]
        (tmp_path / "data/full_eval" / folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "data"


def suite(*tasks):
    return Suite(name="toy", title="toy", source="invented", tasks=tasks)


def options(tmp_path, data, *tasks, **changes):
    events = []
    made = Options(suite=suite(*tasks), out=tmp_path / "out", data=data, listen=events.append, **changes)
    return made, events


def done(events):
    return [(e.task, e.status, e.reused) for e in events if type(e).__name__ == "TaskDone"]


def test_results_and_items_are_written_and_read_back(tmp_path, data):
    opts, events = options(tmp_path, data, "blimp", "blimp_supplement", "ewok")
    scorer = WordScorer(lambda word: -float(len(word)))
    results = evaluate(subject(scorer), opts)
    assert read_results(opts.out) == results
    assert [task.status for task in results.tasks] == ["scored", "scored", "missing"]
    assert results.task("ewok").value is None
    assert "osf.io" in results.task("ewok").reason
    table = pq.read_table(opts.out / ITEMS)
    assert table.num_rows == 4
    assert done(events)[0] == ("blimp", "scored", False)
    assert {"frequency", "length"} <= set(results.task("blimp").floors)


def test_finished_tasks_are_not_run_again(tmp_path, data):
    opts, _ = options(tmp_path, data, "blimp")
    first = evaluate(subject(WordScorer(lambda _: -1.0)), opts)
    again = WordScorer(lambda _: -1.0)
    opts, events = options(tmp_path, data, "blimp", "blimp_supplement")
    both = evaluate(subject(again), opts)
    assert done(events) == [("blimp", "scored", True), ("blimp_supplement", "scored", False)]
    assert both.task("blimp") == first.task("blimp")
    forced, events = options(tmp_path, data, "blimp", force=True)
    evaluate(subject(again), forced)
    assert done(events) == [("blimp", "scored", False)]


def test_other_data_or_another_model_are_scored_anew(tmp_path, data):
    opts, _ = options(tmp_path, data, "blimp")
    evaluate(subject(WordScorer(lambda _: -1.0)), opts)
    path = data / "full_eval/blimp_filtered/p.jsonl"
    path.write_text(path.read_text().replace("x", "xx"))
    opts, events = options(tmp_path, data, "blimp")
    evaluate(subject(WordScorer(lambda _: -1.0)), opts)
    opts, more = options(tmp_path, data, "blimp")
    evaluate(subject(WordScorer(lambda _: -1.0, name="other")), opts)
    assert done(events) == done(more) == [("blimp", "scored", False)]


def test_a_model_that_returns_nan_fails_its_task_and_the_others_go_on(tmp_path, data):
    opts, events = options(tmp_path, data, "blimp", "blimp_supplement")
    path = data / "full_eval/blimp_filtered/p.jsonl"
    path.write_text(path.read_text().replace("a good", "a poison"))
    scorer = WordScorer(lambda word: float("nan") if word == "poison" else -1.0)
    results = evaluate(subject(scorer), opts)
    assert [task.status for task in results.tasks] == ["failed", "scored"]
    assert "not finite" in results.task("blimp").reason
    opts, events = options(tmp_path, data, "blimp", "blimp_supplement")
    evaluate(subject(scorer), opts)
    assert done(events) == [("blimp", "failed", False), ("blimp_supplement", "scored", True)]


def test_grounded_without_a_corpus_is_unsupported_and_says_what_to_give(tmp_path, data):
    opts, _ = options(tmp_path, data, "grounded")
    result = evaluate(subject(WordScorer(len)), opts).task("grounded")
    assert result.status == "unsupported"
    assert "--corpus" in result.reason


def test_an_average_with_a_missing_part_is_missing():
    year = load_suite("babylm-2024")
    values = dict.fromkeys(
        ("boolq", "cola", "mnli", "mnli_mm", "mrpc", "multirc", "qnli", "qqp", "rte", "sst2", "wsc"), 60.0
    )
    assert averages(year, {**values, "blimp": 70.0, "blimp_supplement": 60.0}) == {"glue": 60.0, "text": None}
    full = averages(year, {**values, "blimp": 70.0, "blimp_supplement": 60.0, "ewok": 50.0})
    assert full == {"glue": 60.0, "text": 60.0}


def test_results_of_another_version_or_damaged_are_refused(tmp_path):
    with pytest.raises(DataError, match="not an evaluation"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"version": 99}')
    with pytest.raises(DataError, match="another version"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text("[1, 2")
    with pytest.raises(DataError, match="damaged"):
        read_results(tmp_path)
