"""From an evaluation to the year's prediction file: names, answers, gaps, and what the user is told of them."""

from __future__ import annotations

import gzip
import json

import pytest

from curation.core.events import Warned
from evaluation.errors import DataError, SuiteError
from evaluation.submission import write_submission
from evaluation.submission.checkpoints import SMALL, expected
from tests.unit.evaluation.submission.contents import folder_of, row, scored


def write(name, folder, where, **options):
    told = []
    path = write_submission(name, folder, where, listen=told.append, **options)
    return path, (path.parent / "problems.txt").read_text(), told


def test_2023_is_a_line_a_subtask_with_paradigms_joined_to_phenomena(tmp_path):
    rows = [row("blimp", f"{paradigm}_{n}", f"{paradigm} {n}") for paradigm in ("ellipsis_n_bar_1", "ellipsis_n_bar_2")
            for n in range(2)]  # fmt: skip
    rows.append(row("mnli_mm", "mnli-mm_0", "2", chosen=2, scores=None))
    rows.append(row("msgs_main_verb_control", "main_verb_control_0", "1", chosen=1, scores=None))
    where = folder_of(tmp_path / "r", "babylm-2023", [scored("blimp")], rows)
    path, problems, _ = write("babylm-2023", tmp_path, where)
    assert path.name == "all_predictions.json"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["task"], line["sub_task"]) for line in lines] == [
        ("glue", "mnli-mm"),
        ("msgs", "main_verb_control"),
        ("blimp", "ellipsis"),
    ]
    assert lines[0]["predictions"] == [{"id": "mnli-mm_0", "pred": 2}]
    assert lines[2]["predictions"][2] == {"id": "ellipsis_2", "pred": "ellipsis_n_bar_2 0"}
    assert "supplement: missing: blimp_supplement was not evaluated" in problems
    assert "blimp.ellipsis.predictions: has 4 predictions, the official set has 1,630" in problems


def test_2024_is_gzipped_and_the_same_bytes_each_time(tmp_path):
    rows = [row("ewok", "social-relations_0", " It is so."), row("sst2", "sst2_0", "1", chosen=1, scores=None)]
    where = folder_of(tmp_path / "r", "babylm-2024", [scored("ewok")], rows)
    path, _, _ = write("2024", tmp_path, where)
    first = path.read_bytes()
    assert json.loads(gzip.decompress(first)) == {
        "glue": {"sst2": {"predictions": [{"id": "sst2_0", "pred": 1}]}},
        "ewok": {"social-relations": {"predictions": [{"id": "social-relations_0", "pred": " It is so."}]}},
    }
    assert write("2024", tmp_path, where)[0].read_bytes() == first


def test_2025_leaves_gaps_out_and_tells_of_them(tmp_path):
    reading = {"predictions": [{"id": 0, "pred": 3.0, "prev_pred": None}]}
    tasks = [
        scored("wug_adj"),
        scored("reading", details=reading),
        scored("ewok", status="missing", value=None, reason="EWoK is gated"),
    ]
    where = folder_of(tmp_path / "r", "babylm-2025", tasks, [row("wug_adj", "wug_adj_0", "darkity")])
    path, problems, told = write("babylm-2025", tmp_path, where)
    content = json.loads(path.read_text())
    assert path.name == "all_full_preds_and_fast_scores_causal.json"
    assert set(content) == {"wug_adj", "reading"}
    assert content["wug_adj"]["wug_adj"]["predictions"][0]["prob"] == pytest.approx(1 / (1 + 2.718281828**-1))
    assert content["reading"] == {"reading": {"predictions": reading["predictions"]}}
    assert "ewok: missing: EWoK is gated" in problems
    assert problems.count("\newok:") == 1
    assert "curate evaluate RUN --suite babylm-2025-fast --checkpoints all" in problems
    assert all(isinstance(event, Warned) for event in told)
    assert "problems more" in told[-1].message


def test_2026_writes_gaps_as_null_and_names_each_item_of_global_piqa(tmp_path):
    rows = [
        row("global_piqa_parallel", "12_eng_0", " take it", group="all"),
        row("entity_tracking_filled", "regular_0_ops_0", " the hat", group="regular/0_ops"),
    ]
    tasks = [scored("global_piqa_parallel"), scored("aoa", value=20.0, details={"rules": {"2025": 20.0, "2026": 30.0}})]
    where = folder_of(tmp_path / "r", "babylm-2026", tasks, rows)
    content = json.loads(write("babylm-2026", tmp_path, where)[0].read_text())
    assert content["global_piqa_parallel"] == {"12_eng": {"predictions": [{"id": "12_eng_0", "pred": " take it"}]}}
    assert list(content["entity_tracking_filtered"]) == ["regular_0_ops"]
    assert content["blimp"] is content["aoa_surprisals"] is None
    assert content["aoa"] == {"aoa": 0.3}
    assert content["glue"] == {}


