"""The validator names what is wrong with a file, and where; a valid file has nothing wrong."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import cache
from importlib import import_module

import pytest

from evaluation.submission import validate
from evaluation.submission.years import year_names, year_of
from tests.unit.evaluation.submission.contents import surprisals, valid

#: Predictions of a subtask, and rows of a checkpoint, in the small years of these tests.
FEW = 6


def small(name):
    """Return a year with few items: sizes are compared, whatever they are."""
    year = year_of(name)

    def cut(parts):
        return tuple(
            replace(part, sizes={key: min(size or FEW, FEW) for key, size in part.sizes.items()}) for part in parts
        )

    return replace(year, parts=cut(year.parts), fast=cut(year.fast))


@cache
def whole(name):
    return json.dumps(valid(small(name), rows=FEW))


@pytest.fixture(autouse=True)
def _small(request, monkeypatch):
    if "slow" not in request.keywords:
        monkeypatch.setattr(import_module("evaluation.submission.validate"), "year_of", small)
        monkeypatch.setattr(import_module("evaluation.submission.score_lists"), "AOA_ROWS", FEW)


def problems(tmp_path, name, content, **options):
    path = tmp_path / "file.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return [str(problem).partition("\n")[0] for problem in validate(path, name, **options)]


@pytest.mark.parametrize("name", year_names())
def test_a_file_made_from_the_schema_is_valid(tmp_path, name):
    assert problems(tmp_path, name, whole(name), data=tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", year_names())
def test_a_file_of_full_size_is_valid(tmp_path, name):
    assert problems(tmp_path, name, valid(year_of(name)), data=tmp_path) == []


def test_the_challenges_sizes_add_up():
    sizes = {part.task: sum(size or 0 for size in part.sizes.values()) for part in year_of("2025").parts}
    assert sizes["blimp"] == 59_875
    assert sizes["ewok"] == 7_618
    assert sizes["entity_tracking"] == 9_483
    filled = next(part for part in year_of("2026").parts if part.task == "entity_tracking_filled")
    assert sum(filled.sizes.values()) == 6_780
    assert sum(next(part for part in year_of("2023").parts if part.task == "blimp").sizes.values()) == 59_875


def rows(content, key, subtask):
    return content[key][subtask]["predictions"]


CHANGES = {
    "blimp.adjunct_island.predictions[3].pred: is 7": lambda c: rows(c, "blimp", "adjunct_island")[3].update(pred=7),
    "blimp.adjunct_island.predictions[0].id: is 'x'": lambda c: rows(c, "blimp", "adjunct_island")[0].update(id="x"),
    "blimp.wh_island.predictions: has 5 predictions, the official set has 6": lambda c: rows(
        c, "blimp", "wh_island"
    ).pop(),
    "blimp.wh_island.predictions[5].score: is no key": lambda c: rows(c, "blimp", "wh_island")[5].update(score=1),
    "blimp.wh_island.predictions[5].pred: is missing": lambda c: rows(c, "blimp", "wh_island")[5].pop("pred"),
    "blimp.wh_island: is missing": lambda c: c["blimp"].pop("wh_island"),
    "blimp.wh_islands: is no subtask": lambda c: c["blimp"].update(wh_islands={"predictions": []}),
    "blimp_suplement: is no key": lambda c: c.update(blimp_suplement={}),
    "ewok: is missing": lambda c: c.pop("ewok"),
    "comps: is null": lambda c: c.update(comps=None),
    "glue.mnli.predictions[1].pred: is 3, and there are 3 classes": lambda c: rows(c, "glue", "mnli")[1].update(pred=3),
    "glue.rte.predictions[1].pred: is '1', and should be a whole number": lambda c: rows(c, "glue", "rte")[1].update(
        pred="1"
    ),
    "glue.rte.predictions[1].pred: is True": lambda c: rows(c, "glue", "rte")[1].update(pred=True),
    "wug_adj.wug_adj.predictions[0].prob: is 1.5": lambda c: rows(c, "wug_adj", "wug_adj")[0].update(prob=1.5),
    "reading.reading.predictions[2].id: is '2'": lambda c: rows(c, "reading", "reading")[2].update(id="2"),
    "reading.reading.predictions[2].pred: is None": lambda c: rows(c, "reading", "reading")[2].update(pred=None),
    "fast_eval_results: is missing": lambda c: c.pop("fast_eval_results"),
    "fast_eval_results.blimp: has scores of 18 checkpoints": lambda c: c["fast_eval_results"]["blimp"].pop(),
    "fast_eval_results.ewok[4]: is null": lambda c: c["fast_eval_results"]["ewok"].__setitem__(4, None),
    "fast_eval_results.ewok[4].social-relations: is 50.0": lambda c: c["fast_eval_results"]["ewok"][4].update(
        {"social-relations": 50.0}
    ),
    "fast_eval_results.reading[0].rt: is missing": lambda c: c["fast_eval_results"]["reading"][0].pop("rt"),
    "aoa.results: has 5 rows of chck_100M": lambda c: c["aoa"]["results"].pop(),
    "aoa.results[0]: lacks surprisal": lambda c: c["aoa"]["results"][0].pop("surprisal"),
}


@pytest.mark.parametrize("expected", CHANGES)
def test_each_change_is_found_at_its_place(tmp_path, expected):
    content = json.loads(whole("babylm-2025"))
    CHANGES[expected](content)
    found = problems(tmp_path, "babylm-2025", content, data=tmp_path)
    assert any(line.startswith(expected) for line in found), found
    assert len(found) <= 3


def test_nan_passes_only_where_the_official_script_writes_it(tmp_path):
    content = json.loads(whole("babylm-2025"))
    rows(content, "reading", "reading")[0]["prev_pred"] = float("nan")
    assert problems(tmp_path, "babylm-2025", content, data=tmp_path) == []
    rows(content, "reading", "reading")[0]["pred"] = float("nan")
    assert problems(tmp_path, "babylm-2025", content, data=tmp_path) == [
        "reading.reading.predictions[0].pred: is nan, and should be a number"
    ]


def test_global_piqa_counts_items(tmp_path):
    content = json.loads(whole("babylm-2026"))
    content["global_piqa_parallel"].pop("5_eng")
    content["global_piqa_parallel"]["6_eng"]["predictions"] *= 2
    found = problems(tmp_path, "babylm-2026", content, data=tmp_path)
    assert found[0] == "global_piqa_parallel: has 102 items, the official set has 103"
    assert "global_piqa_parallel.6_eng.predictions: has 2 predictions, the official set has 1" in found


def test_many_problems_of_one_subtask_are_summed_up(tmp_path):
    content = json.loads(whole("babylm-2024"))
    for row in rows(content, "blimp", "wh_island"):
        row["pred"] = 0
    found = problems(tmp_path, "babylm-2024", content, data=tmp_path)
    assert len(found) == 6
    assert found[-1] == "blimp.wh_island.predictions: has 1 problems more of this kind"


def test_answers_are_looked_up_where_the_data_are(tmp_path):
    folder = tmp_path / "data/full_eval/blimp_filtered"
    folder.mkdir(parents=True)
    pairs = [{"sentence_good": f"Good {n}.", "sentence_bad": f"Bad {n}."} for n in range(2)]
    (folder / "wh_island.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    content = json.loads(whole("babylm-2024"))
    rows(content, "blimp", "wh_island")[0]["pred"] = " Good 0."
    assert problems(tmp_path, "babylm-2024", content, data=tmp_path / "data") == [
        "blimp.wh_island.predictions[1].pred: is 'A text.'…, which is none of the item's options"
    ]


def test_the_track_says_how_many_checkpoints_are_due(tmp_path):
    content = json.loads(whole("babylm-2025"))
    found = problems(tmp_path, "babylm-2025", content, data=tmp_path, track="strict")
    assert "aoa.results: has 0 rows of chck_1000M, and should have 6" in found
    assert "fast_eval_results.blimp: has scores of 19 checkpoints, not 28 (to chck_1000M)" in found
    content["aoa"] = surprisals(["chck_1M", "step 7"], FEW)
    found = problems(tmp_path, "babylm-2025", content, data=tmp_path, track="strict-small")
    assert "aoa.results: 'step 7' is no checkpoint of the track" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "file.json: is no JSON"),
        ("[]", "file.json: is a JSON list"),
        ('{"task": "blimp", "sub_task": "a", "predictions": []}\nnonsense', "file.json:2: is no JSON object"),
        ('{"blimp": 3}', "blimp: is a int"),
        ('{"blimp": {"ellipsis": [1]}}', "blimp.ellipsis.predictions: is no list"),
        ('{"blimp": {"ellipsis": {"predictions": [1]}}}', "blimp.ellipsis.predictions[0]: is a int"),
    ],
)
def test_what_cannot_be_read_is_a_problem_not_an_error(tmp_path, text, expected):
    assert any(line.startswith(expected) for line in problems(tmp_path, "babylm-2023", text, data=tmp_path))


def test_2023_and_2024_are_read_in_their_containers(tmp_path):
    lines = [
        json.dumps({"task": key, "sub_task": name, **entry})
        for key, subtasks in json.loads(whole("babylm-2023")).items()
        for name, entry in subtasks.items()
    ]
    assert problems(tmp_path, "babylm-2023", "\n".join(lines), data=tmp_path) == []
    assert "stands here a second time" in problems(tmp_path, "babylm-2023", "\n".join([*lines, lines[0]]))[0]
    packed = tmp_path / "packed.json.gz"
    packed.write_bytes(gzip.compress(whole("babylm-2024").encode()))
    assert validate(packed, "babylm-2024", data=tmp_path) == []
    packed.write_bytes(packed.read_bytes()[:500])
    assert "cannot be read" in str(validate(packed, "babylm-2024")[0])
    assert "cannot be read" in str(validate(tmp_path / "absent", "babylm-2024")[0])
