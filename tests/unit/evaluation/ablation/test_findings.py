"""From runs to findings and the report: verdicts, failed and stopped arms, and a page that a browser takes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from evaluation.ablation.arms import Arms
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.events import ArmStopped
from evaluation.ablation.findings import findings
from evaluation.ablation.report import write_report
from evaluation.ablation.runs import RunScores, areas
from evaluation.ablation.settings import AREA, Ablation, Arm
from evaluation.stats.multiple import benjamini_hochberg

BITS = "bits_per_byte.speech"


def ablation(**changes):
    values = {
        "name": "toy",
        "question": "Does <it> help?",
        "base": Arm(corpus="x"),
        "arms": {"worse": Arm(corpus="x", about="<b>shuffled</b>"), "same": Arm(corpus="x")},
        "heldout": {"speech": "s.txt"},
        "primary": BITS,
        "margin": 0.05,
        **changes,
    }
    return Ablation.model_validate(values)


def corpora():
    return {name: ArmCorpus(name, Path("x"), "d" * 64, 1000, 10, {}) for name in ("base", "worse", "same")}


def runs(arm, shift, seeds=5, **changes):
    rng = np.random.default_rng(list(arm.encode()))
    made = {}
    for seed in range(1, seeds + 1):
        bits = 2.0 + shift + 0.01 * float(rng.normal())
        curve = [{"words": 1000 * at, "flops": 1e9 * at, BITS: bits + 1 / at} for at in range(1, 6)]
        metrics = {BITS: bits, "grounded.accuracy": 50.0 + float(rng.normal()), **areas(curve)}
        made[arm, seed] = RunScores(
            arm,
            seed,
            metrics,
            curve,
            {"cpu_seconds": 10.0, "heldout_cpu_seconds": 3.0, "flops": 5e9, "words_seen": 5000.0},
            **{"task_seconds": {"grounded": 2.0}, "groups": {"grounded.p": bits}, **changes},
        )
    return made


def found(done, refused=(), of=None, **changes):
    given = {"stopped": {}, "decisions": [], "seconds": 1.0, **changes}
    there = {name: one for name, one in corpora().items() if name not in dict(refused)}
    draws = {(name, 1): one for name, one in there.items()}
    return findings(of or ablation(), Path("toy.yaml"), Arms(there, draws, {}, {}, dict(refused)), done, **given)


def test_a_harm_is_found_and_a_null_is_called_equivalent():
    result = found(runs("base", 0) | runs("worse", 0.2) | runs("same", 0))
    primary = result.metrics[0]
    assert primary.metric == BITS
    assert [verdict.finding for verdict in primary.verdicts] == ["worse", "equivalent"]
    assert "worse hurts" in result.sentence
    assert "same makes no difference that matters" in result.sentence
    assert result.arms["worse"].differs == ("the same corpus",)


def test_below_three_seeds_there_is_no_verdict():
    result = found(runs("base", 0, 2) | runs("worse", 0.2, 2) | runs("same", 0, 2), of=ablation(seeds=2))
    assert result.sentence.startswith("No verdict: 2 finished")
    assert {verdict.finding for verdict in result.metrics[0].verdicts} == {"none"}


def test_failed_and_stopped_arms_are_said_and_not_counted():
    failed = {("same", 1): RunScores("same", 1, failed="no <disk>")}
    stopped = {"worse": ArmStopped("worse", 0.4, "base", "clearly worse")}
    short = {key: RunScores(**{**vars(run), "reached": 0.4}) for key, run in runs("worse", 0.2).items()}
    result = found(runs("base", 0) | short | runs("same", 0) | failed, stopped=stopped)
    assert result.arms["same"].seeds == (2, 3, 4, 5)
    assert result.arms["same"].failed == {1: "no <disk>"}
    assert result.arms["worse"].stopped == "at 40% of the run: clearly worse"
    assert [comparison.arm for comparison in result.metrics[0].comparisons] == ["same"]
    assert "worse was stopped at 40%, clearly worse than base; 1 of 5 runs of same failed." in result.sentence
    assert (result.due, result.ended) == (10, 10)
    alone = result.metrics[0].comparisons[0].p
    assert result.metrics[0].verdicts[0].p == pytest.approx(min(1, 2 * alone)), "Holm counts the arm that was stopped"


def test_an_arm_without_a_corpus_takes_no_part_and_the_others_are_compared(tmp_path):
    result = found(runs("base", 0) | runs("same", 0), refused={"worse": "arms.worse: breaks <the> rules\n  hint"})
    assert result.sentence.endswith("; worse took no part: arms.worse: breaks <the> rules hint.")
    assert (result.due, result.ended) == (10, 10)
    assert result.arms["worse"].corpus == {}
    text = write_report(tmp_path, result)[0].read_text()
    assert "takes no part: arms.worse: breaks &lt;the&gt; rules" in text


def test_what_is_not_whole_is_called_interim():
    some = {key: run for key, run in (runs("base", 0) | runs("worse", 0.2) | runs("same", 0)).items() if key[1] < 4}
    result = found(some)
    assert result.sentence.startswith(f"Interim, 9 of 15 runs: On {BITS}: worse hurts")
    assert found({}).sentence == f"Interim, 0 of 15 runs: no arm can be compared with the base on {BITS}."


def test_a_primary_metric_that_no_run_has_is_said_with_the_reason():
    done = {
        key: RunScores(**{**vars(run), "notes": ("blimp: missing: no such folder",)})
        for key, run in (runs("base", 0) | runs("worse", 0.2) | runs("same", 0)).items()
    }
    result = found(done, of=ablation(tasks=("blimp",), primary="blimp.accuracy", margin=None))
    assert result.sentence == "no arm can be compared with the base on blimp.accuracy; blimp: missing: no such folder."


def test_an_arm_whose_runs_lack_the_primary_metric_is_not_passed_over():
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0)
    for key in (("worse", 1), ("worse", 2)):
        done[key] = RunScores(**{**vars(done[key]), "metrics": {}, "notes": ("blimp: failed: odd",)})
    assert "; 2 of 5 runs of worse have no bits_per_byte.speech (blimp: failed: odd)" in found(done).sentence


def test_draws_that_are_one_corpus_are_said_to_be_one(tmp_path):
    one = found(runs("base", 0) | runs("worse", 0.2) | runs("same", 0))
    assert one.arms["base"].corpus["draws"] == 1
    assert "a verdict is on this draw of documents" in write_report(tmp_path, one)[0].read_text()


def test_exploratory_metrics_are_one_family():
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0)
    others = found(done).metrics[1:]
    assert [of.metric for of in others] == [f"{AREA}.speech", "grounded.accuracy"]
    raw = [comparison.p for of in others for comparison in of.comparisons]
    corrected = [verdict.p for of in others for verdict in of.verdicts]
    assert corrected == pytest.approx(benjamini_hochberg(raw).tolist())
    assert len(corrected) == 4


def test_metrics_say_what_they_take():
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0)
    takes = {of.metric: of.cpu_seconds for of in found(done).metrics}
    assert takes == {BITS: 3.0, f"{AREA}.speech": 3.0, "grounded.accuracy": 2.0}


def test_the_report_escapes_what_it_shows_and_holds_all_numbers(tmp_path):
    result = found(runs("base", 0) | runs("worse", 0.2) | runs("same", 0))
    html, data = write_report(tmp_path, result)
    text = html.read_text()
    assert "Does &lt;it&gt; help?" in text
    assert "<b>shuffled" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    told = json.loads(data.read_text())
    assert told["metrics"][0]["verdicts"][0]["finding"] == "worse"
    assert len(told["runs"]) == 15


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_takes_it_at_phone_width(tmp_path, dark):
    html, _ = write_report(tmp_path, found(runs("base", 0) | runs("worse", 0.2) | runs("same", 0)))
    probe = (
        "<script>document.title='WIDE '+document.documentElement.scrollWidth+' '+"
        "document.querySelectorAll('svg').length</script>"
    )
    page = html.read_text().replace(
        "style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )
    html.write_text(page.replace("</body>", f"{probe}</body>"))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    command += ["--force-dark-mode"] if dark else []
    dom = subprocess.run([*command, f"file://{html}"], capture_output=True, text=True, check=True, timeout=120).stdout
    width, pictures = dom.partition("<title>WIDE ")[2].partition("</title>")[0].split()
    assert int(width) <= 500
    assert int(pictures) >= 3
