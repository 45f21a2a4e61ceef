"""Ablations of nothing: one corpus under two selection seeds, ten times. What is found is a false positive.

`python -m tests.benchmark.null_ablations --out DIR [--repetitions 10] [--ladder screen] [--one-draw]`
(an hour and a half on two cores)

Each repetition draws its own samples of child-directed speech, is asked about as `known-bad.yaml` is (the same held-out
texts, primary metric, margin and rung), and goes through `curate ablate`. With `--one-draw` all seeds of an arm have
one corpus: two such corpora do differ, by what was drawn. Stopped, the same command goes on.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = REPOSITORY / "corpora_manifests" / "ablations"
LIKE = "known-bad.yaml"
ARM = "other-selection"
CURATE = [sys.executable, "-P", "-c", "from curation.cli import main; main()"]


def write(folder: Path, repetition: int, ladder: str, *, redraw: bool) -> Path:
    """Write the ablation of one repetition and its base manifest; return the ablation's file."""
    asked = yaml.safe_load((FILES / LIKE).read_text(encoding="utf-8"))
    base = folder / f"childes-{repetition:02}.yaml"
    base.write_text(yaml.safe_dump({"extends": str(FILES / "childes-185k.yaml"), "seed": 1000 + repetition}))
    asked["question"] = "Is a corpus under another selection seed another corpus?"
    asked["base"] = {"manifest": base.name}
    asked["arms"] = {ARM: {"patch": {"seed": 2000 + repetition}}}
    asked["ladder"] = ladder
    asked["redraw"] = redraw
    asked["heldout"] = {
        name: path.replace("../../..", str(REPOSITORY.parent)) for name, path in asked["heldout"].items()
    }
    file = folder / f"null-{repetition:02}.yaml"
    file.write_text(yaml.safe_dump(asked, sort_keys=False))
    return file


@dataclass(frozen=True)
class Verdict:
    """What one ablation said of one metric."""

    metric: str
    primary: bool
    finding: str
    p: float
    difference: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return a line of the table."""
        return (
            f"{self.metric}: {self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}] p {self.p:.2g} {self.finding}"
        )


def verdicts_of(report: Path) -> list[Verdict]:
    """Return the verdict on each metric of a report, the primary one's first; p is corrected."""
    found = []
    for metric in json.loads(report.read_text(encoding="utf-8"))["metrics"]:
        verdict, shown = metric["verdicts"][0], metric["comparisons"][0]["difference"]
        interval = (shown["value"], shown["low"], shown["high"])
        found.append(Verdict(metric["metric"], metric["primary"], verdict["finding"], verdict["p"], *interval))
    return sorted(found, key=lambda one: not one.primary)


def main() -> None:
    """Run the repetitions, print a line each, and count what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--ladder", default="screen")
    parser.add_argument("--one-draw", action="store_true")
    options = parser.parse_args()
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    all_found: list[Verdict] = []
    for repetition in range(1, options.repetitions + 1):
        file = write(out, repetition, options.ladder, redraw=not options.one_draw)
        places = ["--out", str(out / file.stem), "--cache", str(out / "cache"), "--database", str(out / "runs.sqlite")]
        subprocess.run([*CURATE, "ablate", str(file), *places, "--quiet"], check=True)
        found = verdicts_of(out / file.stem / "ablation.json")
        print(f"{file.stem}  {found[0]}", flush=True)
        all_found += found
    for name in dict.fromkeys(one.metric for one in all_found):
        of_this = [one for one in all_found if one.metric == name]
        findings = Counter(one.finding for one in of_this)
        covering = sum(one.low <= 0 <= one.high for one in of_this)
        counts = ", ".join(f"{count} {finding}" for finding, count in findings.most_common())
        kind = "primary" if of_this[0].primary else "exploratory"
        print(f"{name} ({kind}): {counts}; {covering} of {len(of_this)} intervals hold 0")


if __name__ == "__main__":
    main()
