"""Reading times: as the official evaluation has them, number by number, and what stands beside it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError
from evaluation.floors import floors
from evaluation.kinds import partial
from evaluation.kinds.reading_words import COLUMNS
from evaluation.kinds.word_surprisal import in_context, in_pieces
from evaluation.queries import Query
from evaluation.scorers.scorer import score
from evaluation.subject import Subject
from evaluation.task import Work
from tests import tiny_models
from tests.evaluation_subjects import WordScorer, subject

GOLDEN = Path(__file__).parents[2] / "golden" / "evaluation_reading"
CASES = json.loads((GOLDEN / "reading.json").read_text(encoding="utf-8"))
REAL = json.loads((GOLDEN / "real.json").read_text(encoding="utf-8"))
SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
PACKED = SHARED / "eval" / "babylm_eval.tar.xz"
FIGURES = ("eye_tracking", "self_paced_reading")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def folder(kind):
        if kind not in made:
            made[kind] = tiny_models.make(kind, tmp_path_factory.mktemp(kind))
        return str(made[kind])

    return folder


def rows():
    with (GOLDEN / "words.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def put(root, table, names=None):
    folder = root / "full_eval" / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "reading_data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names or list(table[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
    return Data(root)


@pytest.fixture
def data(tmp_path):
    return put(tmp_path, rows())


def run(data, of, folder, **changes):
    return load_task("reading").run(Work(subject=of, data=data, folder=folder / "work", **changes))


def surprised(word):
    return -float(len(word) % 5) - 0.1 * len(word)


@pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['model']}-{case['backend']}")
def test_predictions_and_regressions_are_the_official_ones(case, folders, data, tmp_path):
    backend = "enc_dec_mask" if case["backend"] == "enc_dec" else case["backend"]
    result = run(data, Subject.open(folders(case["model"]), backend=backend), tmp_path).result
    found = result.details["predictions"]
    assert [row["id"] for row in found] == list(range(len(rows())))
    assert np.abs(np.array([row["pred"] for row in found]) - case["pred"]).max() < 1e-4
    before, expected = [row["prev_pred"] for row in found], case["prev_pred"]
    assert [value is None for value in before] == [value is None for value in expected]
    both = [(a, b) for a, b in zip(before, expected, strict=True) if b is not None]
    assert max(abs(a - b) for a, b in both) < 1e-4
    for figure in FIGURES:
        assert result.details[figure]["value"] == pytest.approx(case[figure], abs=1e-3)
    assert result.value == pytest.approx((case["eye_tracking"] + case["self_paced_reading"]) / 2, abs=1e-3)
    for variable, designs in case["variables"].items():
        for design, kept in designs.items():
            ours = result.details["variables"]["official"][variable][design]
            values = [ours[name] for name in ("coefficient", "t", "r2", "delta_r2")]
            assert values == pytest.approx(kept, rel=2e-3, abs=1e-5)
    assert not list((tmp_path / "work").glob("*official*"))


@pytest.mark.shared
@pytest.mark.skipif(not PACKED.is_file(), reason="the real data are not beside the checkout")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_figures_on_the_real_file_are_the_official_ones(folders, tmp_path):
    with tarfile.open(PACKED, "r:xz") as archive:
        member = next(name for name in archive.getnames() if name.endswith("reading_data.csv"))
        body = archive.extractfile(member).read()
    assert hashlib.sha256(body).hexdigest() == REAL["sha256"]
    (tmp_path / "full_eval" / "reading").mkdir(parents=True)
    (tmp_path / "full_eval" / "reading" / "reading_data.csv").write_bytes(body)
    for kind, backend, *expected in REAL["figures"]:
        of = Subject.open(folders(kind), backend=backend)
        result = run(Data(tmp_path), of, tmp_path / kind / backend).result
        assert [result.details[name]["value"] for name in FIGURES] == pytest.approx(expected, abs=1e-3)
        assert "of 1,726 items" in result.data.cut
        assert result.items == 1380


def test_the_figure_is_that_of_two_regressions():
    smf = pytest.importorskip("statsmodels.formula.api")
    pandas = pytest.importorskip("pandas")
    draw = np.random.default_rng(3)
    table = pandas.DataFrame(draw.normal(5, 2, (80, 5)), columns=list("abcxy"))
    table["y"] += 0.4 * table["x"] + table["a"] * table["b"]
    terms = "y ~ a + b + c + a:b + a:c + b:c"
    without, fitted = smf.ols(terms, table).fit(), smf.ols(f"{terms} + x", table).fit()
    base = partial.design([table[name].to_numpy() for name in "abc"])
    found = partial.partial(base, table["x"].to_numpy(), table["y"].to_numpy())
    assert found.share == pytest.approx(100 * (fitted.rsquared - without.rsquared) / (1 - without.rsquared))
    assert found.delta_r2 == pytest.approx(fitted.rsquared - without.rsquared)
    assert found.r2 == pytest.approx(fitted.rsquared)
    assert found.coefficient == pytest.approx(fitted.params["x"])
    assert found.t == pytest.approx(fitted.tvalues["x"])


def test_a_predictor_that_the_base_tells_explains_nothing():
    draw = np.random.default_rng(3)
    a, b, y = draw.normal(size=(3, 50))
    found = partial.partial(partial.design([a, b]), 3 * a - b + 1, y)
    assert (found.share, found.coefficient, found.t) == (0.0, None, None)


def test_resampling_every_cluster_once_is_the_figure_itself():
    draw = np.random.default_rng(4)
    a, b, x, y = draw.normal(size=(4, 60))
    base = partial.design([a, b])
    sums = partial.moments(base, x, y + x / 2, np.arange(60) // 5, 12)
    whole = partial.resampled(sums, np.ones((1, 12), np.int64))
    assert whole[0] == pytest.approx(partial.partial(base, x, y + x / 2).share)
    drawn = partial.resampled(sums, partial.draw_clusters(12, 0, 200))
    assert ((drawn >= 0) & (drawn <= 100)).all()
    assert (drawn == partial.resampled(sums, partial.draw_clusters(12, 0, 200))).all()


def test_the_honest_figure_reads_words_with_their_space(data, tmp_path):
    result = run(data, subject(WordScorer(surprised)), tmp_path, floors=floors(None)).result
    assert result.status == "scored"
    assert result.value == result.honest  # this subject has no tokens, and says so
    assert any("no tokens of its own" in warning for warning in result.warnings)
    assert result.stderr > 0
    assert set(result.floors) == {"frequency", "length"}
    assert result.groups["eye_tracking"].honest == result.details["eye_tracking"]["honest"]
    assert result.honest == pytest.approx(np.mean([result.details[name]["honest"] for name in FIGURES]))
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


def test_a_context_that_pandas_loses_is_found_in_the_sentence(data, tmp_path):
    outcome = run(data, subject(WordScorer(surprised)), tmp_path)
    predictions = outcome.result.details["predictions"]
    # Word 1 stands after "None of": officially the word before it, after "None", has no surprisal.
    assert predictions[0]["prev_pred"] is None
    assert predictions[1]["prev_pred"] == pytest.approx(-surprised("of"))
    assert outcome.rows[0]["scores"] == pytest.approx([surprised("of")], rel=1e-6)
    assert len(outcome.rows) == len(rows())


def test_a_limit_takes_words_of_each_sentence(data, tmp_path):
    outcome = run(data, subject(WordScorer(surprised)), tmp_path, limit=4)
    counts = {row["group"]: 0 for row in outcome.rows}
    for row in outcome.rows:
        counts[row["group"]] += 1
    assert max(counts.values()) == 4
    assert "limited to 4 a group" in outcome.result.data.cut
    with pytest.raises(DataError, match="leave --limit away"):
        run(data, subject(WordScorer(surprised)), tmp_path, limit=1)


def test_bad_files_are_named(tmp_path):
    table = rows()
    for missing in ("item", "Subtlex_log10"):
        found = put(tmp_path / missing, table, [name for name in table[0] if name != missing])
        with pytest.raises(DataError, match=f"no column '{missing}'"):
            run(found, subject(WordScorer(surprised)), tmp_path)
    broken = put(tmp_path / "number", [{**table[0], "RTgopast": "fast"}, *table[1:]])
    with pytest.raises(DataError, match="'RTgopast' is 'fast', not a number") as caught:
        run(broken, subject(WordScorer(surprised)), tmp_path)
    assert "row 0" in caught.value.where
    cut = tmp_path / "number" / "full_eval" / "reading" / "reading_data.csv"
    cut.write_text(",".join(COLUMNS) + "\na,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="another number of values"):
        run(broken, subject(WordScorer(surprised)), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no full_eval/reading"):
        run(Data(tmp_path / "empty"), subject(WordScorer(surprised)), tmp_path)


def test_pieces_come_one_after_the_other():
    tokenizer = tiny_models.byte_tokenizer("")
    queries = in_pieces(tokenizer, ("The baker", "window"), 3)
    assert queries[0] == Query("The bakerwindow", 9, apart=True, masks=3)
    texts = [query.text[query.start :] for query in queries[1:]]
    assert "".join(texts) in " window"
    assert all(query.text.startswith("The baker window"[: query.start]) for query in queries[1:])
    assert in_context(("The baker", "smiles")) == [Query("The baker smiles", 9)]


@pytest.mark.filterwarnings("ignore")
def test_queries_apart_are_not_mixed_with_others_nor_their_journals(folders, tmp_path):
    scorer = Subject.open(folders("gpt2")).scorer()
    apart, whole = Query("The baker smiles", 9, apart=True), Query("The baker smiles", 9)
    with pytest.raises(ValueError, match="all apart"):
        score(scorer, [apart, whole])
    journal = tmp_path / "journal"
    first = score(scorer, [replace(apart)], journal=journal).totals()
    second = score(scorer, [whole], journal=journal).totals()
    assert len(score(scorer, [apart]).spans) == 1
    assert first != pytest.approx(second)