def test_surprisals_are_laid_out_a_row_a_context(tmp_path):
    found = {"steps": ["chck_1M"], "word_counts": [1_000_000], "words": ["dog", "dog"], "contexts": ["a", "the"],
             "values": [[4.0, None]]}  # fmt: skip
    where = folder_of(tmp_path / "r", "babylm-2025", [scored("aoa", details={"surprisal": found})], [])
    path, problems, _ = write("babylm-2025", tmp_path, where)
    rows = json.loads(path.read_text())["aoa"]["results"]
    assert rows[1] == {"step": "chck_1M", "word_count": 1_000_000, "target_word": "dog", "context_id": 1,
                       "context": "the", "surprisal": None}  # fmt: skip
    assert "aoa.results[1].surprisal: is None" in problems
    assert "has 2 rows of chck_1M, and should have 8,005" in problems


def fast(tmp_path, mark, value, base="babylm-2025-fast", **changes):
    groups = {"regular/0_ops": {"value": value, "honest": 1.0, "items": 606, "ties": 0.0}}
    tasks = [scored("entity_tracking", groups=groups, **changes), scored("wug_past", metric="spearman", value=-20.0)]
    folder_of(tmp_path / base / mark / "causal", "babylm-2025-fast", tasks, [], revision=mark)


def test_checkpoints_are_listed_in_order_and_a_gap_keeps_its_place(tmp_path):
    where = folder_of(tmp_path / "babylm-2025/main/causal", "babylm-2025", [], [], words_seen=3_500_000)
    fast(tmp_path, "chck_3M", 75.0)
    fast(tmp_path, "chck_1M", 25.0, base="babylm-2025", data={"cut": "the data hold 1 of 2 items"})
    folder_of(tmp_path / "babylm-2025/chck_2M/causal", "babylm-2025", [scored("blimp")], [])  # of the full set
    path, problems, _ = write("babylm-2025", tmp_path / "babylm-2025", where)
    lists = json.loads(path.read_text())["fast_eval_results"]
    assert lists["entity_tracking"] == [{"regular_0_ops": 0.25}, None, {"regular_0_ops": 0.75}]
    assert lists["wug_past"] == [{"wug_past": -0.2}, None, {"wug_past": -0.2}]
    assert "no results of chck_2M:" in problems
    assert "entity_tracking: chck_1M: the data hold 1 of 2 items" in problems
    assert "checkpoints, not" not in problems


def test_checkpoints_are_due_up_to_the_words_seen():
    assert expected("strict-small", None) == SMALL == expected(None, 100_000_000)
    assert expected(None, 2_000_000) == ("chck_1M", "chck_2M")
    assert expected("strict", 300_000_000)[-3:] == ("chck_100M", "chck_200M", "chck_300M")
    assert len(expected("strict", None)) == 28


def test_an_answer_that_the_years_tie_rule_would_not_give_is_told(tmp_path):
    rows = [row("blimp", f"ellipsis_n_bar_1_{n}", tied=True, scores=[-1.0, -1.0]) for n in range(40)]
    where = folder_of(tmp_path / "r", "babylm-2026", [scored("blimp")], rows)
    problems = write("babylm-2026", tmp_path, where)[1]
    told = next(line for line in problems.splitlines() if "tied items have another answer" in line)
    assert 5 < int(told.split()[1]) < 35
    gold = folder_of(tmp_path / "s", "babylm-2025", [scored("blimp")], rows)
    assert "tied items" not in write("babylm-2025", tmp_path, gold)[1]


def test_results_of_another_suite_or_a_limit_are_told(tmp_path):
    where = folder_of(tmp_path / "r", "babylm-2025-fast", [], [], facts={"limit": 60})
    problems = write("babylm-2025", tmp_path, where)[1]
    assert "the results are of babylm-2025-fast" in problems
    assert "of the fast sets" in problems
    assert "--limit 60" in problems


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(SuiteError, match="babylm-2027"):
        write_submission("babylm-2027", tmp_path, tmp_path)
    with pytest.raises(DataError, match=r"results\.json"):
        write_submission("babylm-2025", tmp_path, tmp_path)
    where = folder_of(tmp_path / "r", "babylm-2025", [], [])
    (where / "items.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"items\.parquet cannot be read"):
        write_submission("babylm-2025", tmp_path, where)
